import fc from 'fast-check';
import { expect, test } from 'vitest';
import type * as z from 'zod';
import type { Head } from '../../../functions/domain/conversation.ts';
import type { MessageEntry } from '../../../functions/domain/entry.ts';
import { Fault } from '../../../functions/domain/fault.ts';
import type { IdRange } from '../../../functions/domain/lists.ts';
import { readLog } from '../../../functions/domain/read-log.ts';
import { sync } from '../../../functions/domain/sync.ts';
import { bytesOf, synced } from '../../../functions/push/frames.ts';
import { MAX_PAGE_BYTES, Synced } from '../../../protocol/frames.ts';
import { callerNamed } from './in-memory.ts';
import { idOf, type Line, ManyConversations, NOW, reader, writer } from './many-conversations.ts';

/** One conversation as the reader left it and as it is now. */
interface Story {
  readonly texts: number;
  readonly bytes: number;
  /** How many of the texts the reader knows; without it the conversation is new to them. */
  readonly cursor?: number | undefined;
  readonly fate: 'stayed' | 'removed' | 'added again' | 'removed, still listed' | 'never theirs';
  /** How far the head lags behind the log; a head that does not show at all is `missing`. */
  readonly lag: number | 'missing';
}

const stories = fc.array(
  fc.record<Story>({
    texts: fc.nat(70),
    bytes: fc.constantFrom(1, 40, 300, 8_192),
    cursor: fc.option(fc.nat(70), { nil: undefined }),
    fate: fc.constantFrom(
      'stayed',
      'stayed',
      'stayed',
      'removed',
      'added again',
      'removed, still listed',
      'never theirs',
    ),
    lag: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(5), fc.constant('missing' as const)),
  }),
  { maxLength: 60 },
);

/** The conversations of the stories, and what the reader knows of each. */
function told(all: readonly Story[]) {
  const many = new ManyConversations();
  const cursors = new Map<string, number>();
  for (const [nth, { texts, bytes, cursor, fate, lag }] of all.entries()) {
    const id = idOf(nth);
    if (cursor !== undefined) cursors.set(id, Math.min(cursor, texts));
    if (fate === 'never theirs') continue;
    // quotes take two bytes of JSON each: the most that a text can swell
    const lines: Line[] = Array.from({ length: texts }, () => ({ by: writer, text: '"'.repeat(bytes) }));
    if (fate !== 'stayed') lines.push({ removed: reader });
    if (fate === 'added again') lines.push({ added: reader }, { by: writer, text: 'welcome back' });
    const head = many.add(id, lines, { isListed: fate !== 'removed' });
    if (lag === 'missing') many.shown.delete(id);
    else many.shown.set(id, { ...head, last: Math.max(head.last - lag, head.membersVersion) });
  }
  return { many, cursors };
}

const neverFails = (id: string, error: unknown) => {
  throw new Error(`${id} failed`, { cause: error });
};

const ask = (
  many: ManyConversations,
  cursors: ReadonlyMap<string, number>,
  range: { after?: string; through?: string } = {},
) =>
  sync({ ...many.rooms, bytesOf, failed: neverFails }, Promise.resolve(callerNamed(reader)), {
    cursors,
    ...range,
  });

/** What the server must say of a conversation: nothing, or where. */
function dueTo(many: ManyConversations, id: string, cursor: number | undefined) {
  const [head, shown] = [many.logs.get(id)?.heads.get(id), many.shown.get(id)];
  if (!many.listed.has(id)) return 'gone';
  if (cursor === undefined) return 'unknown';
  if (shown && shown.last === cursor && shown.membersVersion <= cursor) return 'nothing';
  if (!head?.members.some(({ person }) => person === reader)) return 'gone';
  return head.last > cursor ? 'page' : 'nothing';
}

test('following next accounts for every conversation exactly once, dense after its cursor, in frames that fit', async () => {
  let longest = 0;
  await fc.assert(
    fc.asyncProperty(stories, async (all) => {
      const { many, cursors } = told(all);
      const named = new Map<string, string>();
      const name = (id: string, as: string) => {
        expect(named.has(id), `${id} was named twice`).toBe(false);
        named.set(id, as);
      };
      let after: string | undefined;
      for (let frames = 1; ; frames += 1) {
        [many.calls.length, many.openings.length] = [0, 0];
        const { decision, value } = await ask(many, cursors, after === undefined ? {} : { after });
        const frame = Synced.parse(synced(value, reader));
        longest = Math.max(longest, Buffer.byteLength(JSON.stringify(frame)));
        expect(Buffer.byteLength(JSON.stringify(frame))).toBeLessThanOrEqual(MAX_PAGE_BYTES);

        for (const id of frame.gone) name(id, 'gone');
        for (const { conversationId, last } of frame.unknown) {
          name(conversationId, 'unknown');
          expect(last).toBe(many.shown.get(conversationId)?.last ?? 0);
        }
        for (const page of frame.conversations) {
          name(page.conversationId, 'page');
          expectDense(many, page, cursors.get(page.conversationId) ?? 0);
        }
        const ids = frame.conversations.map(({ conversationId }) => conversationId);
        expect(ids).toEqual(ids.toSorted());
        expect(decision.opened).toEqual(expect.arrayContaining(ids));
        expectThrifty(many);

        if (frame.next === undefined) break;
        expect(frame.next > (after ?? '')).toBe(true);
        expect([...named.keys()].filter((id) => id > (frame.next ?? ''))).toEqual([]);
        after = frame.next;
        expect(frames).toBeLessThanOrEqual(all.length);
      }
      const everything = new Set([...many.listed.keys(), ...cursors.keys()]);
      for (const id of everything) expect(named.get(id) ?? 'nothing').toBe(dueTo(many, id, cursors.get(id)));
      expect([...named.keys()].filter((id) => !everything.has(id))).toEqual([]);
    }),
    { numRuns: 150 },
  );
  expect(longest).toBeGreaterThan(MAX_PAGE_BYTES / 2); // or the limit was never met
});

/** The page holds what the reader may see after the cursor, from its first entry on and without holes. */
function expectDense(
  many: ManyConversations,
  page: z.infer<typeof Synced>['conversations'][number],
  cursor: number,
): void {
  const log = many.logs.get(page.conversationId);
  const joined =
    log?.heads.get(page.conversationId)?.members.find(({ person }) => person === reader)?.joined ?? 0;
  const due = (log?.entries ?? []).filter(({ seq }) => seq > cursor && seq >= joined).map(({ seq }) => seq);
  const seqs = page.entries.map(({ seq }) => seq);
  expect(seqs).toEqual(due.slice(0, seqs.length));
  expect(page.more).toBe(seqs.length < due.length);
  expect(page.upTo).toBe(seqs.at(-1));
  expect(page.floor).toBe(Math.max(joined - 1, 0));
}

/** No log is read twice but for who joined later, and no body opened twice. */
function expectThrifty({ calls, openings, logs }: ManyConversations): void {
  expect(new Set(openings).size).toBe(openings.length);
  for (const [id, log] of logs) {
    const isLater = log.heads.get(id)?.members.some(({ person, joined }) => person === reader && joined > 0);
    expect(calls.filter((call) => call === `forward ${id}`).length).toBeLessThanOrEqual(isLater ? 2 : 1);
    expect(calls.filter((call) => call === `head ${id}`).length).toBeLessThanOrEqual(1);
  }
}

test('ranges that follow each other account for the same as one question, and nothing outside them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(40), { maxLength: 3 }), async (cuts) => {
      const { many, cursors } = told(
        Array.from({ length: 40 }, (_, nth) => ({
          texts: 2,
          bytes: 10,
          cursor: nth % 3 === 0 ? undefined : nth % 3,
          fate: nth % 7 === 0 ? 'removed' : 'stayed',
          lag: 0,
        })),
      );
      const asked = async (range?: IdRange) => synced((await ask(many, cursors, range)).value, reader);
      const whole = await asked();
      const bounds = [...cuts.map(idOf).sort(), '7'.repeat(26)]; // out of order, above, equal: whatever comes
      const parts: ReturnType<typeof synced>[] = [];
      let after = '2'.repeat(26);
      for (const through of ['z'.repeat(26), ...bounds].sort()) {
        parts.push(await asked({ after, through }));
        after = through;
      }
      const all = (what: (missed: ReturnType<typeof synced>) => readonly unknown[]) => parts.flatMap(what);
      expect(all(({ conversations }) => conversations)).toEqual(whole.conversations);
      expect(all(({ unknown }) => unknown)).toEqual(whole.unknown);
      expect(all(({ gone }) => gone)).toEqual(whole.gone);
      expect((await ask(many, cursors, { after: 'c', through: 'b' })).value.conversations).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

test('a person with thousands of conversations on a new device is told of all of them, a thousand at a time', async () => {
  const many = new ManyConversations();
  for (let nth = 0; nth < 2_345; nth += 1) many.add(idOf(nth), []);
  const told: string[] = [];
  let after: string | undefined;
  let frames = 0;
  do {
    const { value } = await ask(many, new Map(), after === undefined ? {} : { after });
    expect(Buffer.byteLength(JSON.stringify(synced(value, reader)))).toBeLessThanOrEqual(MAX_PAGE_BYTES);
    told.push(...value.unknown.map(({ conversationId }) => conversationId));
    after = value.next;
    frames += 1;
  } while (after !== undefined);
  expect(told).toEqual([...many.listed.keys()].sort());
  expect(frames).toBe(3);
});

test('what is broken in one conversation keeps no other back: it is asked for by itself, and reported', async () => {
  const many = new ManyConversations();
  const ids = Array.from({ length: 30 }, (_, nth) => idOf(nth)).sort();
  const [unread = '', unopened = '', half = ''] = [ids[0], ids[9], ids[29]];
  const texts = ['one', 'two', 'three'].map((text) => ({ by: writer, text }));
  for (const id of ids) many.add(id, texts);
  const broken = (read: typeof many.log.forward): typeof many.log.forward => {
    return (id, after, limit) =>
      id === unread ? Promise.reject(new Fault('a hole')) : read(id, after, limit);
  };
  const sealedShut = [many.logs.get(unopened)?.entries[0], many.logs.get(half)?.entries[2]];
  const rooms = {
    ...many.rooms,
    log: { ...many.log, forward: broken(many.log.forward) },
    vault: {
      ...many.vault,
      openBody: (entry: MessageEntry) =>
        sealedShut.includes(entry) ? Promise.reject(new Error('the seal')) : many.vault.openBody(entry),
    },
  };
  const failed: string[] = [];
  const { value } = await sync(
    { ...rooms, bytesOf, failed: (id) => failed.push(id) },
    Promise.resolve(callerNamed(reader)),
    { cursors: new Map(ids.map((id) => [id, 0])) },
  );
  expect(value.next).toBeUndefined();
  const seqsOf = (id: string) => {
    const page = value.conversations.find(({ conversationId }) => conversationId === id)?.page;
    return { seqs: page?.entries.map(({ seq }) => seq), upTo: page?.upTo, more: page?.more };
  };
  const nothing = { seqs: [], upTo: 0, more: true };
  for (const id of ids) {
    if (id === unread || id === unopened) expect(seqsOf(id)).toEqual(nothing);
    else if (id === half) expect(seqsOf(id)).toEqual({ seqs: [1, 2], upTo: 2, more: true });
    else expect(seqsOf(id)).toEqual({ seqs: [1, 2, 3], upTo: 3, more: false });
  }
  expect(failed).toEqual([unread, unopened, half]);
});

test('who knows more than the log holds, as after a restore, is sent to where that is said', async () => {
  const many = new ManyConversations();
  const [restored, lagging] = [idOf(1), idOf(2)];
  for (const id of [restored, lagging])
    many.add(id, [
      { by: writer, text: 'one' },
      { by: writer, text: 'two' },
    ]);
  many.shown.set(lagging, { last: 1, lastAt: NOW, membersVersion: 0 });
  const log = many.logs.get(lagging);
  log?.heads.set(lagging, { ...(log.heads.get(lagging) as Head), last: 1 });
  const { value } = await ask(
    many,
    new Map([
      [restored, 9],
      [lagging, 2],
    ]),
  );
  expect(value.conversations).toEqual([
    { conversationId: restored, page: { entries: [], floor: 0, upTo: 9, more: true } },
  ]);

  const caller = Promise.resolve(callerNamed(reader));
  const catchUp = (id: string, after: number) =>
    readLog(many.rooms, caller, 'conversation.catch-up', id, { after }, 200);
  await expect(catchUp(restored, 9)).rejects.toMatchObject({ code: 'since-ahead' });
  await expect(catchUp(restored, 3)).rejects.toMatchObject({ code: 'since-ahead' });
  for (const id of [restored, lagging])
    expect((await catchUp(id, 2)).value).toMatchObject({ entries: [], upTo: 2, more: false });
});
