import { describe, expect, test } from 'vitest';
import type { Head } from '../../../functions/domain/conversation.ts';
import { listConversations } from '../../../functions/domain/list-conversations.ts';
import { readLog } from '../../../functions/domain/read-log.ts';
import { sendMessage } from '../../../functions/domain/send-message.ts';
import { sync } from '../../../functions/domain/sync.ts';
import { aConversation, aRef, aRetention, aText, callerNamed, person } from './in-memory.ts';
import { idOf, ManyConversations, NOW, reader, writer } from './many-conversations.ts';
import { DAY_MS } from './ward.ts';

const asReader = () => Promise.resolve(callerNamed(reader));
const neverFails = (_id: string, error: unknown) => {
  throw error;
};

/** Three conversations, each with a text of every tenth day up to `NOW`: 90 days ago, 80, … today. */
function threeConversations() {
  const many = new ManyConversations();
  const ids = [1, 2, 3].map(idOf).sort();
  const texts = Array.from({ length: 10 }, (_, nth) => ({
    by: writer,
    text: `text ${nth}`,
    at: NOW - (9 - nth) * 10 * DAY_MS,
  }));
  for (const id of ids) many.add(id, texts);
  let asked = 0;
  const retention = aRetention({ default: 30 });
  const rooms = {
    ...many.rooms,
    bytesOf: () => 100,
    failed: neverFails,
    retention: {
      standing: () => {
        asked += 1;
        return retention.standing();
      },
    },
  };
  return { many, ids, rooms, policy: retention.policy, asked: () => asked };
}

/** The texts of one conversation by each path that reads it, as their numbers. */
async function seenBy({ rooms, ids }: ReturnType<typeof threeConversations>) {
  const [id = ''] = ids;
  const read = async (range: Parameters<typeof readLog>[4]) =>
    (await readLog(rooms, asReader(), 'conversation.read', id, range, 100)).value;
  const cursors = new Map(ids.map((one) => [one, 0]));
  const synced = await sync(rooms, asReader(), { cursors });
  const inbox = await listConversations(rooms, asReader(), { limit: 10 });
  const forward = await read({ after: 0 });
  const seqs = (entries: readonly { seq: number }[] = []) => entries.map(({ seq }) => seq);
  const entry = inbox.value.entries.find(({ head }) => head.conversationId === id);
  return {
    forward: seqs(forward.entries),
    backward: seqs((await read({ before: Number.POSITIVE_INFINITY })).entries),
    sync: seqs(synced.value.conversations.find(({ conversationId }) => conversationId === id)?.page.entries),
    floor: forward.floor,
    unread: entry?.unread,
    latest: entry?.latest?.seq,
    more: forward.more,
  };
}

const everywhere = (all: readonly number[]) => ({
  ...{ forward: all, backward: all, sync: all, unread: all.length, latest: all.at(-1) },
  ...{ floor: 10 - all.length, more: false },
});

describe('visibility', () => {
  test('follows the policy of the moment on every path, shorter and longer, whatever the head was stamped by', async () => {
    const ward = threeConversations();
    expect(await seenBy(ward)).toEqual(everywhere([8, 9, 10]));
    for (const [days, seen] of [
      [{ default: 1 }, [10]],
      [{ default: 45 }, [6, 7, 8, 9, 10]],
      [{ default: 1, direct: 500 }, [10]],
      [{ default: 1, group: 45 }, [6, 7, 8, 9, 10]],
      [{ default: 1_000 }, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]],
      [{ default: 1_000, group: 30 }, [8, 9, 10]],
    ] as const) {
      ward.policy.days = days;
      expect(await seenBy(ward), JSON.stringify(days)).toEqual(everywhere(seen));
    }
  });

  test('ends at the very millisecond', async () => {
    const ward = threeConversations();
    ward.policy.days = { default: 40 };
    ward.many.now = NOW - 1;
    expect((await seenBy(ward)).forward[0]).toBe(6);
    ward.many.now = NOW;
    expect((await seenBy(ward)).forward[0]).toBe(7);
  });

  test('goes by one policy in one answer, read once for however many conversations', async () => {
    const { rooms, ids, asked } = threeConversations();
    await sync(rooms, asReader(), { cursors: new Map(ids.map((id) => [id, 0])) });
    expect(asked()).toBe(1);
    await listConversations(rooms, asReader(), { limit: 10 });
    expect(asked()).toBe(2);
    await readLog(rooms, asReader(), 'conversation.read', ids[0] ?? '', { after: 0 }, 10);
    expect(asked()).toBe(3);
  });
});

describe('days that were made longer after entries had been deleted', () => {
  test('leave nobody waiting for what is gone: the floor says it, and a reader comes to the end', async () => {
    const ward = threeConversations();
    const [id = ''] = ward.ids;
    const log = ward.many.logs.get(id);
    const head = log?.heads.get(id) as Head;
    log?.entries.splice(0, 6);
    log?.heads.set(id, { ...head, deletedUpTo: 6 });
    ward.policy.days = { default: 1_000 };
    expect(await seenBy(ward)).toMatchObject({ forward: [7, 8, 9, 10], floor: 6, more: false });

    log?.entries.splice(0);
    log?.heads.set(id, { ...head, deletedUpTo: 10 });
    expect(await seenBy(ward)).toMatchObject({ forward: [], floor: 10, more: false });
  });

  test('hold for a change of membership among what is gone too', async () => {
    const many = new ManyConversations();
    const id = idOf(1);
    const lines = [{ added: person('cleo') }, { by: writer, text: 'after it' }];
    const head = many.add(id, lines);
    many.now = NOW + 100 * DAY_MS;
    const log = many.logs.get(id);
    log?.entries.splice(0, 1);
    log?.heads.set(id, { ...head, deletedUpTo: 1 });
    const rooms = { ...many.rooms, retention: aRetention({ default: 1_000 }) };
    const { value } = await readLog(rooms, asReader(), 'conversation.read', id, { after: 0 }, 10);
    expect(value).toMatchObject({ entries: [{ seq: 2 }], floor: 1, more: false });
  });
});

test('a repeat of what has expired by a shorter policy is told to nobody, and by a longer one is told again', async () => {
  const [ana, ben] = [person('ana'), person('ben')];
  let now = 1_800_000_000_000;
  const chat = aConversation([ana, ben], () => now);
  const retention = aRetention({ default: 30 });
  const draft = {
    ref: aRef(),
    conversationId: chat.conversationId,
    since: 0,
    body: aText('once'),
  };
  const send = () => sendMessage({ ...chat.rooms, retention }, Promise.resolve(callerNamed(ana)), draft);
  await send();
  now += 10 * DAY_MS;
  chat.announced.length = 0;
  retention.policy.days = { default: 5 };
  await send();
  expect(chat.announced).toHaveLength(0);
  retention.policy.days = { default: 60 };
  await send();
  expect(chat.announced).toHaveLength(1);
});
