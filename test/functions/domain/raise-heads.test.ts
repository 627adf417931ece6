import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOf, type MessageEntry } from '../../../functions/domain/entry.ts';
import { type Mark, raiseHeads } from '../../../functions/domain/raise-heads.ts';
import { aRef, person } from './in-memory.ts';

const entry = (conversation: string, seq: number): MessageEntry => ({
  conversationId: person(conversation),
  seq,
  messageId: person('message'),
  sender: person('ana'),
  ref: aRef(),
  at: 1_000 + seq,
  prev: new Uint8Array(32),
  membersVersion: 0,
  sealed: { epoch: '2026-11', bytes: new Uint8Array(100) },
});

test('heads end at their newest entry in any order and repetition of batches, with one write for each in a batch', async () => {
  const told = fc.record({
    conversation: fc.constantFrom('one', 'two', 'three'),
    seq: fc.integer({ min: 1, max: 30 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(told, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 8 }),
      async (batches) => {
        const marks = new Map<string, Mark>();
        for (const batch of batches) {
          let writes = 0;
          const raise = async (mark: Mark) => {
            writes += 1;
            if ((marks.get(mark.conversationId)?.last ?? 0) < mark.last) marks.set(mark.conversationId, mark);
          };
          const entries = batch.map(({ conversation, seq }) => entry(conversation, seq));
          await raiseHeads({ raise }, entries);
          expect(writes).toBe(new Set(batch.map(({ conversation }) => conversation)).size);
        }
        const newest = (name: string) =>
          Math.max(
            0,
            ...batches
              .flat()
              .filter(({ conversation }) => conversation === name)
              .map(({ seq }) => seq),
          );
        for (const name of ['one', 'two', 'three']) {
          expect(marks.get(person(name))?.last ?? 0).toBe(newest(name));
          const mark = marks.get(person(name));
          if (mark) expect(mark.lastAt).toBe(1_000 + mark.last);
        }
      },
    ),
  );
});

test('a mark carries the hash that the next entry will carry as its predecessor', async () => {
  const marks: Mark[] = [];
  const last = entry('one', 3);
  await raiseHeads({ raise: async (mark) => void marks.push(mark) }, [entry('one', 2), last]);
  expect(marks).toEqual([{ conversationId: person('one'), last: 3, lastHash: hashOf(last), lastAt: 1_003 }]);
});
