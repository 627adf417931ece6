import fc from 'fast-check';
import { expect, test } from 'vitest';
import { report } from '../../../fixtures/results.ts';
import { type History, histories } from './history.ts';
import { violations } from './model.ts';
import { perform } from './perform.ts';

/** How many; `WARDLINE_HISTORIES` asks for more. A machine that is busy with other things stops after ten milliseconds for each. */
const RUNS = Number(process.env.WARDLINE_HISTORIES ?? 1_500);

test('every history that can happen to a conversation is one that it may have', {
  timeout: 60_000 + RUNS * 20,
}, async () => {
  const came = { histories: 0, calls: 0, entries: 0, acknowledged: 0, crashed: 0, told: 0 };
  const began = performance.now();
  await fc.assert(
    fc.asyncProperty(histories, async (history: History) => {
      const seen = await perform(history);
      expect(violations(seen)).toEqual([]);
      came.histories += 1;
      came.calls += seen.calls.length;
      came.entries += seen.stored.length;
      came.acknowledged += seen.calls.filter(({ answer }) => answer && 'accepted' in answer).length;
      came.crashed += seen.calls.filter(({ answer }) => !answer).length;
      came.told += seen.told.length;
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: RUNS * 10 },
  );
  expect(came.histories).toBeGreaterThan(RUNS / 10);
  report('histories', { ...came, seconds: Math.round((performance.now() - began) / 100) / 10 });
});
