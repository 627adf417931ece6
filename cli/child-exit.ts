import type { ChildProcess } from 'node:child_process';

/** What a child writes last may come after its end; what its own children still hold open may never close. */
const LAST_WORDS_MS = 2_000;

/** The exit code of a child once it has ended and its output with it, or two seconds after its end. */
export function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
    child.once('exit', (code) => setTimeout(() => resolve(code), LAST_WORDS_MS));
  });
}
