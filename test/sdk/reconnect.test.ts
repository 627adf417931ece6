import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renewAfter, replaceAfter, waitBefore } from '../../sdk/reconnect.ts';
import { newRef } from '../../sdk/ref.ts';

const MINUTE = 60_000;
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the wait before another try', () => {
  test('is spread from nothing to a bound that doubles from half a second to half a minute', () => {
    const bounds = [0, 1, 2, 3, 4, 5, 6, 7, 400].map((attempt) => waitBefore(attempt, () => 1));
    expect(bounds).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    fc.assert(
      fc.property(chance, fc.nat(100), (share, attempt) => {
        expect(waitBefore(attempt, () => share)).toBeCloseTo(share * waitBefore(attempt, () => 1));
      }),
    );
  });
});

test('a socket is replaced between 90 and 115 minutes', () => {
  fc.assert(
    fc.property(chance, (share) => {
      expect(replaceAfter(() => share)).toBeGreaterThanOrEqual(90 * MINUTE);
      expect(replaceAfter(() => share)).toBeLessThanOrEqual(115 * MINUTE);
    }),
  );
});

test('a token is renewed one to two minutes before its end, and never in a hurry', () => {
  fc.assert(
    fc.property(chance, fc.integer({ min: -60 * MINUTE, max: 60 * MINUTE }), (share, remaining) => {
      const after = renewAfter(remaining, () => share);
      expect(after).toBeGreaterThanOrEqual(15_000);
      if (remaining > 3 * MINUTE) {
        expect(remaining - after).toBeGreaterThanOrEqual(MINUTE);
        expect(remaining - after).toBeLessThanOrEqual(2 * MINUTE);
      }
    }),
  );
});

test('a ref is a UUID of version 7 that sorts by its time', () => {
  const time = fc.integer({ min: 0, max: 2 ** 47 });
  const bytes = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(time, bytes, time, bytes, (now, random, later, other) => {
      const ref = newRef(now, random);
      expect(ref).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number.parseInt(ref.replace('-', '').slice(0, 12), 16)).toBe(now);
      if (now !== later) expect(ref < newRef(later, other)).toBe(now < later);
    }),
  );
  const ones = newRef(0, new Uint8Array(16).fill(0xff));
  expect(ones).toBe('00000000-0000-7fff-bfff-ffffffffffff');
});
