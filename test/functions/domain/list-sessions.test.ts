import { expect, test } from 'vitest';
import { admit } from '../../../functions/domain/caller.ts';
import type { Operation } from '../../../functions/domain/decision.ts';
import { listSessions } from '../../../functions/domain/list-sessions.ts';
import { openSession } from '../../../functions/domain/session.ts';
import type { Identity } from '../../../functions/domain/session-record.ts';
import { signOutRules } from '../../../functions/wiring/sign-out-rules.ts';
import { cliniciansOf, MemorySessions, person } from './in-memory.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const SIGNED_IN = 1_800_000_000_000;
const ana = person('ana');

/** Ana, who signs in where and when the test says. */
function aPerson() {
  const sessions = new MemorySessions();
  sessions.rules = signOutRules({ default: 15 }, 12);
  let writes = 0;
  const note = sessions.noteSeen.bind(sessions);
  sessions.noteSeen = async (...given) => {
    writes += 1;
    await note(...given);
  };
  const ask = async (operation: Operation, at: number, { session = 'web', connectionId = '' } = {}) => {
    const now = SIGNED_IN + at;
    sessions.now = () => now;
    const identity: Identity = {
      ...{ person: ana, session, roles: ['clinician'], authenticatedAt: SIGNED_IN },
      expiresAt: SIGNED_IN + 15 * MINUTE,
      ...(connectionId && { connectionId }),
    };
    return admit(sessions, identity, operation, now);
  };
  const list = async (at: number) => {
    const rooms = { sessions, people: cliniciansOf(), now: () => SIGNED_IN + at };
    const { value } = await listSessions(rooms, ask('session.list', at, { session: 'who asks' }));
    return value.sessions.filter(({ session }) => session !== 'who asks');
  };
  return { sessions, ask, list, writes: () => writes };
}

test('a sign-in that has only read over HTTP is listed from its first request on, until its token is over', async () => {
  const { ask, list } = aPerson();
  await ask('session.connect', 0, { session: 'never spoke' });
  await ask('conversation.list', 5 * SECOND);
  expect(await list(6 * SECOND)).toEqual([
    {
      ...{ session: 'web', since: SIGNED_IN, until: SIGNED_IN + 15 * MINUTE, sockets: 0 },
      lastFrameAt: SIGNED_IN + 5 * SECOND,
    },
  ]);
  await ask('message.send', 2 * MINUTE);
  expect(await list(3 * MINUTE)).toMatchObject([{ lastActiveAt: SIGNED_IN + 2 * MINUTE }]);
  expect(await list(15 * MINUTE - 1)).toHaveLength(1);
});

test('one that is idle, ended or over is listed no more', async () => {
  const { ask, list, sessions } = aPerson();
  await ask('conversation.list', 0);
  await ask('conversation.list', 0, { session: 'phone' });
  expect(await list(1)).toHaveLength(2);
  await sessions.endOne(ana, 'phone');
  expect(await list(2)).toMatchObject([{ session: 'web' }]);
  sessions.rules = signOutRules({ default: 5 }, 12);
  expect(await list(5 * MINUTE - 1)).toHaveLength(1);
  sessions.rules = { ...sessions.rules, idleMs: () => 0 };
  await expect(list(5 * MINUTE)).rejects.toMatchObject({ code: 'session-idle' });
});

test('a sign-in is noted once a minute at most, and listing a socket notes it with the same write', async () => {
  const { ask, writes, list } = aPerson();
  const onSocket = { session: 'phone', connectionId: 'one' };
  for (let at = 0; at < 10 * MINUTE; at += 7 * SECOND) await ask('sync', at, onSocket);
  expect(writes()).toBe(9); // the first minute’s was the listing
  expect(await list(10 * MINUTE)).toMatchObject([{ session: 'phone', sockets: 1 }]);
});

test('whatever is forgotten, it is not the sign-in that asks, and fifty at most are remembered', async () => {
  const { ask, sessions } = aPerson();
  for (let nth = 0; nth < 80; nth += 1) await ask('conversation.list', nth, { session: `device-${nth}` });
  const seen = (await sessions.of(ana)).seen ?? new Map();
  expect(seen.size).toBe(50);
  expect([...seen.keys()]).toContain('device-79');
  for (const session of ['device-30', 'device-0']) {
    // the oldest that is remembered, and one that is not
    await ask('conversation.list', 2 * MINUTE, { session });
    expect((await sessions.of(ana)).seen?.has(session)).toBe(true);
  }
});

test('a device is noted once, and again where the sign-in says another', async () => {
  const { ask, list, sessions } = aPerson();
  let notes = 0;
  const note = sessions.noteDevice.bind(sessions);
  sessions.noteDevice = async (...given) => {
    notes += 1;
    await note(...given);
  };
  const open = (device?: 'phone' | 'tablet') =>
    openSession(sessions, ask('session.open', 1, { connectionId: 'one' }), device);
  for (const device of ['phone', 'phone', undefined, 'tablet'] as const) await open(device);
  expect(notes).toBe(2);
  expect(await list(2)).toMatchObject([{ session: 'web', device: 'tablet', sockets: 1 }]);
});
