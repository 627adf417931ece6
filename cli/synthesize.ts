import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { progress } from './audit/progress.ts';
import { exitOf } from './child-exit.ts';
import { Failure } from './failure.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Synthesizes the deployment of `WARDLINE_DEPLOYMENT` into `directory`: the templates and bundles that `cdk deploy` would
 * put on AWS. What is written on the way goes to `say`, line by line; a terminal sees the bundling on one line.
 */
export async function synthesize(
  directory: string,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  const child = spawn(process.execPath, ['--import', 'tsx', 'bin/wardline.ts'], {
    cwd: root,
    env: { ...process.env, CDK_OUTDIR: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  });
  const bundling = progress();
  const tell = process.stderr.isTTY ? bundling.tell : say;
  const written: string[] = [];
  let bundled = 0;
  const hear = (line: string) => {
    const name = /^Bundling asset [^/]+\/(.+?)(?:\/Function)?\/Code\/Stage/.exec(line)?.[1];
    if (name !== undefined) {
      bundled += 1;
      tell(`bundling function ${bundled}: ${name}`);
    } else if (line.trim()) {
      written.push(line);
      say(line);
    }
  };
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', hear);
  const code = await exitOf(child);
  bundling.done();
  if (code === 0) return;
  const reason =
    /^(?:\w*Error: )(.+(?:\n {2}.+: .+)*)/m.exec(written.join('\n'))?.[1] ?? written.at(-1)?.trim() ?? '';
  throw new Failure('environment', `the app cannot be synthesized: ${reason} (npm run synth shows the rest)`);
}
