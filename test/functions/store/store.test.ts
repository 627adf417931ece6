import { randomBytes } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Head } from '../../../functions/domain/conversation.ts';
import { genesisOf, type MembershipEntry, type MessageEntry } from '../../../functions/domain/entry.ts';
import { idFrom } from '../../../functions/domain/id.ts';
import type { Socket } from '../../../functions/domain/session-record.ts';
import { conversationLog } from '../../../functions/store/conversations.ts';
import { heads } from '../../../functions/store/heads.ts';
import { entryItem } from '../../../functions/store/items.ts';
import { people } from '../../../functions/store/people.ts';
import { sessions } from '../../../functions/store/sessions.ts';
import { stamps } from '../../../functions/store/stamps.ts';
import { entriesIn } from '../../../functions/store/stream.ts';
import { wrappedKeys } from '../../../functions/store/wrapped-keys.ts';
import { startDatabase } from '../../fixtures/database.ts';
import { aRef, person } from '../domain/in-memory.ts';

let client: DynamoDBDocumentClient;
const teardown: (() => Promise<void>)[] = [];
const ana = person('ana');
const ben = person('ben');
const newId = () => idFrom(randomBytes(16));

beforeAll(async () => {
  client = await startDatabase(['Conversations', 'People', 'Sessions', 'Keys'], (close) =>
    teardown.push(close),
  );
}, 120_000);
afterAll(async () => {
  for (const close of teardown) await close();
});

function aHead(): Head {
  const conversationId = newId();
  return {
    conversationId,
    kind: 'group',
    members: [
      { person: ana, role: 'owner', joined: 0 },
      { person: ben, role: 'member', joined: 0 },
    ],
    membersVersion: 0,
    last: 0,
    lastHash: genesisOf(conversationId, ana, 1),
    lastAt: 1_800_000_000_000,
    retentionDays: 30,
    createdAt: 1_800_000_000_000,
    createdBy: ana,
    ref: aRef(),
    founders: randomBytes(32),
    title: { epoch: '2026-11', bytes: randomBytes(90) },
  };
}

function anEntry(head: Head, seq: number): MessageEntry {
  return {
    conversationId: head.conversationId,
    seq,
    messageId: newId(),
    sender: ana,
    ref: aRef(),
    at: 1_800_000_000_000 + seq,
    prev: randomBytes(32),
    membersVersion: head.membersVersion,
    sealed: { epoch: '2026-11', bytes: randomBytes(400) },
  };
}

/** Far in the future: DynamoDB may delete the entry from then on. */
const UNTIL = 4_000_000_000_001;

describe('the log', () => {
  const open = () => conversationLog(client, { conversations: 'Conversations', people: 'People' });

  test('gives back the head and the entries that were put, to the last byte and in order from either end', async () => {
    const log = open();
    const head = aHead();
    expect(await log.create(head)).toEqual({ outcome: 'created' });
    expect(plain(await log.head(head.conversationId))).toEqual(plain(head));

    const entries = Array.from({ length: 12 }, (_, place) => anEntry(head, place + 1));
    for (const entry of entries) expect(await log.append(entry, UNTIL)).toEqual({ outcome: 'stored' });
    expect(plain(await log.newest(head.conversationId, 6))).toEqual(plain(entries.slice(-6)));
    const forward = await log.forward(head.conversationId, 3, 5);
    expect(plain(forward)).toEqual(plain({ entries: entries.slice(3, 8), more: true }));
    const backward = await log.backward(head.conversationId, 5, 100);
    expect(plain(backward)).toEqual(plain({ entries: entries.slice(0, 4), more: false }));
  });

  test('lets one of many racing entries have a place, and hands the others the winner', async () => {
    const log = open();
    const head = aHead();
    await log.create(head);
    const racers = Array.from({ length: 20 }, () => anEntry(head, 1));
    const outcomes = await Promise.all(racers.map((racer) => log.append(racer, UNTIL)));
    const stored = racers.filter((_, place) => outcomes[place]?.outcome === 'stored');
    expect(stored).toHaveLength(1);
    const lost = outcomes.filter((outcome) => outcome.outcome === 'lost');
    expect(lost).toHaveLength(19);
    for (const outcome of lost) expect(plain(outcome)).toEqual(plain({ outcome: 'lost', winner: stored[0] }));
  });

  test('changes members and log together, and neither where the head or the place has moved on', async () => {
    const log = open();
    const head = aHead();
    await log.create(head);
    const { sealed: _sealed, ...fields } = anEntry(head, 1);
    const entry: MembershipEntry = {
      ...fields,
      membersVersion: 1,
      change: { kind: 'member.removed', person: ben },
    };
    const after: Head = {
      ...head,
      members: head.members.slice(0, 1),
      membersVersion: 1,
      last: 1,
      lastHash: randomBytes(32),
    };
    expect(await log.appendMembership(entry, head, after)).toEqual({ outcome: 'stored' });
    expect(plain(await log.head(head.conversationId))).toEqual(plain(after));
    expect(plain(await log.newest(head.conversationId, 6))).toEqual(plain([entry]));

    expect(await log.appendMembership({ ...entry, seq: 2 }, head, after)).toEqual({ outcome: 'conflict' });
    expect(await log.appendMembership(entry, after, { ...after, membersVersion: 2 })).toEqual({
      outcome: 'conflict',
    });
    expect(await log.rebuild(head, after)).toBe(false);
    expect(plain(await log.head(head.conversationId))).toEqual(plain(after));
  });

  test('creates a conversation once in any race, and answers the others with the one that stands', async () => {
    const log = open();
    const head = aHead();
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, by) => log.create({ ...head, createdAt: by })),
    );
    expect(outcomes.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
  });
});

describe('heads', () => {
  test('are raised and never lowered, and one that is gone is not made again', async () => {
    const log = conversationLog(client, { conversations: 'Conversations', people: 'People' });
    const head = aHead();
    await log.create(head);
    const marks = heads(client, 'Conversations');
    const { conversationId } = head;
    await Promise.all(
      [3, 9, 5, 9, 1].map((last) =>
        marks.raise({ conversationId, last, lastHash: randomBytes(32), lastAt: last }),
      ),
    );
    expect(await log.head(conversationId)).toMatchObject({ last: 9, lastAt: 9 });
    await marks.raise({ conversationId: newId(), last: 1, lastHash: randomBytes(32), lastAt: 1 });
  });

  test('follow from a batch of the stream as Lambda hands it over', () => {
    const entry = anEntry(aHead(), 7);
    const image = marshall(entryItem(entry, UNTIL));
    const asJson = JSON.parse(
      JSON.stringify(image, (_name, value) =>
        value?.B ? { B: Buffer.from(Object.values(value.B) as number[]).toString('base64') } : value,
      ),
    );
    const records = [
      { dynamodb: { NewImage: asJson } },
      { dynamodb: {} },
      { dynamodb: { OldImage: asJson } },
    ];
    expect(plain(entriesIn({ Records: records }))).toEqual(plain([entry, entry]));
  });
});

describe('sessions', () => {
  const socket = (connectionId: string): Socket => ({
    person: newSessionPerson,
    connectionId,
    session: 'sign-in',
    roles: ['clinician'],
    authenticatedAt: 1_000,
    expiresAt: 2_000,
  });
  const newSessionPerson = newId();

  test('list every socket that was registered at once, and forget one of them', async () => {
    const store = sessions(client, 'Sessions', () => 1_800_000_000_000);
    expect(await store.of(newSessionPerson)).toEqual({ sockets: [] });
    const all = ['L0SM9cOFvHcCIhw=', 'b=', 'c=', 'd='].map(socket);
    await Promise.all(all.map((each) => store.register(each)));
    const listed = await store.of(newSessionPerson);
    expect(new Set(listed.sockets)).toEqual(new Set(all));

    await store.forget(newSessionPerson, 'b=');
    await store.forget(newSessionPerson, 'b=');
    await store.forget(newId(), 'nobody=');
    const many = await store.ofMany([newSessionPerson, newId()]);
    expect([...many.keys()]).toEqual([newSessionPerson]);
    expect(many.get(newSessionPerson)?.sockets).toHaveLength(3);
  });
});

describe('sign-ins', () => {
  test('are noted with the socket that is listed, or alone; with their device; and forgotten as named', async () => {
    const who = newId();
    const now = 1_800_000_000_000;
    const store = sessions(client, 'Sessions', () => now);
    const token = (session: string) => ({
      person: who,
      session,
      authenticatedAt: now - 9,
      expiresAt: now + 9,
    });
    await store.noteSeen(token('web'), now - 3, false, []);
    await store.register({ ...token('phone'), connectionId: 'one=', roles: [] });
    await store.noteSeen(token('old'), now - 5, true, []);
    await store.noteDevice(who, 'phone', 'tablet');
    await store.noteDevice(who, 'old', 'computer');
    const seen = (at: number) => ({ authenticatedAt: now - 9, expiresAt: now + 9, at });
    expect(await store.of(who)).toMatchObject({
      seen: new Map([
        ['web', seen(now - 3)],
        ['phone', seen(now)],
        ['old', seen(now - 5)],
      ]),
      activeAt: new Map([['old', now - 5]]),
      devices: new Map([
        ['phone', 'tablet'],
        ['old', 'computer'],
      ]),
    });

    await store.noteSeen(token('web'), now + 1, true, ['old']);
    await store.register(
      { ...token('phone'), connectionId: 'two=', roles: [] },
      { connections: ['one='], signIns: ['web'] },
    );
    const record = await store.of(who);
    expect([record.seen, record.activeAt]).toEqual([new Map([['phone', seen(now)]]), undefined]);
    expect(record.devices).toEqual(new Map([['phone', 'tablet']]));
    expect(record.sockets.map(({ connectionId }) => connectionId)).toEqual(['two=']);
  });
});

describe('stamps', () => {
  const now = 1_800_000_000_000;
  const signIn = (place: number) => `0192f0c1-7c00-7000-8000-${String(place).padStart(12, '0')}`;
  const socketOf = (person: string, place: number, authenticatedAt = now): Socket => ({
    ...{ person, connectionId: `socket-${place}=`, session: signIn(place), roles: [], authenticatedAt },
    expiresAt: now + 900_000,
  });
  const at = (time: number) => ({
    listed: sessions(client, 'Sessions', () => time),
    ended: stamps(client, 'Sessions', () => time),
  });

  test('of a person refuse, tell which sockets are listed, outlive every token, and never move back', async () => {
    const who = newId();
    const { listed, ended } = at(now);
    expect(await ended.endAll(who, now - 9)).toEqual({ revokedUntil: now - 9, sockets: [] });
    const sockets = [socketOf(who, 1), socketOf(who, 2)];
    expect(await Promise.all(sockets.map((each) => listed.register(each)))).toEqual([true, true]);

    const raced = await Promise.all([3, 1, 5, 2, 4].map((later) => ended.endAll(who, now + later)));
    for (const record of raced) expect(record.sockets).toHaveLength(2);
    expect((await listed.of(who)).revokedUntil).toBe(now + 5);
    expect((await ended.endAll(who, now + 4)).revokedUntil).toBe(now + 5);
    const { Item } = await client.send(new GetCommand({ TableName: 'Sessions', Key: { pk: `P#${who}` } }));
    expect(Item?.expiresAt).toBeGreaterThan(now / 1000 + 12.25 * 3600);
  });

  test('keep a socket off the list whose sign-in was ended, to the millisecond, first socket or later', async () => {
    const who = newId();
    const { listed, ended } = at(now);
    await ended.endAll(who, now);
    expect(await listed.register(socketOf(who, 1, now))).toBe(false);
    expect((await listed.of(who)).sockets).toEqual([]);
    expect(await listed.register(socketOf(who, 2, now + 1))).toBe(true);
    expect(await listed.register(socketOf(who, 3, now))).toBe(false);
    await ended.endOne(who, signIn(4));
    expect(await listed.register(socketOf(who, 4, now + 1), { connections: ['socket-2='] })).toBe(false);
    expect((await listed.of(who)).sockets.map(({ connectionId }) => connectionId)).toEqual(['socket-2=']);
  });

  test('that are set between the two writes of a first socket keep it off the list too', async () => {
    const who = newId();
    let stamped: Promise<unknown> | undefined;
    const racing = {
      send: async (command: PutCommand) => {
        const answer = client.send(command);
        await answer.catch(() => {});
        stamped ??= at(now).ended.endAll(who, now);
        await stamped;
        return answer;
      },
    } as unknown as DynamoDBDocumentClient;
    expect(await sessions(racing, 'Sessions', () => now).register(socketOf(who, 1, now))).toBe(false);
    expect((await at(now).listed.of(who)).sockets).toEqual([]);
  });

  test('of single sign-ins stand beside each other, at most fifty, and make room a day later', async () => {
    const who = newId();
    const { ended, listed } = at(now);
    const places = Array.from({ length: 50 }, (_, place) => place);
    await Promise.all(places.map((place) => ended.endOne(who, signIn(place))));
    expect((await listed.of(who)).ended).toEqual(new Set(places.map(signIn)));
    expect(await ended.endOne(who, signIn(50))).toBe('full');
    expect(await ended.endOne(who, signIn(7))).toMatchObject({ sockets: [] }); // once more is no more

    const almost = at(now + 25 * 3_600_000 - 1_000);
    expect(await almost.ended.endOne(who, signIn(50))).toBe('full');
    const after = at(now + 25 * 3_600_000 + 1_000);
    expect(await after.ended.endOne(who, signIn(50))).toMatchObject({ ended: new Set([signIn(50)]) });
  });
});

test('people are known by their profile alone', async () => {
  await client.send(
    new PutCommand({ TableName: 'People', Item: { pk: `P#${ana}`, sk: 'PROFILE', roles: ['patient'] } }),
  );
  const store = people(client, 'People');
  expect(await store.profile(ana)).toEqual({ person: ana, roles: ['patient'] });
  const withSub = { pk: `P#${ana}`, sk: 'PROFILE', roles: ['patient'], sub: 's-1' };
  await client.send(new PutCommand({ TableName: 'People', Item: withSub }));
  expect(await store.profile(ana)).toMatchObject({ sub: 's-1' });
  expect(await store.profile(newId())).toBeUndefined();
  const known = await store.profiles([ana, ana, newId()]);
  expect(known).toEqual(new Map([[ana, { person: ana, roles: ['patient'], sub: 's-1' }]]));
});

test('a wrapped key is written once; who comes later gets the one that stands', async () => {
  const store = wrappedKeys(client, 'Keys');
  const conversationId = newId();
  const first = { wrapped: new Uint8Array(randomBytes(60)), under: '2026-11' };
  expect(plain(await store.putConversationKey(conversationId, '2026-11', first))).toEqual(plain(first));
  const later = { wrapped: new Uint8Array(randomBytes(60)), under: '2026-12' };
  expect(plain(await store.putConversationKey(conversationId, '2026-11', later))).toEqual(plain(first));
  expect(plain(await store.conversationKey(conversationId, '2026-11'))).toEqual(plain(first));
  expect(await store.organisationKey('1999-01')).toBeUndefined();
});

/** Bytes as hex, so that a Buffer and a Uint8Array of the same bytes are the same. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]));
  }
  return value;
}
