import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { lockDirectory } from '../../cli/directory-lock.ts';
import { Failure } from '../../cli/failure.ts';

const module = new URL('../../cli/directory-lock.ts', import.meta.url).href;

describe('the lock of a directory', () => {
  test('refuses a second run with its process and what to do, and is free again afterwards', () => {
    const directory = emptyDirectory();
    const release = lockDirectory(directory);
    const second = failureOf(() => lockDirectory(directory));
    expect(second.exitCode).toBe(3);
    expect(second.message).toContain(`already running as process ${process.pid}`);
    expect(second.message).toContain(`kill ${process.pid}`);
    release();
    lockDirectory(directory)();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('of a process that was killed is taken over', async () => {
    const directory = emptyDirectory();
    const holder = await hold(directory);
    expect(failureOf(() => lockDirectory(directory)).message).toContain(`process ${holder.pid}`);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    lockDirectory(directory)();
  });

  test('of an earlier process with the id of one that runs now is taken over, as after a restart of a container', () => {
    const directory = emptyDirectory();
    writeFileSync(join(directory, 'lock'), JSON.stringify({ pid: process.pid, begun: '1' }));
    lockDirectory(directory)();
  });

  test('that holds rubbish is taken over', () => {
    const directory = emptyDirectory();
    writeFileSync(join(directory, 'lock'), '{"pid":');
    lockDirectory(directory)();
  });

  test('left behind is taken over by exactly one of many that come at once', async () => {
    const directory = emptyDirectory();
    writeFileSync(join(directory, 'lock'), JSON.stringify({ pid: process.pid, begun: '1' }));
    const ends = await Promise.allSettled(Array.from({ length: 6 }, () => hold(directory)));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(JSON.parse(readFileSync(join(directory, 'lock'), 'utf8'))).toHaveProperty('pid');
  });
});

/** Another process that holds the directory until it is killed; rejects where it could not. */
async function hold(directory: string) {
  const program = `
    const { lockDirectory } = await import(${JSON.stringify(module)});
    lockDirectory(${JSON.stringify(directory)});
    console.log('held');
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const said = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  if (String(said[0]).trim() !== 'held') throw new Error('another process holds it');
  return child;
}

function emptyDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'wardline-lock-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function failureOf(act: () => unknown): Failure {
  try {
    act();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
