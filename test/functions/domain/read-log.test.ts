import { describe, expect, test } from 'vitest';
import { changeMembers } from '../../../functions/domain/change-members.ts';
import type { Head } from '../../../functions/domain/conversation.ts';
import { Fault } from '../../../functions/domain/fault.ts';
import type { Stretch } from '../../../functions/domain/log.ts';
import { type Range, readLog } from '../../../functions/domain/read-log.ts';
import { sendMessage } from '../../../functions/domain/send-message.ts';
import type { OpensFor } from '../../../functions/domain/vault.ts';
import { aConversation, aRef, aText, callerNamed, cliniciansOf, person } from './in-memory.ts';

const [ana, ben, cleo] = [person('ana'), person('ben'), person('cleo')];
const DAY_MS = 24 * 60 * 60 * 1000;

type Chat = ReturnType<typeof aConversation>;

const send = (chat: Chat, since: number) =>
  sendMessage(chat.rooms, Promise.resolve(callerNamed(ana)), {
    ref: aRef(),
    conversationId: chat.conversationId,
    since,
    body: aText('the text'),
  });
const removeCleo = (chat: Chat) =>
  changeMembers(
    { ...chat.rooms, people: cliniciansOf([cleo]) },
    Promise.resolve(callerNamed(ana)),
    chat.conversationId,
    { kind: 'member.removed', person: cleo },
  );
const page = async (chat: Chat, reader: string, range: Range) => {
  const caller = Promise.resolve(callerNamed(reader));
  const { value } = await readLog(chat.rooms, caller, 'conversation.read', chat.conversationId, range, 100);
  return { ...value, entries: value.entries.map(({ seq }) => seq) };
};
/** The first reads of the log find nothing, although the head counts what stands there. */
const blind = (chat: Chat, times: number) => {
  const { forward } = chat.log;
  let reads = 0;
  chat.log.forward = async (...given): Promise<Stretch> => {
    reads += 1;
    return reads <= times ? { entries: [], more: false } : forward.apply(chat.log, given);
  };
};
const counting = (chat: Chat, last: number) => {
  const head = chat.log.heads.get(chat.conversationId) as Head;
  chat.log.heads.set(chat.conversationId, { ...head, last });
};
/** One message, the removal of cleo that is not to be seen, and two messages after it. */
const withHiddenRemoval = async (now?: () => number) => {
  const chat = aConversation([ana, ben, cleo], now);
  await send(chat, 0);
  await removeCleo(chat);
  await send(chat, 2);
  await send(chat, 3);
  const [hidden] = chat.log.entries.splice(1, 1);
  return { chat, show: () => hidden && chat.log.entries.splice(1, 0, hidden) };
};

describe('what the head counts and the log did not show yet', () => {
  test('is read again, and given', async () => {
    const chat = aConversation([ana, ben]);
    await send(chat, 0);
    counting(chat, 1);
    blind(chat, 1);
    expect(await page(chat, ben, { after: 0 })).toMatchObject({ entries: [1], upTo: 1, more: false });
  });

  test('is promised, and not passed over, where it does not come to show', async () => {
    const chat = aConversation([ana, ben]);
    await send(chat, 0);
    counting(chat, 1);
    blind(chat, 9);
    expect(await page(chat, ben, { after: 0 })).toMatchObject({ entries: [], floor: 0, upTo: 0, more: true });
  });

  test.each(['whose head shows it', 'whose head is older than the log'])(
    'is not given to who was removed meanwhile, by a reader %s',
    async (whose) => {
      const chat = aConversation([ana, ben, cleo]);
      await send(chat, 0);
      counting(chat, 1);
      const { head } = chat.log;
      const stale = chat.log.heads.get(chat.conversationId);
      let heads = 0;
      chat.log.head = async (id) => {
        heads += 1;
        if (heads === 1) return stale; // and now, between the first look and the second
        if (heads === 2)
          await removeCleo({
            ...chat,
            rooms: { ...chat.rooms, log: Object.assign(Object.create(chat.log), { head }) },
          });
        return heads === 2 && whose.endsWith('log') ? stale : head.call(chat.log, id);
      };
      blind(chat, 1);
      await expect(page(chat, cleo, { after: 0 })).rejects.toMatchObject({ code: 'not-a-member' });
      expect(chat.log.entries).toHaveLength(2);
    },
  );
});

describe('a change of membership that is not to be seen yet', () => {
  test('is not passed over by who asks for what follows right there', async () => {
    const { chat, show } = await withHiddenRemoval();
    expect(await page(chat, ben, { after: 1 })).toEqual({ entries: [], floor: 0, upTo: 1, more: true });
    show();
    expect(await page(chat, ben, { after: 1 })).toMatchObject({ entries: [2, 3, 4], floor: 0, more: false });
  });

  test('cuts a page backward: what is older comes with the next one', async () => {
    const { chat } = await withHiddenRemoval();
    const newest = await page(chat, ben, { before: Number.POSITIVE_INFINITY });
    expect(newest).toMatchObject({ entries: [3, 4], more: true });
    expect(await page(chat, ben, { before: 3 })).toMatchObject({ entries: [1], more: false });
  });

  test('does not count as gone in a conversation older than its retention, and a few seconds later does', async () => {
    let now = 1_800_000_000_000;
    const clock = () => now;
    const early = aConversation([ana, ben, cleo], clock);
    early.log.heads.set(early.conversationId, { ...early.head, createdAt: now - 400 * DAY_MS });
    await send(early, 0);
    await removeCleo(early);
    await send(early, 2);
    const [first, hidden] = early.log.entries.splice(0, 2); // the first is gone, the removal is in flight
    expect(first?.seq).toBe(1);
    expect(await page(early, ben, { after: 1 })).toEqual({ entries: [], floor: 0, upTo: 1, more: true });
    now += 10_000;
    expect(await page(early, ben, { after: 1 })).toMatchObject({ entries: [3], floor: 2, more: false });
    if (hidden) early.log.entries.unshift(hidden);
    expect(await page(early, ben, { after: 1 })).toMatchObject({ entries: [2, 3], floor: 0, more: false });
  });
});

describe('for who broke the glass', () => {
  const brokeIt = async (chat: Chat) => {
    await send(chat, 0);
    const grant = { conversationId: chat.conversationId, until: 1 };
    return Promise.resolve({ ...callerNamed(cleo), emergency: grant });
  };
  const readBy = async (
    chat: Chat,
    rooms: Parameters<typeof readLog>[0],
    caller: ReturnType<typeof callerNamed>,
  ) => readLog(rooms, Promise.resolve(caller), 'conversation.read', chat.conversationId, { after: 0 }, 100);

  test('bodies are opened in their name, and for a member they are not', async () => {
    const chat = aConversation([ana, ben]);
    const caller = await brokeIt(chat);
    const named: string[] = [];
    const openFor: OpensFor = async (who, work) => {
      named.push(who);
      return work(chat.rooms.vault);
    };
    const { value } = await readBy(chat, { ...chat.rooms, openFor }, caller);
    expect(value.entries).toHaveLength(1);
    await readBy(chat, { ...chat.rooms, openFor }, callerNamed(ben));
    expect(named).toEqual([cleo]);
  });

  test('nothing is opened where nobody can open it in their name', async () => {
    const chat = aConversation([ana, ben]);
    const caller = await brokeIt(chat);
    await expect(readBy(chat, chat.rooms, caller)).rejects.toThrow(Fault);
  });
});
