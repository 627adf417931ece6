import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Clock } from '../../local/clock.ts';
import { Logs } from '../../local/logs.ts';

function freshDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'logs-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

function openLogs(directory: string, clock = new Clock()): Logs {
  const logs = new Logs({ directory, clock });
  onTestFinished(() => {
    logs.close();
    clock.stop();
  });
  return logs;
}

test('lines are read back in order, with stream, request and the clock’s time', () => {
  const clock = new Clock(new Date('2031-05-06T07:08:09Z'));
  const logs = openLogs(freshDirectory(), clock);
  logs.declare('/aws/lambda/a');
  logs.write('/aws/lambda/a', 's1', 'two\nlines', { requestId: 'r1' });
  logs.write('/aws/lambda/a', 's2', 'second');
  const entries = logs.read('/aws/lambda/a');
  expect(entries).toEqual([
    { timestamp: expect.any(Number), stream: 's1', message: 'two\nlines', requestId: 'r1' },
    { timestamp: expect.any(Number), stream: 's2', message: 'second' },
  ]);
  expect(new Date(entries[0]?.timestamp ?? 0).toISOString()).toMatch(/^2031-05-06T07:08:/);
});

test('a line for a group that does not exist is dropped and counted, unless its writer may create the group', () => {
  const logs = openLogs(freshDirectory());
  logs.write('/none', 's', 'lost');
  logs.write('/none', 's', 'lost too');
  expect(logs.read('/none')).toEqual([]);
  expect(logs.groups()).toEqual([]);
  expect(logs.dropped()).toEqual([{ group: '/none', reason: 'the log group does not exist', count: 2 }]);

  logs.write('/none', 's', 'kept', { createOnWrite: true });
  logs.write('/none', 's', 'and now this');
  expect(logs.read('/none').map(({ message }) => message)).toEqual(['kept', 'and now this']);
});

test('close writes everything out, and a restart finds the groups and goes on after them', () => {
  const directory = freshDirectory();
  const first = openLogs(directory);
  first.declare('/a/b');
  first.declare('_a_b');
  first.write('/a/b', 's', 'before');
  first.close();
  first.write('/a/b', 's', 'after the end');
  expect(readdirSync(directory).sort()).toEqual(['+a+b.jsonl', '_a_b.jsonl']);
  expect(readFileSync(join(directory, '+a+b.jsonl'), 'utf8').trim().split('\n')).toHaveLength(1);

  const second = openLogs(directory);
  expect(second.groups()).toEqual(['/a/b', '_a_b']);
  second.write('/a/b', 's', 'since');
  expect(second.read('/a/b').map(({ message }) => message)).toEqual(['before', 'since']);
  expect(first.dropped()).toEqual([{ group: '/a/b', reason: 'the run is over', count: 1 }]);
});

test('half a line, left by a run that was killed, costs no other line', () => {
  const directory = freshDirectory();
  const first = openLogs(directory);
  first.declare('g');
  first.write('g', 's', 'whole');
  first.close();
  appendFileSync(join(directory, 'g.jsonl'), '{"timestamp":1,"stre');
  const second = openLogs(directory);
  second.write('g', 's', 'next');
  expect(second.read('g').map(({ message }) => message)).toEqual(['whole', 'next']);
});
