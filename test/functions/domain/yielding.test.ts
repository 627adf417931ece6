import { expect, test } from 'vitest';
import { changeMembers } from '../../../functions/domain/change-members.ts';
import { isMembership } from '../../../functions/domain/entry.ts';
import { sendMessage } from '../../../functions/domain/send-message.ts';
import { aConversation, aRef, aText, callerNamed, cliniciansOf, person } from './in-memory.ts';

const ana = person('ana');
const ben = person('ben');

function floodedConversation() {
  let now = 1_800_000_000_000;
  const chat = aConversation([ana, ben], () => now);
  const pause = async () => {
    now += 25;
  };
  const send = (text: string) =>
    sendMessage({ ...chat.rooms, pause }, Promise.resolve(callerNamed(ben)), {
      ref: aRef(),
      conversationId: chat.conversationId,
      since: 0,
      body: aText(text),
    });
  const remove = () =>
    changeMembers(
      { ...chat.rooms, people: cliniciansOf([ben]), pause },
      Promise.resolve(callerNamed(ana)),
      chat.conversationId,
      { kind: 'member.removed', person: ben },
    );
  return { ...chat, send, remove };
}

test('a change of membership comes to its place although a send takes it before every try', async () => {
  const { log, send, remove } = floodedConversation();
  let sends = 0;
  const underway: Promise<unknown>[] = [];
  log.turn = async (what) => {
    if (what !== 'appendMembership' || sends >= 500) return;
    sends += 1;
    const sent = send(`flood ${sends}`).catch(() => undefined); // refused once they are removed
    const isHeld = log.heads.values().next().value?.yieldUntil !== undefined;
    if (isHeld) underway.push(sent);
    else await sent;
  };
  await remove();
  await Promise.all(underway);
  expect(sends).toBeLessThan(5);
  const places = log.entries.map((entry) => isMembership(entry));
  expect(places.at(-1)).toBe(true); // and what waited for it was refused, as what comes after a removal is
});

test('a send waits for a change that asks for its place, and goes on where none comes', async () => {
  const { log, conversationId, send, remove } = floodedConversation();
  let heads = 0;
  log.turn = async (what) => {
    if (what === 'head') heads += 1;
  };
  await log.askToYield(conversationId, 1_800_000_000_000 + 100);
  await send('after a while');
  expect(log.entries).toHaveLength(1);
  expect(heads).toBe(1 + 4); // its own reading, and one every 25 ms until the time is over

  await log.askToYield(conversationId, Number.MAX_SAFE_INTEGER);
  heads = 0;
  await send('a head that never lets go');
  expect(heads).toBe(1 + 40);
  await remove();
  expect(log.heads.get(conversationId)?.yieldUntil).toBeUndefined();
});
