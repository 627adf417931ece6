import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { changeMembers } from '../../../functions/domain/change-members.ts';
import type { Head } from '../../../functions/domain/conversation.ts';
import { isMembership } from '../../../functions/domain/entry.ts';
import { readLog } from '../../../functions/domain/read-log.ts';
import { sendMessage } from '../../../functions/domain/send-message.ts';
import { aConversation, aRef, aText, callerNamed, cliniciansOf, person } from './in-memory.ts';

const [ana, ben, cleo] = [person('ana'), person('ben'), person('cleo')];
const DAY_MS = 24 * 60 * 60 * 1000;

type Chat = ReturnType<typeof aConversation>;
const everybody = cliniciansOf([ana, ben, cleo]);

const add = (chat: Chat, by: string, who: string, role?: 'owner' | 'member') =>
  changeMembers({ ...chat.rooms, people: everybody }, Promise.resolve(callerNamed(by)), chat.conversationId, {
    kind: 'member.added',
    person: who,
    ...(role && { role }),
  });
const remove = (chat: Chat, by: string, who: string) =>
  changeMembers({ ...chat.rooms, people: everybody }, Promise.resolve(callerNamed(by)), chat.conversationId, {
    kind: 'member.removed',
    person: who,
  });
const send = (chat: Chat, sender: string, ref: string = aRef(), since = 0) =>
  sendMessage(chat.rooms, Promise.resolve(callerNamed(sender)), {
    ref,
    conversationId: chat.conversationId,
    since,
    body: aText('the text'),
  });
const read = (chat: Chat, reader: string, range: { after: number } | { before: number }, limit = 100) =>
  readLog(
    chat.rooms,
    Promise.resolve(callerNamed(reader)),
    'conversation.catch-up',
    chat.conversationId,
    range,
    limit,
  );

describe('changes of membership', () => {
  test('racing with sends leave one message for each ref, and a dense order', async () => {
    const step = fc.oneof(
      fc.record({ send: fc.constantFrom(ana, ben), ref: fc.nat(2) }),
      fc.record({ add: fc.constantFrom(ben, cleo) }),
      fc.record({ remove: fc.constantFrom(ben, cleo) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(step, { minLength: 2, maxLength: 10 }),
        async (scheduler, steps) => {
          const chat = aConversation([ana, ben]);
          chat.log.turn = (what) => scheduler.schedule(Promise.resolve(), what);
          const refs: string[] = [aRef(), aRef(), aRef()];
          const all = Promise.allSettled(
            steps.map((one) => {
              if ('send' in one) return send(chat, one.send, refs[one.ref]);
              return 'add' in one ? add(chat, ana, one.add) : remove(chat, ana, one.remove);
            }),
          );
          await scheduler.waitFor(all);
          await all;
          const { entries } = chat.log;
          expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, place) => place + 1));
          const messages = entries
            .filter((entry) => !isMembership(entry))
            .map(({ sender, ref }) => `${sender} ${ref}`);
          expect(new Set(messages).size).toBe(messages.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('keep an owner, keep what a member has seen, and hold when they are said twice', async () => {
    const chat = aConversation([ana, ben]);
    await expect(remove(chat, ana, ana)).rejects.toMatchObject({ code: 'last-owner' });
    await expect(add(chat, ana, ana, 'member')).rejects.toMatchObject({ code: 'last-owner' });
    await send(chat, ben);
    await add(chat, ana, ben, 'owner');
    expect(chat.log.heads.get(chat.conversationId)?.members.find((one) => one.person === ben)).toEqual({
      person: ben,
      role: 'owner',
      joined: 0, // a new role hides nothing that was seen before
    });
    await add(chat, ben, ana); // no role: ana stays an owner
    await add(chat, ben, ben, 'owner');
    expect(chat.log.entries).toHaveLength(2);
    expect(chat.announced.at(-1)?.entry.body).toMatchObject({ kind: 'member.added', person: ben }); // told again
    await remove(chat, ana, ana);
    await expect(add(chat, ana, cleo)).rejects.toMatchObject({ code: 'not-a-member' });
  });
});

test('who was just added sends and reads although the head does not show it yet', async () => {
  const chat = aConversation([ana, ben]);
  await add(chat, ana, cleo);
  chat.log.heads.set(chat.conversationId, chat.head); // the transaction's other half is not visible
  expect((await read(chat, cleo, { after: 0 })).value.entries.map(({ seq }) => seq)).toEqual([1]);
  await expect(send(chat, cleo, aRef(), 1)).resolves.toMatchObject({ value: { seq: 2 } });
});

describe('a reader', () => {
  test('who meets half a change of membership is told neither that it is not there nor that retention took it', async () => {
    const chat = aConversation([ana, ben, cleo]);
    await send(chat, ana);
    await send(chat, ana);
    await remove(chat, ana, cleo);
    await send(chat, ana, aRef(), 3);
    const hidden = chat.log.entries.splice(2, 1);

    const early = await read(chat, ana, { after: 0 });
    expect(early.value).toMatchObject({ upTo: 2, floor: 0, more: true });
    chat.log.turn = async (what) => {
      if (what === 'forward' && hidden.length > 0) chat.log.entries.splice(2, 0, ...hidden.splice(0)); // it shows at last
    };
    const later = await read(chat, ana, { after: 2 });
    expect(later.value).toMatchObject({ upTo: 4, floor: 0, more: false });
    expect(later.value.entries.map(({ seq }) => seq)).toEqual([3, 4]);
  });

  test('who joined late starts there, and is not led back below it', async () => {
    const chat = aConversation([ana, ben]);
    for (let count = 0; count < 9; count += 1) await send(chat, ana, aRef(), count);
    await add(chat, ana, cleo);
    await send(chat, ana, aRef(), 10);
    expect((await read(chat, cleo, { after: 0 }, 3)).value).toMatchObject({
      floor: 9,
      upTo: 11,
      more: false,
    });
    const back = (await read(chat, cleo, { before: 12 }, 5)).value;
    expect(back.entries.map(({ seq }) => seq)).toEqual([10, 11]);
    expect(back.more).toBe(false);
  });

  test('past retention finds nothing by catching up, by history, or by sending the same ref again', async () => {
    let now = 1_800_000_000_000;
    const chat = aConversation([ana, ben], () => now);
    const ref = aRef();
    const first = await send(chat, ana, ref);
    now += 29 * DAY_MS;
    await send(chat, ana, aRef(), 1);
    now += 1 * DAY_MS;
    expect((await read(chat, ben, { after: 0 })).value).toMatchObject({
      floor: 1,
      upTo: 2,
      entries: [{ seq: 2 }],
    });
    expect((await read(chat, ben, { before: 99 })).value).toMatchObject({ floor: 1, entries: [{ seq: 2 }] });
    const announced = chat.announced.length;
    chat.keys.stored.clear(); // even its key may be gone
    await expect(send(chat, ana, ref)).resolves.toMatchObject({ value: { seq: first.value.seq } });
    expect(chat.announced).toHaveLength(announced);
    now += 30 * DAY_MS;
    chat.log.entries.length = 0;
    const head = chat.log.heads.get(chat.conversationId) as Head;
    chat.log.heads.set(chat.conversationId, { ...head, last: 2 });
    expect((await read(chat, ben, { after: 0 })).value).toMatchObject({
      floor: 2,
      upTo: 2,
      entries: [],
      more: false,
    });
  });
});

test('a head that lags for a read or two is read again, and not rebuilt', async () => {
  for (const stale of [1, 2]) {
    const chat = aConversation([ana, ben]);
    await add(chat, ana, cleo);
    const heads = [chat.head, chat.head].slice(0, stale);
    const { head } = chat.log;
    chat.log.head = async (id) => heads.shift() ?? head.call(chat.log, id);
    const calls: string[] = [];
    chat.log.turn = async (what) => void calls.push(what);
    await expect(send(chat, cleo, aRef(), 1)).resolves.toMatchObject({ value: { seq: 2 } });
    expect(calls.filter((what) => what === 'rebuild' || what === 'forward')).toEqual([]);
  }
});
