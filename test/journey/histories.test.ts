import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { theatreOf } from '../fixtures/history-theatre.ts';
import { report } from '../fixtures/results.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { historiesOnAStack } from '../functions/domain/histories/history.ts';
import { violations } from '../functions/domain/histories/model.ts';
import { replay } from '../functions/domain/histories/replay.ts';
import { tallyOf } from '../functions/domain/histories/tally.ts';
import type { Replayed, Theatre } from '../functions/domain/histories/theatre.ts';

const SEED = 20_261_122;
const HISTORIES = 45;

let run: Run;
let theatre: Theatre;
const closers: (() => void)[] = [];

beforeAll(async () => {
  run = await startRun();
  theatre = await theatreOf(run, (end) => closers.push(end));
});
afterAll(async () => {
  for (const close of closers) close();
  await run.close();
});

test('the running stack lives through the same histories, and none is one that may not be', {
  timeout: 600_000, // on a quiet machine less than half a minute
}, async () => {
  const began = performance.now();
  const came: Replayed[] = [];
  for (const history of fc.sample(historiesOnAStack, { numRuns: HISTORIES, seed: SEED })) {
    const replayed = await replay(theatre, history);
    const { strikes } = replayed;
    const told = JSON.stringify({ history, strikes, failures: theatre.failures.slice(-3) });
    expect(violations(replayed.seen), told).toEqual([]);
    came.push(replayed);
  }
  const tally = tallyOf(came);
  const seconds = Math.round((performance.now() - began) / 1000);
  report('histories-on-the-stack', { ...tally, violations: { found: 0, of: tally.calls.all }, seconds });
  const { calls, acknowledged, mishaps } = tally;
  expect(acknowledged.all).toBeGreaterThan(calls.all / 2);
  expect(mishaps.crashes).toBeGreaterThan(0); // else nothing was shown
  expect(mishaps.halfSeen).toBeGreaterThan(0);
});
