import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.ts';

/** Who holds a directory: a process, told from a later one of the same id by when it began. */
interface Holder {
  readonly pid: number;
  readonly begun: string;
}

/**
 * Holds a directory for this process alone until the returned function is called. What a process left behind that no
 * longer runs is taken over.
 *
 * @throws Failure where a running process holds it
 */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const lock = join(directory, 'lock');
  const own = JSON.stringify({ pid: process.pid, begun: begunAt(process.pid) } satisfies Holder);
  while (!placed(lock, own)) {
    const standing = read(lock);
    const holder = standing === undefined ? undefined : holderOf(standing);
    if (holder && isRunning(holder)) {
      throw new Failure(
        'environment',
        `the local run of ${directory} is already running as process ${holder.pid}: use that one, or stop it with kill ${holder.pid}`,
      );
    }
    if (standing !== undefined) takeAway(lock, standing);
  }
  return () => {
    if (read(lock) === own) rmSync(lock, { force: true });
  };
}

/** Puts the lock there whole, or not at all where one stands: nobody ever reads half of it. */
function placed(lock: string, content: string): boolean {
  const draft = `${lock}.${randomUUID()}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    linkSync(draft, lock);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes a lock of which `seen` is left; one that somebody placed meanwhile is put back. */
function takeAway(lock: string, seen: string): void {
  const aside = `${lock}.${randomUUID()}`;
  try {
    renameSync(lock, aside);
    if (readFileSync(aside, 'utf8') !== seen) linkSync(aside, lock);
    rmSync(aside, { force: true });
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  }
}

function read(lock: string): string | undefined {
  try {
    return readFileSync(lock, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function holderOf(content: string): Holder | undefined {
  try {
    const { pid, begun } = JSON.parse(content) as Partial<Holder>;
    return Number.isInteger(pid) && typeof begun === 'string' ? { pid: Number(pid), begun } : undefined;
  } catch {
    return undefined;
  }
}

/** A process id alone proves nothing: containers give the same ones at every start. */
function isRunning({ pid, begun }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false;
  }
  return begunAt(pid) === begun;
}

/** When a process began, in whatever form this system tells it; empty where it does not. */
function begunAt(pid: number): string {
  try {
    // proc(5): field 22, counted after the name in brackets, which may hold anything
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[19] ?? '';
  } catch {
    try {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
        encoding: 'utf8',
        stdio: 'pipe',
      }).trim();
    } catch {
      return '';
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
