import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { exitOf } from './child-exit.ts';
import { Failure } from './failure.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Synthesizes the deployment of `WARDLINE_DEPLOYMENT` into `directory`: the templates and bundles that `cdk deploy` would
 * put on AWS. What is written on the way goes to `say`, line by line.
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
  let written = '';
  const hear = (part: Buffer) => {
    written = (written + part.toString()).slice(-20_000);
    for (const line of part.toString().split('\n')) if (line.trim()) say(line);
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const code = await exitOf(child);
  if (code === 0) return;
  const reason =
    /^(?:\w*Error: )(.+(?:\n {2}.+: .+)*)/m.exec(written)?.[1] ?? written.trim().split('\n').at(-1) ?? '';
  throw new Failure('environment', `the app cannot be synthesized: ${reason} (npm run synth shows the rest)`);
}
