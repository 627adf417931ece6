import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { exitOf } from '../cli/child-exit.ts';
import { RunDirectory } from '../cli/run-directory.ts';
import { assemblyWith } from './fixtures/planted-bugs.ts';
import { startRun } from './fixtures/running.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('conformance holds the deployment it was given to the journeys: what is broken there fails, the rest passes', {
  timeout: 300_000,
}, async () => {
  const directory = new RunDirectory(mkdtempSync(join(tmpdir(), 'conformance-')));
  onTestFinished(() => rmSync(directory.path, { recursive: true, force: true }));
  const forgetful = {
    at: /function isRepeat\((\w+),(\w+),(\w+)\)\{/,
    instead: '$&if(reveal($2.body.text).startsWith("round"))return!1;', // so the races begin their texts
  };
  const run = await startRun({ assembly: await assemblyWith([forgetful], onTestFinished) });
  onTestFinished(() => run.close());
  directory.keepAccess(run.outputs, run.stack.administrator);
  const report = join(directory.path, 'report.json');

  expect(await conformance('--outputs', directory.file('outputs'), '--report', report, 'p3-one-ref')).toBe(1);
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const results = testResults.flatMap(
    ({ assertionResults }: { assertionResults: object[] }) => assertionResults,
  );
  const titled = (status: string) =>
    results
      .filter((result: { status: string }) => result.status === status)
      .map(({ title }: { title: string }) => title);
  expect(titled('failed')).toEqual([expect.stringContaining('ten races of ten')]);
  expect(titled('passed')).toEqual([expect.stringContaining('another body is refused')]);
});

test('conformance without outputs says what it needs', async () => {
  expect(await conformance()).toBe(2);
  expect(await conformance('--outputs', 'no-such-file.json')).toBe(2);
});

async function conformance(...given: string[]): Promise<number | null> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'test/conformance.ts', ...given], {
    cwd: root,
    stdio: 'ignore',
    env: { ...process.env, VITEST: undefined, VITEST_POOL_ID: undefined, VITEST_WORKER_ID: undefined },
  });
  onTestFinished(() => void child.kill());
  return exitOf(child);
}
