import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type InboxPlace, listConversations } from '../../../functions/domain/list-conversations.ts';
import { inbox } from '../../../functions/push/frames.ts';
import { Inbox } from '../../../protocol/requests.ts';
import { callerNamed } from './in-memory.ts';
import { idOf, type Line, ManyConversations, NOW, reader, writer } from './many-conversations.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const texts = (count: number, by = writer, at = NOW): Line[] =>
  Array.from({ length: count }, (_, nth) => ({ by, text: `text ${nth}`, at }));
const neverFails = (id: string, error: unknown) => {
  throw new Error(`${id} failed`, { cause: error });
};
const ask = (many: ManyConversations, { after, limit = 50 }: { after?: InboxPlace; limit?: number } = {}) =>
  listConversations({ ...many.rooms, failed: neverFails }, Promise.resolve(callerNamed(reader)), {
    after,
    limit,
  });

test('pages that follow next give each conversation once, newest first', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(5), { maxLength: 40 }),
      fc.integer({ min: 1, max: 9 }),
      async (ages, limit) => {
        const many = new ManyConversations();
        for (const [nth, age] of ages.entries()) many.add(idOf(nth), texts(1, writer, NOW - age * 1000)); // many at one moment
        const seen: { id: string; lastAt: number }[] = [];
        let after: InboxPlace | undefined;
        do {
          const { value } = await ask(many, { ...(after && { after }), limit });
          expect(value.entries.length).toBeLessThanOrEqual(limit);
          seen.push(...value.entries.map(({ head, lastAt }) => ({ id: head.conversationId, lastAt })));
          after = value.next;
        } while (after);
        expect(new Set(seen.map(({ id }) => id))).toEqual(new Set(many.listed.keys()));
        expect(seen).toHaveLength(ages.length);
        expect(seen.map(({ lastAt }) => lastAt)).toEqual(
          seen.map(({ lastAt }) => lastAt).toSorted((a, b) => b - a),
        );
      },
    ),
    { numRuns: 100 },
  );
});

/** The one conversation of `many` as the protocol says it. */
async function only(many: ManyConversations) {
  const { value } = await ask(many);
  expect(value.entries).toHaveLength(1);
  return Inbox.parse(inbox(value, reader)).conversations[0];
}

test('unread counts others’ messages above the mark that may still be seen, and nothing else', async () => {
  const many = new ManyConversations();
  const id = idOf(1);
  many.add(id, [...texts(3), ...texts(2, reader), { added: idOf(77) }, ...texts(4)], {
    readUpTo: 1,
    title: 'Ward 5',
  });
  expect(await only(many)).toMatchObject({
    title: 'Ward 5',
    last: 10,
    readUpTo: 1,
    unread: 6,
    latest: { seq: 10, body: { text: 'text 3' } },
  });
  await many.lists.mark(reader, id, 10);
  expect(await only(many)).toMatchObject({ unread: 0, latest: { seq: 10 } }); // the newest shows although it was read

  const old = NOW - 30 * DAY_MS;
  many.add(id, [...texts(3, writer, old), ...texts(2)]);
  expect(await only(many)).toMatchObject({ unread: 2, latest: { seq: 5 } });
  many.now = NOW + 30 * DAY_MS;
  expect(await only(many)).toEqual(expect.not.objectContaining({ latest: expect.anything() }));
  expect(await only(many)).toMatchObject({ unread: 0, last: 5 });
});

test('unread is exact although the head lags, and stops at a hundred', async () => {
  const many = new ManyConversations();
  const head = many.add(idOf(1), texts(80), { readUpTo: 20 });
  many.shown.set(idOf(1), { ...head, last: 7 });
  expect(await only(many)).toMatchObject({ unread: 60, last: 80 });
  many.add(idOf(1), texts(250), { readUpTo: 20 });
  expect(await only(many)).toMatchObject({ unread: 100, latest: { seq: 250 } });
});

test('who was added again counts from there, who was removed sees nothing, and each log is read once', async () => {
  const many = new ManyConversations();
  many.add(idOf(1), [...texts(5), { removed: reader }, ...texts(2), { added: reader }, ...texts(1)]);
  expect(await only(many)).toMatchObject({ unread: 1, latest: { seq: 10 } });

  many.add(idOf(2), [...texts(5), { removed: reader }, ...texts(2)]); // its list shows it a moment longer
  many.add(idOf(3), []); // nothing was said: who is in it is told all the same
  many.calls.length = 0;
  const { decision, value } = await ask(many);
  const told = value.entries.map(({ head }) => head.conversationId);
  expect(told.toSorted()).toEqual([idOf(1), idOf(3)].toSorted());
  expect(decision).toMatchObject({ object: reader, outcome: 'allowed', opened: told });
  expect(many.calls.filter((call) => call.startsWith('backward')).sort()).toEqual(
    [1, 2, 3].map((nth) => `backward ${idOf(nth)}`).sort(),
  );
});

test('a title or message that does not open is left out and reported: the rest of the inbox stands', async () => {
  const many = new ManyConversations();
  const [whole, shut, untitled] = [idOf(1), idOf(2), idOf(3)];
  for (const id of [whole, shut, untitled]) many.add(id, texts(2), { title: 'Ward 3' });
  const sealedShut = many.logs.get(shut)?.entries.at(-1);
  const doesNotOpen = () => Promise.reject(new Error('the seal does not open'));
  const { openBody, openTitle } = many.vault;
  const vault: typeof many.vault = {
    ...many.vault,
    openBody: (entry) => (entry === sealedShut ? doesNotOpen() : openBody(entry)),
    openTitle: (id, title) => (id === untitled ? doesNotOpen() : openTitle(id, title)),
  };
  const failed: string[] = [];
  const { value } = await listConversations(
    { ...many.rooms, vault, failed: (id) => failed.push(id) },
    Promise.resolve(callerNamed(reader)),
    { limit: 50 },
  );
  const told = new Map(inbox(value, reader).conversations.map((entry) => [entry.conversationId, entry]));
  expect(told.get(whole)).toMatchObject({ title: 'Ward 3', unread: 2, latest: { seq: 2 } });
  expect(told.get(shut)).toMatchObject({ title: 'Ward 3', unread: 2 });
  expect(told.get(untitled)).toMatchObject({ unread: 2, latest: { seq: 2 } });
  expect([told.get(shut)?.latest, told.get(untitled)?.title]).toEqual([undefined, undefined]);
  expect(failed.sort()).toEqual([shut, untitled].sort());
});
