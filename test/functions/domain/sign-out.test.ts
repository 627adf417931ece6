import { describe, expect, test } from 'vitest';
import { socketsOf } from '../../../functions/domain/announcements.ts';
import { admit } from '../../../functions/domain/caller.ts';
import type { Operation } from '../../../functions/domain/decision.ts';
import type { EndReason } from '../../../functions/domain/revoke-session.ts';
import type { Identity } from '../../../functions/domain/session-record.ts';
import { sweepSessions } from '../../../functions/domain/sweep-sessions.ts';
import { signOutRules } from '../../../functions/wiring/sign-out-rules.ts';
import { aConversation, callerNamed, MemorySessions, person } from './in-memory.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SIGNED_IN = 1_800_000_000_000;
const ana = person('ana');
const [phone, tablet] = ['phone', 'tablet'];

const rules = signOutRules({ default: 15, patient: 30, bot: 5 }, 12);

function aPerson(roles: readonly string[] = ['clinician']) {
  const sessions = new MemorySessions();
  sessions.rules = rules;
  const identity = (session: string): Identity => ({
    person: ana,
    session,
    roles,
    authenticatedAt: SIGNED_IN,
    expiresAt: SIGNED_IN + 99 * HOUR,
    connectionId: `socket-of-${session}`,
  });
  const ask = (operation: Operation, at: number, session = phone) => {
    sessions.now = () => SIGNED_IN + at;
    return admit(sessions, identity(session), operation, SIGNED_IN + at).then(
      () => 'admitted',
      ({ code }) => code,
    );
  };
  return { sessions, ask, identity };
}

describe('whoever is away', () => {
  test.each([
    ['clinician', 15],
    ['patient', 30],
    ['bot', 5],
  ])('as a %s is signed out after %i minutes, to the millisecond', async (role, minutes) => {
    const { ask } = aPerson([role]);
    expect(await ask('sync', minutes * MINUTE - 1)).toBe('admitted');
    expect(await ask('sync', minutes * MINUTE)).toBe('session-idle');
    expect(await ask('session.keep', minutes * MINUTE)).toBe('session-idle'); // coming back is signing in
  });

  test('has the shortest time of several roles', async () => {
    const { ask } = aPerson(['patient', 'bot']);
    expect(await ask('sync', 5 * MINUTE)).toBe('session-idle');
  });

  test('is not kept signed in by what a client does alone', async () => {
    const { ask, sessions } = aPerson();
    for (const operation of [
      'session.open',
      'session.renew',
      'sync',
      'conversation.catch-up',
      'me.show',
    ] as const) {
      expect(await ask(operation, 14 * MINUTE)).toBe('admitted');
    }
    expect(sessions.records.get(ana)?.activeAt?.size ?? 0).toBe(0);
    expect(await ask('sync', 15 * MINUTE)).toBe('session-idle');
  });

  test('is signed out on one device while another goes on', async () => {
    const { ask } = aPerson();
    expect(await ask('session.keep', 14 * MINUTE, tablet)).toBe('admitted');
    expect(await ask('sync', 16 * MINUTE, phone)).toBe('session-idle');
    expect(await ask('sync', 16 * MINUTE, tablet)).toBe('admitted');
  });
});

describe('a socket that nobody has closed yet hears no push from the millisecond on in which its next frame would be refused', () => {
  const ben = person('ben');
  const heard = async (sessions: MemorySessions, at: number, by = callerNamed(ben)) => {
    const { head } = aConversation([ben, ana]);
    const sockets = await socketsOf(sessions, head, by, SIGNED_IN + at);
    return sockets.map(({ connectionId }) => connectionId);
  };

  test('for want of activity, by the roles of now, and each sign-in by its own', async () => {
    const { sessions, ask } = aPerson(['patient']);
    for (const session of [phone, tablet]) await ask('session.open', 0, session);
    await ask('session.keep', 20 * MINUTE, tablet);
    expect(await heard(sessions, 30 * MINUTE - 1)).toEqual(['socket-of-phone', 'socket-of-tablet']);
    expect(await heard(sessions, 30 * MINUTE)).toEqual(['socket-of-tablet']);
    expect(await heard(sessions, 50 * MINUTE - 1)).toEqual(['socket-of-tablet']);
    expect(await heard(sessions, 50 * MINUTE)).toEqual([]);
    const record = await sessions.of(ana);
    sessions.records.set(ana, { ...record, entitled: { roles: ['clinician'] } }); // who is there for a quarter of an hour
    expect(await heard(sessions, 35 * MINUTE - 1)).toEqual(['socket-of-tablet']);
    expect(await heard(sessions, 35 * MINUTE)).toEqual([]);
  });

  test('and by the limit of twelve hours, however busy', async () => {
    const { sessions, ask } = aPerson();
    for (let at = 0; at < 12 * HOUR; at += 10 * MINUTE) await ask('message.send', at);
    expect(await heard(sessions, 12 * HOUR - 1)).toEqual(['socket-of-phone']);
    expect(await heard(sessions, 12 * HOUR)).toEqual([]);
  });

  test('the sender’s own other sockets too', async () => {
    const { sessions, ask, identity } = aPerson();
    for (const session of [phone, tablet]) await ask('session.open', 0, session);
    await ask('session.keep', 14 * MINUTE, tablet);
    const others = async (at: number) =>
      heard(sessions, at, await admit(sessions, identity(tablet), 'message.send', SIGNED_IN + at));
    expect(await others(15 * MINUTE - 1)).toEqual(['socket-of-phone']);
    expect(await others(15 * MINUTE)).toEqual([]);
  });
});

test('whoever is there stays, noted at most once a minute, and no longer than twelve hours', async () => {
  const { ask, sessions } = aPerson();
  let notes = 0;
  const note = sessions.noteSeen.bind(sessions);
  sessions.noteSeen = async (...given) => {
    notes += 1;
    await note(...given);
  };
  for (let at = 0; at < 12 * HOUR; at += 10_000) expect(await ask('message.send', at)).toBe('admitted');
  expect(notes).toBe(12 * 60 - 1);
  expect(await ask('message.send', 12 * HOUR)).toBe('session-time-limit');
});

test('a role that was changed meanwhile has its own time at once', async () => {
  const { ask, sessions } = aPerson(['patient']);
  expect(await ask('sync', 10 * MINUTE)).toBe('admitted');
  const record = await sessions.of(ana);
  sessions.records.set(ana, { ...record, entitled: { roles: ['bot'] } });
  expect(await ask('sync', 10 * MINUTE)).toBe('session-idle');
});

test('the sweep tells and closes the sockets of those who are signed out, by its reason, and no other', async () => {
  const { sessions, ask, identity } = aPerson();
  for (const session of [phone, tablet]) await ask('session.open', 0, session);
  await ask('session.keep', 14 * MINUTE, tablet);
  const old = { ...identity('old'), connectionId: 'old', authenticatedAt: SIGNED_IN - 12 * HOUR };
  await sessions.register(old);
  const closed: [string, EndReason][] = [];
  const sweep = (at: number) =>
    sweepSessions({
      sessions,
      records: async function* () {
        yield [...sessions.records.values()];
      },
      sockets: {
        close: async ({ connectionId, person: whose }, reason) => {
          closed.push([connectionId, reason]);
          await sessions.forget(whose, connectionId);
          return 'closed';
        },
      },
      now: () => SIGNED_IN + at,
    });
  expect(await sweep(15 * MINUTE)).toEqual({ looked: 3, closed: 2 });
  expect(closed).toEqual([
    ['socket-of-phone', 'idle'],
    ['old', 'time-limit'],
  ]);
  expect(await sweep(15 * MINUTE)).toEqual({ looked: 1, closed: 0 });
});

test('the sweep closes nobody who was there since it looked through the sessions', async () => {
  const { sessions, ask } = aPerson();
  await ask('session.open', 0);
  const asLookedAt = [...sessions.records.values()];
  await ask('session.keep', 15 * MINUTE - 1);
  const close = () => {
    throw new Error('somebody who is there was told that they are not');
  };
  const swept = sweepSessions({
    sessions,
    records: async function* () {
      yield asLookedAt;
    },
    sockets: { close },
    now: () => SIGNED_IN + 15 * MINUTE,
  });
  expect(await swept).toEqual({ looked: 1, closed: 0 });
});
