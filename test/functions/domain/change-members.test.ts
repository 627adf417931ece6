import { describe, expect, test } from 'vitest';
import { changeMembers, type MembershipWish } from '../../../functions/domain/change-members.ts';
import type { Head } from '../../../functions/domain/conversation.ts';
import { hashOf } from '../../../functions/domain/entry.ts';
import { sendMessage } from '../../../functions/domain/send-message.ts';
import { MAX_MEMBERS } from '../../../protocol/requests.ts';
import { aConversation, aRef, aText, callerNamed, cliniciansOf, person } from './in-memory.ts';

const [ana, ben, cleo, dan] = [person('ana'), person('ben'), person('cleo'), person('dan')];

type Chat = ReturnType<typeof aConversation>;

const change = (chat: Chat, by: string, wish: MembershipWish, known = [ana, ben, cleo, dan]) =>
  changeMembers(
    { ...chat.rooms, people: cliniciansOf(known) },
    Promise.resolve(callerNamed(by)),
    chat.conversationId,
    wish,
  );
const added = (who: string, role?: 'owner') =>
  ({ kind: 'member.added', person: who, ...(role && { role }) }) as const;
const removed = (who: string) => ({ kind: 'member.removed', person: who }) as const;
const send = (chat: Chat, sender: string, since: number) =>
  sendMessage(chat.rooms, Promise.resolve(callerNamed(sender)), {
    ref: aRef(),
    conversationId: chat.conversationId,
    since,
    body: aText('the text'),
  });
const headOf = (chat: Chat) => chat.log.heads.get(chat.conversationId) as Head;

test('the head that a change leaves is enough to go on from where retention has taken the whole log', async () => {
  let now = 1_800_000_000_000;
  const chat = aConversation([ana, ben], () => now);
  await send(chat, ana, 0);
  now += 1_000;
  await change(chat, ana, added(cleo));
  const [, change2] = chat.log.entries.splice(0);
  now -= 500; // another function's clock
  const { value } = await send(chat, ben, 2);
  expect(value).toMatchObject({ seq: 3, at: 1_800_000_001_000 });
  expect(change2 && Buffer.from(hashOf(change2)).equals(value.prev)).toBe(true);
});

describe('a head that is older than the log', () => {
  test('is brought up to date by all its changes, however many answers of a query they take', async () => {
    const chat = aConversation([ana, ben, cleo]);
    await change(chat, ana, added(dan));
    for (let since = 1; since < 6; since += 1) await send(chat, ana, since);
    await change(chat, ana, removed(cleo));
    chat.log.heads.set(chat.conversationId, chat.head);
    const { forward } = chat.log;
    chat.log.forward = (id, after, limit) => forward.call(chat.log, id, after, Math.min(limit, 2)); // 1 MB is full
    await expect(send(chat, cleo, 7)).rejects.toMatchObject({ code: 'not-a-member' });
    expect(headOf(chat).members.map((member) => member.person)).toEqual([ana, ben, dan]);
  });

  test('lets nobody change members who is no longer an owner, and everybody who is', async () => {
    const chat = aConversation([ana, ben]);
    await change(chat, ana, added(ben, 'owner'));
    await change(chat, ben, removed(ana));
    chat.log.heads.set(chat.conversationId, chat.head);
    await expect(change(chat, ana, added(cleo))).rejects.toMatchObject({ code: 'not-a-member' });
    chat.log.heads.set(chat.conversationId, chat.head);
    await change(chat, ben, added(cleo));
    expect(headOf(chat).members.map((member) => member.person)).toEqual([ben, cleo]);
  });
});

test('a change that is asked for again is announced again, and stored once', async () => {
  const chat = aConversation([ana, ben]);
  for (const wish of [added(cleo), added(cleo), removed(ben), removed(ben)]) await change(chat, ana, wish);
  expect(chat.announced.map(({ entry }) => entry.seq)).toEqual([1, 1, 2, 2]);
  expect(chat.log.entries).toHaveLength(2);
});

describe('refused, and nothing is stored', () => {
  test('are changes of a direct conversation, even to leave it', async () => {
    const chat = aConversation([ana, ben]);
    chat.log.heads.set(chat.conversationId, { ...chat.head, kind: 'direct' });
    for (const wish of [added(cleo), removed(ben), removed(ana)]) {
      await expect(change(chat, ana, wish)).rejects.toMatchObject({ code: 'fixed-members' });
    }
    expect(chat.log.entries).toEqual([]);
  });

  test('is somebody whom nobody knows, but not their removal', async () => {
    const chat = aConversation([ana, ben]);
    await expect(change(chat, ana, added(cleo), [ana, ben])).rejects.toMatchObject({
      code: 'unknown-person',
    });
    await change(chat, ana, removed(ben), []);
    expect(chat.log.entries).toHaveLength(1);
  });

  test('is one member more than a conversation may have, and not another role of the last', async () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    const names = Array.from({ length: MAX_MEMBERS - 1 }, (_, place) =>
      person(`m${letters[Math.floor(place / 26)]}${letters[place % 26]}`),
    );
    const chat = aConversation([ana, ...names]);
    await expect(change(chat, ana, added(cleo))).rejects.toMatchObject({ code: 'too-many-members' });
    await change(chat, ana, added(names[0] ?? '', 'owner'), names);
    expect(chat.log.entries).toHaveLength(1);
  });
});
