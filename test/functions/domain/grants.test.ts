import { describe, expect, test } from 'vitest';
import { changeMembers, type MembershipWish } from '../../../functions/domain/change-members.ts';
import type { Head } from '../../../functions/domain/conversation.ts';
import { endGrants } from '../../../functions/domain/end-grants.ts';
import type { Profile } from '../../../functions/domain/people.ts';
import { readLog } from '../../../functions/domain/read-log.ts';
import { sendMessage } from '../../../functions/domain/send-message.ts';
import { aConversation, aRef, aText, callerNamed, person } from './in-memory.ts';

const START = 1_800_000_000_000;
const HOUR = 3_600_000;
const END = START + HOUR;
const [ana, ben, cleo] = [person('ana'), person('ben'), person('cleo')];

/** Ana owns it and ben is in it; what cleo is, the test says. */
function aRoom(cleoIs: Partial<Profile> = {}) {
  let time = START;
  const chat = aConversation([ana, ben], () => time);
  const profiles = new Map<string, Profile>(
    [ana, ben].map((one) => [one, { person: one, roles: ['clinician'] }]),
  );
  profiles.set(cleo, { person: cleo, roles: ['clinician'], ...cleoIs });
  const rooms = {
    ...chat.rooms,
    people: {
      profile: async (one: string) => profiles.get(one),
      profiles: async (ids: readonly string[]) =>
        new Map(ids.flatMap((one) => [profiles.get(one) ?? []].flat().map((found) => [one, found] as const))),
    },
    failed: (_: string, error: unknown) => {
      throw error;
    },
  };
  const caller = async (who: string) => ({ ...callerNamed(who), ...profiles.get(who), askedAt: time });
  const outcome = (asked: Promise<unknown>) =>
    asked.then(
      () => 'allowed',
      ({ code }) => code,
    );
  return {
    ...chat,
    rooms,
    profiles,
    at: (to: number) => {
      time = to;
    },
    add: (wish: Omit<Extract<MembershipWish, { kind: 'member.added' }>, 'kind'>) =>
      outcome(changeMembers(rooms, caller(ana), chat.conversationId, { kind: 'member.added', ...wish })),
    send: (who: string) =>
      outcome(
        sendMessage(rooms, caller(who), {
          ref: aRef(),
          conversationId: chat.conversationId,
          since: 0,
          body: aText('hello'),
        }),
      ),
    read: (who: string) =>
      outcome(readLog(rooms, caller(who), 'conversation.read', chat.conversationId, { after: 0 }, 100)),
    end: () => endGrants(rooms),
    seen: async (who: string) =>
      (
        await readLog(rooms, caller(who), 'conversation.read', chat.conversationId, { after: 0 }, 100)
      ).value.entries.map(({ seq }) => seq),
  };
}

test('who may read to an end reads to the millisecond before it, and never writes', async () => {
  const room = aRoom();
  expect(await room.add({ person: cleo, role: 'reader', until: new Date(END).toISOString() })).toBe(
    'allowed',
  );
  room.at(END - 1);
  expect([await room.read(cleo), await room.send(cleo)]).toEqual(['allowed', 'read-only']);
  room.at(END);
  expect([await room.read(cleo), await room.send(cleo)]).toEqual(['not-a-member', 'not-a-member']);
  expect(await room.read(ben)).toBe('allowed');
});

test('who may write to an end hears nothing after it, though nothing was written into the log yet', async () => {
  const room = aRoom();
  await room.add({ person: cleo, until: new Date(END).toISOString() });
  await room.rooms.sessions.register({
    ...{ person: cleo, connectionId: 'socket', session: 's', roles: ['clinician'], authenticatedAt: START },
    expiresAt: END + HOUR,
  });
  room.at(END - 1);
  expect(await room.send(ben)).toBe('allowed');
  expect(room.announced.at(-1)?.to).toHaveLength(1);
  room.at(END);
  expect(await room.send(ben)).toBe('allowed');
  expect(room.announced.at(-1)?.to).toEqual([]);
});

test('at the end the log says that they are gone, once, and they are told; who was given longer stays', async () => {
  const room = aRoom();
  const until = (end: number) => new Date(end).toISOString();
  await room.add({ person: cleo, until: until(END) });
  await room.rooms.sessions.register({
    ...{ person: cleo, connectionId: 'socket', session: 's', roles: ['clinician'], authenticatedAt: START },
    expiresAt: END + 9 * HOUR,
  });
  room.at(END - 1);
  expect(await room.end()).toBe(0);
  expect(await room.add({ person: cleo, until: until(END + HOUR) })).toBe('allowed');
  room.at(END);
  expect(await room.end()).toBe(1); // looked at, and left
  expect(await room.read(cleo)).toBe('allowed');
  room.at(END + HOUR);
  await room.end();
  expect(room.announced.at(-1)).toMatchObject({
    entry: { body: { kind: 'member.removed', person: cleo }, sender: cleo },
    to: [{ connectionId: 'socket' }],
  });
  const length = room.log.entries.length;
  await room.end();
  expect(room.log.entries).toHaveLength(length);
  expect(room.rooms.ends.noted).toEqual([]);
});

test('who comes back after an end sees nothing of what was said between', async () => {
  const room = aRoom();
  await room.add({ person: cleo, until: new Date(END).toISOString() });
  room.at(END);
  await room.send(ben);
  expect(await room.add({ person: cleo })).toBe('allowed');
  await room.send(ben);
  expect(await room.seen(cleo)).toEqual([3, 4]);
});

test('an end lies ahead, and an owner has none', async () => {
  const room = aRoom();
  expect(await room.add({ person: cleo, until: new Date(START).toISOString() })).toBe('malformed');
  expect(await room.add({ person: cleo, role: 'owner', until: new Date(END).toISOString() })).toBe(
    'malformed',
  );
  expect(await room.add({ person: ana, until: new Date(END).toISOString() })).toBe('malformed');
  expect(room.log.entries).toEqual([]);
});

test('a guest needs an end, a caregiver a patient they act for, and an office is no member', async () => {
  const until = new Date(END).toISOString();
  const guest = aRoom({ roles: ['guest'] });
  expect(await guest.add({ person: cleo })).toBe('not-eligible');
  expect(await guest.add({ person: cleo, until })).toBe('allowed');
  expect(await guest.send(cleo)).toBe('allowed');
  expect(await guest.add({ person: cleo, until: new Date(END + HOUR).toISOString() })).toBe('allowed'); // there they may stay

  expect(await aRoom({ roles: ['caregiver'], actsFor: [person('dan')] }).add({ person: cleo })).toBe(
    'not-eligible',
  );
  const caregiver = aRoom({ roles: ['caregiver'], actsFor: [ben] });
  expect(await caregiver.add({ person: cleo })).toBe('allowed');
  expect(await caregiver.send(cleo)).toBe('allowed');
  const { rooms, conversationId, log } = caregiver;
  const leaving = changeMembers(rooms, Promise.resolve(callerNamed(ana)), conversationId, {
    kind: 'member.removed',
    person: ben,
  });
  await leaving;
  expect(await caregiver.send(cleo)).toBe('not-a-member'); // their patient is no longer there
  expect(log.entries).toHaveLength(3);

  for (const office of ['administrator', 'privacy-officer', 'auditor'])
    expect(await aRoom({ roles: [office] }).add({ person: cleo })).toBe('not-eligible');
});

test('a guest’s end is at most ninety days ahead, to the millisecond, and may be set anew; nobody else’s is bounded', async () => {
  const NINETY_DAYS = 90 * 24 * HOUR;
  const until = (end: number) => new Date(end).toISOString();
  const guest = aRoom({ roles: ['guest'] });
  for (const tooFar of [START + NINETY_DAYS + 1, Date.UTC(2999, 0)])
    expect(await guest.add({ person: cleo, until: until(tooFar) })).toBe('not-eligible');
  expect([guest.log.entries, guest.rooms.ends.noted]).toEqual([[], []]);
  expect(await guest.add({ person: cleo, until: until(START + NINETY_DAYS) })).toBe('allowed');
  expect(await guest.add({ person: cleo, until: until(START + NINETY_DAYS + 1) })).toBe('not-eligible');
  guest.at(START + 1);
  expect(await guest.add({ person: cleo, until: until(START + NINETY_DAYS + 1) })).toBe('allowed');
  expect(await aRoom().add({ person: cleo, until: until(START + 9 * NINETY_DAYS) })).toBe('allowed');
});

describe('who becomes a guest', () => {
  const until = new Date(END).toISOString();
  const becomes = (room: ReturnType<typeof aRoom>, ...roles: string[]) =>
    room.profiles.set(cleo, { person: cleo, roles });

  test('has no place where they were let in as something else, not even with an end, until an owner lets them in as a guest', async () => {
    const room = aRoom();
    await room.add({ person: cleo, until });
    await room.rooms.sessions.register({
      ...{ person: cleo, connectionId: 'socket', session: 's', roles: ['guest'], authenticatedAt: START },
      expiresAt: END + HOUR,
    });
    becomes(room, 'guest');
    expect([await room.send(cleo), await room.read(cleo)]).toEqual(['not-a-member', 'not-a-member']);
    await room.send(ben);
    expect(room.announced.at(-1)?.to).toEqual([]);
    expect(await room.add({ person: cleo })).toBe('allowed'); // the end stays
    expect(room.log.places.get(cleo)).toEqual({ conversationId: room.conversationId, seq: 3 });
    expect([await room.send(cleo), await room.read(cleo)]).toEqual(['allowed', 'allowed']);
    const length = room.log.entries.length;
    expect(await room.add({ person: cleo, until })).toBe('allowed'); // it is so
    expect(room.log.entries).toHaveLength(length);
  });

  test('is kept out of nothing by it', async () => {
    const room = aRoom({ roles: ['guest'] });
    const [other, ended] = [
      person('other'),
      { person: cleo, role: 'member', joined: 3, until: END } as const,
    ];
    room.log.heads.set(other, { ...room.head, conversationId: other, members: [ended], membersVersion: 9 });
    room.log.places.set(cleo, { conversationId: other, seq: 3 }); // let in anew since, while they were a clinician
    expect(await room.add({ person: cleo, until })).toBe('allowed');
  });

  test('and goes back to it, has the place that they had as a guest, and no other', async () => {
    const room = aRoom({ roles: ['guest'] });
    await room.add({ person: cleo, until });
    becomes(room, 'staff');
    expect(await room.send(cleo)).toBe('allowed');
    becomes(room, 'guest');
    expect(await room.send(cleo)).toBe('allowed');
    becomes(room, 'staff');
    expect(await room.add({ person: cleo, until })).toBe('allowed'); // as staff
    becomes(room, 'guest');
    expect(await room.send(cleo)).toBe('not-a-member');
  });
});

describe('a guest is in one conversation at a time', () => {
  const until = new Date(END).toISOString();
  const other = person('other');
  /** The guest is in another conversation, to the same end, by its third entry. */
  const elsewhere = (room: ReturnType<typeof aRoom>, state: Partial<Head> = {}) => {
    const members = [{ person: cleo, role: 'member', joined: 3, until: END, guest: true } as const];
    room.log.heads.set(other, { ...room.head, conversationId: other, members, membersVersion: 3, ...state });
    room.log.places.set(cleo, { conversationId: other, seq: 3 });
  };

  test('and is refused in a second, with nothing changed, until their end in the first', async () => {
    const room = aRoom({ roles: ['guest'] });
    elsewhere(room);
    expect(await room.add({ person: cleo, until })).toBe('guest-elsewhere');
    expect([room.log.entries, room.log.places.get(cleo)?.conversationId]).toEqual([[], other]);
    expect(room.rooms.ends.noted).toEqual([]);
    room.at(END);
    expect(await room.add({ person: cleo, until: new Date(END + HOUR).toISOString() })).toBe('allowed');
    expect(room.log.places.get(cleo)).toEqual({ conversationId: room.conversationId, seq: 1 });
  });

  test.each([
    ['they were removed from it', { members: [], membersVersion: 4 }],
    ['it was destroyed', { shreddedAt: START }],
  ])('and may go to another once %s', async (_why, state) => {
    const room = aRoom({ roles: ['guest'] });
    elsewhere(room, state);
    expect(await room.add({ person: cleo, until })).toBe('allowed');
  });

  test('and a change that is only half to be seen is waited for', async () => {
    const room = aRoom({ roles: ['guest'] });
    elsewhere(room, { members: [], membersVersion: 2 });
    expect(await room.add({ person: cleo, until })).toBe('busy');
    expect(room.log.entries).toEqual([]);
  });

  test('and who is let in elsewhere between the look and the write is refused', async () => {
    const room = aRoom({ roles: ['guest'] });
    room.log.turn = async (what) => {
      if (what === 'appendMembership' && !room.log.places.has(cleo)) elsewhere(room);
    };
    expect(await room.add({ person: cleo, until })).toBe('guest-elsewhere');
    expect(room.log.entries).toEqual([]);
  });

  test('and nobody else is held to one', async () => {
    const room = aRoom({ roles: ['guest', 'staff'] });
    elsewhere(room);
    expect(await room.add({ person: cleo, until })).toBe('allowed');
  });
});
