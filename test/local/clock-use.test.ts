import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** What tells the host's time or waits for it. `new Date(something)` only converts. */
const HOST_CLOCK =
  /\bDate\.now\b|\bnew Date\(\)|\bnew Date\b(?!\()|(?<!new )\bDate\(\)|\bperformance\.now\b|\bhrtime\b|\bprocess\.uptime\b|\bset(?:Timeout|Interval|Immediate)\b|\btimers\/promises\b|\bAbortSignal\.timeout\b|\bsetIssuedAt\(\)/g;

/** The only files of local/ that may, each with all that it uses and why nothing that AWS shows depends on it. */
const MAY: Readonly<Record<string, { readonly why: string; readonly uses: readonly string[] }>> = {
  'local/clock.ts': { why: 'it is the clock', uses: ['Date.now', 'setTimeout'] },
  'local/lambda/worker/clock.mjs': { why: 'the clock inside a worker', uses: ['Date.now'] },
  'local/lambda/worker/bootstrap.mjs': {
    why: "the worker's Date is the run's; one turn of the event loop is no time",
    uses: ['Date.now', 'setImmediate'],
  },
  'local/lambda/worker/output.mjs': { why: "the worker's Date is the run's", uses: ['new Date()'] },
  'local/lambda/stopwatch.ts': {
    why: "a finer measure, with the clock's offset added",
    uses: ['performance.now'],
  },
  'local/dynamodb/engine.ts': {
    why: 'waits for a process of the host',
    uses: ['AbortSignal.timeout', 'Date.now', 'setTimeout', 'timers/promises'],
  },
  'local/dynamodb/streams.ts': {
    why: "translates the engine's own clock, which cannot be turned",
    uses: ['Date.now'],
  },
  'local/sqs/receiving.ts': {
    why: 'a long poll holds a connection of the host; what becomes visible ends it by the clock',
    uses: ['performance.now', 'setTimeout'],
  },
  'local/front-door/server.ts': {
    why: 'measures how long a call took; delays that a test planted',
    uses: ['performance.now', 'setTimeout', 'timers/promises'],
  },
  'local/logs.ts': { why: 'writes to disk after what is under way', uses: ['setImmediate'] },
  'local/cloudtrail/running-trail.ts': {
    why: 'lets other events have a turn while it reads a long file',
    uses: ['setImmediate', 'timers/promises'],
  },
  'local/log-subscriptions/subscriptions.ts': {
    why: 'sends lines of one turn together',
    uses: ['setImmediate'],
  },
};

const sources = readdirSync(path.join(root, 'local'), { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(ts|mjs|js)$/.test(name))
  .map((name) => {
    const file = path.posix.join('local', name.split(path.sep).join('/'));
    return { file, code: withoutComments(readFileSync(path.join(root, file), 'utf8')) };
  });

test('nothing in local/ asks the time of anything but the clock, but for what is named with its reason', () => {
  expect(sources.length).toBeGreaterThan(150);
  const found = sources.map(({ file, code }) => [file, hostClockIn(code)] as const);
  const allowed = Object.entries(MAY).map(([file, { uses }]) => [file, uses]);
  expect(Object.fromEntries(found.filter(([, uses]) => uses.length > 0))).toEqual(
    Object.fromEntries(allowed),
  );
});

test('tokens are checked, and answers dated, by the clock and not by a library or by Node.js', () => {
  const unclocked = (call: RegExp, clocked: RegExp) =>
    sources.filter(({ code }) => call.test(code) && !clocked.test(code)).map(({ file }) => file);
  expect(sources.some(({ code }) => /jwtVerify\(/.test(code))).toBe(true);
  expect(unclocked(/\bjwtVerify\(/, /\bcurrentDate:/)).toEqual([]);
  expect(unclocked(/\.setExpirationTime\(/, /\.setExpirationTime\((?!')/)).toEqual([]);
  expect(sources.some(({ code }) => /\.writeHead\(/.test(code))).toBe(true);
  expect(unclocked(/\.writeHead\(/, /\bdate\b.*clock\.now\(\)|\bdate: new Date\(now\)/)).toEqual([]);
});

test('the look at the sources would see the host’s time in its disguises', () => {
  for (const code of [
    'Date.now()',
    'const at = new Date();',
    'String(Date())',
    'process.hrtime.bigint()',
    'setInterval(beat, 1000)',
    "import { setTimeout } from 'node:timers/promises';",
    'AbortSignal.timeout(100)',
    'new SignJWT({}).setIssuedAt()',
  ])
    expect([code, hostClockIn(code).length > 0]).toEqual([code, true]);
  expect(hostClockIn('new Date(clock.now()).toISOString()')).toEqual([]);
});

function hostClockIn(code: string): string[] {
  return [...new Set(code.match(HOST_CLOCK) ?? [])].sort();
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|[\s;])\/\/.*$/gm, '$1');
}
