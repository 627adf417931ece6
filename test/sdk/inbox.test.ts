import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LogEntry } from '../../protocol/frames.ts';
import { follows, Inbox, type Page, type Shown } from '../../sdk/inbox.ts';

const entry = (seq: number): LogEntry => ({
  seq,
  messageId: 'm'.repeat(26),
  sender: 'p'.repeat(26),
  at: '2026-11-22T12:00:00.000Z',
  body: { kind: 'text', text: `${seq}` },
});
const upTo = (count: number) => Array.from({ length: count }, (_, place) => place + 1);

/** The answer to "what stands after `since`" of a log that holds `floor + 1` to `last`. */
function pageOf(since: number, limit: number, last: number, floor = 0): Page {
  const from = Math.max(since, floor);
  const entries = upTo(last)
    .slice(from, from + limit)
    .map(entry);
  const end = entries.at(-1)?.seq ?? Math.max(last, since);
  return { entries, floor: floor > since ? floor : 0, upTo: end, more: end < last };
}

const seqs = (shown: readonly Shown[]) => shown.flatMap((one) => ('entry' in one ? [one.entry.seq] : []));
const gaps = (shown: readonly Shown[]) => shown.flatMap((one) => ('gap' in one ? [one.gap] : []));

type Step = { readonly push: number } | { readonly since: number; readonly limit: number };

/** Pushes, repeats and pages of a log of 60, in any order; a page may be a late answer to any question. */
const steps = fc.array(
  fc.oneof(
    fc.record({ push: fc.integer({ min: 1, max: 60 }) }),
    fc.record({ since: fc.integer({ min: 0, max: 60 }), limit: fc.integer({ min: 1, max: 20 }) }),
  ),
  { maxLength: 80 },
);

function play(inbox: Inbox, all: readonly Step[], floor = 0): Shown[] {
  return all.flatMap((step) =>
    'push' in step
      ? inbox.push(entry(step.push))
      : inbox.page(step.since, pageOf(step.since, step.limit, 60, floor)),
  );
}

describe('an inbox', () => {
  test('shows each entry once, ascending and without holes, whatever comes in whatever order', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const inbox = new Inbox();
        const shown = play(inbox, all);
        expect(seqs(shown)).toEqual(upTo(inbox.knownEnd));
        expect(gaps(shown)).toEqual([]);

        const rest: Shown[] = [];
        for (let more = true; more; ) {
          const page = pageOf(inbox.knownEnd, 20, 60);
          rest.push(...inbox.page(inbox.knownEnd, page));
          more = page.more;
        }
        expect(seqs([...shown, ...rest])).toEqual(upTo(60));
        expect(inbox.misses).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('notices that something is missing exactly when something above the known end was heard of', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const inbox = new Inbox();
        play(inbox, all);
        const heard = all.flatMap((step) =>
          'push' in step ? step.push : (pageOf(step.since, step.limit, 60).entries.at(-1)?.seq ?? 0),
        );
        expect(inbox.misses).toBe(Math.max(0, ...heard) > inbox.knownEnd);
      }),
    );
  });

  test('tells of what retention took, once, and of no other gap', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 60 }), (all, floor) => {
        const inbox = new Inbox();
        const shown = [
          ...play(inbox, all, floor),
          ...inbox.page(inbox.knownEnd, pageOf(inbox.knownEnd, 60, 60, floor)),
        ];
        const told = shown.flatMap((one) =>
          'entry' in one ? [one.entry.seq] : upTo(one.gap.to).slice(one.gap.from - 1),
        );
        expect(told).toEqual(upTo(60));
        for (const { to } of gaps(shown)) expect(to).toBeLessThanOrEqual(floor);
      }),
    );
  });

  test('begins where the app says, and holds only so much above a hole', () => {
    const inbox = new Inbox(40);
    expect(seqs(inbox.push(entry(40)))).toEqual([]);
    for (let seq = 1_041; seq > 41; seq -= 1) expect(inbox.push(entry(seq))).toEqual([]);
    expect(seqs(inbox.push(entry(41))).length).toBeLessThan(10);
    expect(inbox.misses).toBe(true);
  });
});

test('a page answers the question it was asked with, not one that another page answers', () => {
  fc.assert(
    fc.property(
      fc.nat(60),
      fc.nat(60),
      fc.integer({ min: 1, max: 20 }),
      fc.nat(60),
      (asked, other, limit, floor) => {
        expect(follows(asked, pageOf(asked, limit, 60, floor))).toBe(true);
        const late = pageOf(other, limit, 60, floor);
        if (follows(asked, late))
          expect(seqs(new Inbox(asked).page(asked, late))).toEqual(
            seqs(new Inbox(asked).page(asked, pageOf(asked, limit, 60, floor))),
          );
      },
    ),
  );
  expect(follows(200, { entries: [], floor: 999, upTo: 400, more: true })).toBe(true); // who joined at 1,000
});
