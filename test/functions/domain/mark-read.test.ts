import { expect, test } from 'vitest';
import type { ReadMark } from '../../../functions/domain/announcements.ts';
import type { Marked } from '../../../functions/domain/lists.ts';
import { markRead } from '../../../functions/domain/mark-read.ts';
import type { Socket } from '../../../functions/domain/session-record.ts';
import { callerNamed, person } from './in-memory.ts';
import { idOf, type Line, ManyConversations, NOW, reader, writer } from './many-conversations.ts';

const id = idOf(1);
const lines: Line[] = Array.from({ length: 5 }, () => ({ by: writer, text: 'text' }));
const socket = (connectionId: string, expiresAt = NOW + 1): Socket => ({
  person: reader,
  connectionId,
  session: 'sign-in',
  roles: [],
  authenticatedAt: 0,
  expiresAt,
});

function aReader() {
  const many = new ManyConversations();
  many.add(id, lines);
  const pushed: { mark: ReadMark; to: readonly string[] }[] = [];
  const rooms = {
    ...many.rooms,
    pause: async () => {},
    announcements: {
      announceMark: async (mark: ReadMark, to: readonly Socket[]) => {
        pushed.push({ mark, to: to.map(({ connectionId }) => connectionId) });
      },
    },
  };
  const mark = (upTo: number, by = reader) => {
    const caller = { ...callerNamed(by), otherSockets: [socket('phone'), socket('asleep', NOW)] };
    return markRead(rooms, Promise.resolve(caller), { conversationId: id, upTo });
  };
  return { many, pushed, rooms, mark };
}

test('a mark goes forward to the log’s end and never back, and the other sockets hear where it stands', async () => {
  const { many, pushed, mark } = aReader();
  const head = many.add(id, lines);
  many.logs.get(id)?.heads.set(id, { ...head, last: 2 }); // it lags
  expect((await mark(3)).value.upTo).toBe(3);
  expect((await mark(2)).value.upTo).toBe(3);
  expect((await mark(1_000)).value.upTo).toBe(5);
  expect(many.listed.get(id)?.readUpTo).toBe(5);
  expect(pushed).toEqual([3, 5].map((upTo) => ({ mark: { conversationId: id, upTo }, to: ['phone'] })));
  await mark(5); // said again: whoever said it before may have died before the others heard
  expect(pushed).toHaveLength(3);
});

test('only a member marks, and one who is just being removed is refused and not listed again', async () => {
  const { many, mark } = aReader();
  await expect(mark(1, person('stranger'))).rejects.toMatchObject({
    code: 'not-a-member',
    decision: { operation: 'conversation.mark-read', object: id, outcome: 'refused' },
  });
  many.listed.delete(id);
  await expect(mark(1)).rejects.toMatchObject({ code: 'not-a-member' });
  expect(many.listed.has(id)).toBe(false);
});

test('whose membership the head does not show as it stands is taken for what the log says', async () => {
  const { many, mark } = aReader();
  const late = person('late');
  const stale = many.add(id, lines);
  many.add(id, [...lines, { added: late }, { removed: reader }]);
  many.logs.get(id)?.heads.set(id, stale); // both changes’ other halves are not visible
  expect((await mark(6, late)).value.upTo).toBe(6);
  await expect(mark(7)).rejects.toMatchObject({ code: 'not-a-member' });
});

test('a change of membership under way is waited for, and in the end refused as busy', async () => {
  const { many, rooms } = aReader();
  let conflicts = 3;
  const lists = {
    mark: async (...given: Parameters<typeof many.lists.mark>): Promise<Marked> => {
      conflicts -= 1;
      return conflicts >= 0 ? { outcome: 'conflict' } : many.lists.mark(...given);
    },
  };
  const mark = () =>
    markRead({ ...rooms, lists }, Promise.resolve(callerNamed(reader)), { conversationId: id, upTo: 4 });
  expect((await mark()).value.upTo).toBe(4);
  conflicts = 100;
  await expect(mark()).rejects.toMatchObject({ code: 'busy' });
});
