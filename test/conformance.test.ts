import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { exitOf } from '../cli/child-exit.ts';
import { RunDirectory } from '../cli/run-directory.ts';
import { changedAssembly, without } from './fixtures/assembly.ts';
import { startRun } from './fixtures/running.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('conformance holds the deployment it was given to the journeys: what is broken there fails, the rest passes', {
  timeout: 180_000,
}, async () => {
  const directory = new RunDirectory(mkdtempSync(join(tmpdir(), 'conformance-')));
  onTestFinished(() => rmSync(directory.path, { recursive: true, force: true }));
  const taking = without('ReadMessages', 'ReadConversations');
  const run = await startRun({ assembly: await changedAssembly(taking.change) });
  onTestFinished(() => run.close());
  taking.expectTaken();
  directory.keepAccess(run.outputs, run.stack.administrator);
  const report = join(directory.path, 'report.json');

  expect(await conformance('--outputs', directory.file('outputs'), '--report', report, 'conversation')).toBe(
    1,
  );
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const results = testResults.flatMap(
    ({ assertionResults }: { assertionResults: object[] }) => assertionResults,
  );
  const titled = (status: string) =>
    results
      .filter((result: { status: string }) => result.status === status)
      .map(({ title }: { title: string }) => title);
  expect(titled('failed')).toContain('reads in pages from either end');
  expect(titled('passed')).toContain('carries what one says to the other, stored once and in order');
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
