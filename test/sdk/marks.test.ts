import { describe, expect, test } from 'vitest';
import { idsOf, live, MINUTE, type Started, talk, upTo } from './pretend-chat.ts';
import { kind } from './pretend-deployment.ts';

const [id = '', other = ''] = idsOf(2);

describe('a mark of what was read', () => {
  test('goes up to what was shown, as one frame a second at most, and never back', async () => {
    const started = await reading();
    const { chat, clock, sent } = started;
    const conversation = chat.conversation(id);
    conversation.markRead();
    await clock.turn(10);
    expect(marks(started)).toEqual([[id, 10]]);
    talk(started, id, 30);
    for (const seq of upTo(30)) {
      started.deployment.push(id, 10 + seq);
      await clock.turn(100);
      conversation.markRead();
    }
    chat.conversation(other).markRead(3);
    conversation.markRead(2);
    await clock.turn(5000);
    const upTos = marks(started)
      .filter(([of]) => of === id)
      .map(([, upTo]) => Number(upTo));
    expect(upTos.at(-1)).toBe(40);
    expect(upTos).toEqual([...upTos].sort((a, b) => a - b));
    const times = started.deployment.frames
      .filter(({ frame }) => frame.type === 'conversation.mark-read' && frame.conversationId === id)
      .map(({ at }) => at);
    for (const [place, at] of times.slice(1).entries())
      expect(at - (times[place] ?? 0)).toBeGreaterThanOrEqual(1000);
    expect(times.length).toBeLessThanOrEqual(5);
    expect(marks(started).filter(([of]) => of === other)).toEqual([[other, 3]]);
    expect(sent('conversation.mark-read').length).toBe(times.length + 1);
    expect(started.told.read).toEqual([]);
  });

  test('waits for the connection and is kept over its loss, whichever way it went', async () => {
    const started = await reading();
    const { chat, clock, deployment } = started;
    deployment.isReachable = false;
    deployment.open[0]?.end(1006);
    for (const seq of [4, 6, 5]) chat.conversation(id).markRead(seq);
    await clock.turn(MINUTE);
    deployment.isReachable = true;
    deployment.fate = () =>
      deployment.frames.at(-1)?.frame.type === 'conversation.mark-read' && marks(started).length < 3
        ? { ...kind, frame: marks(started).length === 1 ? 'lost before' : 'fault before' }
        : kind;
    await clock.turn(2 * MINUTE);
    expect(marks(started)).toEqual([
      [id, 6],
      [id, 6],
      [id, 6],
    ]);
    expect(deployment.sync.readBy('anne', id)).toBe(6);
  });

  test('of another device is told where it is news, and not marked again', async () => {
    const started = await reading();
    const { chat, clock, deployment, told } = started;
    const hear = (upTo: number) =>
      deployment.open[0]?.send({ type: 'conversation.marked-read', conversationId: id, upTo });
    hear(4);
    hear(3);
    hear(4);
    expect(told.read).toEqual([{ conversationId: id, upTo: 4 }]);
    chat.conversation(id).markRead(4);
    chat.conversation(id).markRead(2);
    await clock.turn(2000);
    expect(marks(started)).toEqual([]);
    chat.conversation(id).markRead(7);
    await clock.turn(2000);
    hear(6);
    expect(told.read).toHaveLength(1);
    hear(9);
    expect(told.read.at(-1)).toEqual({ conversationId: id, upTo: 9 });
  });

  test('that is answered by a lower one is sent a few times, and then left', async () => {
    const started = await reading();
    const { chat, clock, deployment } = started;
    deployment.sync.highestMark = 8;
    chat.conversation(id).markRead(10);
    await clock.turn(1500);
    deployment.sync.highestMark = 10;
    await clock.turn(MINUTE);
    expect(marks(started)).toHaveLength(3);
    expect(deployment.sync.readBy('anne', id)).toBe(10);
    deployment.sync.highestMark = 11;
    chat.conversation(id).markRead(500);
    await clock.turn(MINUTE);
    expect(marks(started)).toHaveLength(6);
    expect(chat.state).toBe('live');
  });

  test('that is refused is told of, and not sent again', async () => {
    const started = await reading();
    const { chat, clock, deployment, told } = started;
    deployment.refuse = ({ type }) => (type === 'conversation.mark-read' ? 'malformed' : undefined);
    chat.conversation(id).markRead(3);
    await clock.turn(MINUTE);
    expect(told.refused).toMatchObject([{ conversationId: id, code: 'malformed' }]);
    deployment.sync.remove('anne', id);
    deployment.refuse = () => undefined;
    chat.conversation(id).markRead(5);
    await clock.turn(1000);
    expect(told.removed).toEqual([{ conversationId: id }]);
    expect(marks(started)).toHaveLength(2);
  });

  test('that an app sets above the end of the log holds up none that comes later', async () => {
    const started = await reading();
    const { chat, clock, deployment } = started;
    deployment.sync.highestMark = 10;
    chat.conversation(id).markRead(1_000);
    await clock.turn(MINUTE);
    expect(deployment.sync.readBy('anne', id)).toBe(10);
    deployment.sync.highestMark = 20;
    chat.conversation(id).markRead(15);
    await clock.turn(MINUTE);
    expect(deployment.sync.readBy('anne', id)).toBe(15);
  });
});

/** A chat that was shown ten messages. */
async function reading(): Promise<Started> {
  const started = await live();
  talk(started, id, 10);
  started.chat.conversation(id);
  await started.clock.turn(MINUTE);
  expect(started.chat.conversation(id).knownEnd).toBe(10);
  return started;
}

function marks({ sent }: Started): unknown[][] {
  return sent('conversation.mark-read').map(({ conversationId, upTo }) => [conversationId, upTo]);
}
