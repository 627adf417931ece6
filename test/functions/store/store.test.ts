import { randomBytes } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Socket } from '../../../functions/domain/caller.ts';
import type { Head } from '../../../functions/domain/conversation.ts';
import { genesisOf, type MembershipEntry, type MessageEntry } from '../../../functions/domain/entry.ts';
import { idFrom } from '../../../functions/domain/id.ts';
import { conversationLog } from '../../../functions/store/conversations.ts';
import { heads } from '../../../functions/store/heads.ts';
import { entryItem } from '../../../functions/store/items.ts';
import { people } from '../../../functions/store/people.ts';
import { sessions } from '../../../functions/store/sessions.ts';
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

describe('the log', () => {
  const open = () => conversationLog(client, { conversations: 'Conversations', people: 'People' });

  test('gives back the head and the entries that were put, to the last byte and in order from either end', async () => {
    const log = open();
    const head = aHead();
    expect(await log.create(head)).toEqual({ outcome: 'created' });
    expect(plain(await log.head(head.conversationId))).toEqual(plain(head));

    const entries = Array.from({ length: 12 }, (_, place) => anEntry(head, place + 1));
    for (const entry of entries) expect(await log.append(entry)).toEqual({ outcome: 'stored' });
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
    const outcomes = await Promise.all(racers.map((racer) => log.append(racer)));
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
    const image = marshall(entryItem(entry));
    const asJson = JSON.parse(
      JSON.stringify(image, (_name, value) =>
        value?.B ? { B: Buffer.from(Object.values(value.B) as number[]).toString('base64') } : value,
      ),
    );
    expect(plain(entriesIn({ Records: [{ dynamodb: { NewImage: asJson } }, { dynamodb: {} }] }))).toEqual(
      plain([entry]),
    );
  });
});

describe('sessions', () => {
  const socket = (connectionId: string): Socket => ({
    person: newSessionPerson,
    connectionId,
    session: 'sign-in',
    roles: ['clinician'],
    issuedAt: 1_000,
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

test('people are known by their profile alone', async () => {
  await client.send(
    new PutCommand({ TableName: 'People', Item: { pk: `P#${ana}`, sk: 'PROFILE', roles: ['patient'] } }),
  );
  const store = people(client, 'People');
  expect(await store.profile(ana)).toEqual({ person: ana, roles: ['patient'] });
  expect(await store.profile(newId())).toBeUndefined();
  expect(await store.known([ana, ana, newId()])).toEqual(new Set([ana]));
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
