import { randomBytes, randomUUID } from 'node:crypto';
import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendMembership } from '../../../functions/domain/append-membership.ts';
import type { Request } from '../../../functions/domain/approvals.ts';
import { isEnded } from '../../../functions/domain/caller.ts';
import type { Head } from '../../../functions/domain/conversation.ts';
import { recordDeletions } from '../../../functions/domain/deletions.ts';
import {
  type Entry,
  hashOf,
  type MembershipChange,
  type MessageEntry,
} from '../../../functions/domain/entry.ts';
import type { Hold } from '../../../functions/domain/holds.ts';
import { idFrom } from '../../../functions/domain/id.ts';
import type { Log } from '../../../functions/domain/log.ts';
import type { WalkPage } from '../../../functions/domain/restamp.ts';
import { conversationLog } from '../../../functions/store/conversations.ts';
import { deletions } from '../../../functions/store/heads.ts';
import { holds } from '../../../functions/store/holds.ts';
import { entryItem } from '../../../functions/store/items.ts';
import { requests } from '../../../functions/store/requests.ts';
import { restamps } from '../../../functions/store/restamps.ts';
import { retention } from '../../../functions/store/retention.ts';
import { stampingStore } from '../../../functions/store/stamping.ts';
import { deletionsIn } from '../../../functions/store/stream.ts';
import { startDatabase } from '../../fixtures/database.ts';
import { aConversation, aRef } from '../domain/in-memory.ts';

const TABLE = 'Conversations';
const NOW = 1_800_000_000_000;
const newId = () => idFrom(randomBytes(16));

let client: DynamoDBDocumentClient;
const teardown: (() => Promise<void>)[] = [];
beforeAll(async () => {
  client = await startDatabase([TABLE, 'People'], (close) => teardown.push(close));
}, 120_000);
afterAll(async () => {
  for (const close of teardown) await close();
});

const log = () => conversationLog(client, { conversations: TABLE, people: 'People' });

async function aHead(): Promise<Head> {
  const ana = newId();
  const head: Head = {
    conversationId: newId(),
    kind: 'group',
    members: [{ person: ana, role: 'owner', joined: 0 }],
    membersVersion: 0,
    last: 0,
    lastHash: new Uint8Array(randomBytes(32)),
    lastAt: NOW,
    retentionDays: 30,
    createdAt: NOW,
    createdBy: ana,
    ref: aRef(),
    founders: new Uint8Array(randomBytes(32)),
  };
  await log().create(head);
  return head;
}

const anEntry = ({ conversationId, createdBy }: Head, seq: number, bytes = 100): MessageEntry => ({
  conversationId,
  seq,
  messageId: newId(),
  sender: createdBy,
  ref: aRef(),
  at: NOW,
  prev: new Uint8Array(randomBytes(32)),
  membersVersion: 0,
  sealed: { epoch: '2027-01', bytes: new Uint8Array(randomBytes(bytes)) },
});

async function walked<T>(page: (after?: string) => Promise<WalkPage<T>>) {
  const found: T[] = [];
  let pages = 0;
  for (let after: string | undefined; ; ) {
    const part = await page(after);
    found.push(...part.found);
    pages += 1;
    if (part.next === undefined) return { found, pages };
    after = part.next;
  }
}

describe('the policy', () => {
  test('is the deployment’s until it is changed; one kind’s days touch no other’s, and what was before is remembered', async () => {
    const policy = retention(client, TABLE, 2_192);
    expect(await policy.standing()).toEqual({ days: { default: 2_192 } });
    const [by, requestedBy] = [newId(), newId()];
    const before = [{ days: { default: 2_192 }, until: NOW + 7 }];
    const cut = { kind: 'direct', days: 365, before, changed: { at: NOW, by, requestedBy } } as const;
    const standing = {
      days: { default: 2_192, direct: 365 },
      ...{ before, changed: { at: NOW, by, requestedBy }, version: 1 },
    };
    expect(await policy.change(await policy.standing(), cut)).toEqual(standing);
    expect(await policy.standing()).toEqual(standing);
    const two = [{ days: { default: 2_192, direct: 365, group: 9 }, until: NOW + 8 }, ...before];
    const alone = { kind: 'default', days: 90, before: two, changed: { at: NOW + 1, by } } as const;
    expect(await policy.change(standing, alone)).toEqual({
      days: { default: 90, direct: 365 },
      ...{ before: two, changed: { at: NOW + 1, by }, version: 2 },
    });
  });

  test('that two change at once is changed by one of them, who saw what stood there', async () => {
    const policy = retention(client, TABLE, 2_192);
    const standing = await policy.standing();
    const changes = await Promise.all(
      [1, 2, 3, 4].map((days) =>
        policy.change(standing, { kind: 'group', days, before: [], changed: { at: NOW, by: newId() } }),
      ),
    );
    expect(changes.filter(Boolean)).toHaveLength(1);
    expect(await policy.standing()).toEqual(changes.find(Boolean));
    const { version: _version, ...first } = standing; // as whoever read it before there was any
    const late = { kind: 'group', days: 5, before: [], changed: { at: NOW, by: newId() } } as const;
    expect(await policy.change(first, late)).toBeUndefined();
  });

  test('remembers what a deployment was set to, changed by nobody, and nothing over somebody else’s change', async () => {
    await client.send(new DeleteCommand({ TableName: TABLE, Key: { pk: 'POLICY', sk: 'RETENTION' } }));
    const policy = retention(client, TABLE, 30);
    const standing = await policy.standing();
    const before = [{ days: { default: 2_192 }, until: NOW + 7 }];
    expect(await policy.remember(standing, before)).toBe(true);
    expect(await policy.remember(standing, [])).toBe(false);
    const remembering = { days: { default: 30 }, before, version: 1 };
    expect(await policy.standing()).toEqual(remembering);
    expect(await retention(client, TABLE, 60).standing()).toEqual({ ...remembering, days: { default: 60 } });
    const raise = { kind: 'group', days: 90, before, changed: { at: NOW, by: newId() } } as const;
    expect(await policy.change(remembering, raise)).toMatchObject({ before, version: 2 });
  });

  test('from before cuts were remembered is read, and changed as any', async () => {
    const changed = { at: NOW, by: newId() };
    const Item = { pk: 'POLICY', sk: 'RETENTION', group: 30, changedAt: changed.at, changedBy: changed.by };
    await client.send(new PutCommand({ TableName: TABLE, Item }));
    const policy = retention(client, TABLE, 2_192);
    const standing = await policy.standing();
    expect(standing).toEqual({ days: { default: 2_192, group: 30 }, changed });
    const before = [{ days: standing.days, until: NOW + 7 }];
    const cut = { kind: 'group', days: 20, before, changed } as const;
    expect(await policy.change(standing, cut)).toMatchObject({
      days: { default: 2_192, group: 20 },
      version: 1,
    });
    expect((await policy.standing()).before).toEqual(before);
  });
});

describe('a request that waits for its second person', () => {
  const aRequest = (requestedBy = newId(), authenticatedAt = NOW - 1): Request => ({
    ...{ operation: 'retention.change', object: 'group-30', requestedBy, authenticatedAt },
    ...{ session: randomUUID(), until: NOW + 9 },
  });

  test('stands once with the sign-in it was asked under, until it is closed or its day is over', async () => {
    const store = requests(client, 'People');
    const [first, second] = [aRequest(), aRequest()];
    expect(await store.ask(first, NOW)).toEqual(first);
    expect(await store.ask(second, NOW + 8)).toEqual(first);
    await store.close(second);
    expect(await store.ask(second, NOW + 8)).toEqual(first);
    expect(await store.ask(second, NOW + 9)).toEqual(second);
    await store.close(second);
    expect(await store.ask(first, NOW)).toEqual(first);
    await store.close(first);
  });

  test('from before sign-ins were kept is as one that any stamp on the person refuses', async () => {
    const by = newId();
    const Item = { pk: 'A#retention.change', sk: 'group-30', by, until: NOW + 9 };
    await client.send(new PutCommand({ TableName: 'People', Item }));
    const standing = await requests(client, 'People').ask(aRequest(), NOW);
    expect(standing).toMatchObject({ requestedBy: by, until: NOW + 9 });
    expect(isEnded({}, standing)).toBe(false);
    expect(isEnded({ revokedUntil: 1 }, standing)).toBe(true);
  });
});

test('askings in a race each get a number of their own, and progress of two at once is kept once', async () => {
  const store = restamps(client, TABLE);
  expect(await store.standing()).toEqual({ asked: 0, done: 0, version: 0 });
  const numbers = await Promise.all(Array.from({ length: 8 }, () => store.ask()));
  expect(numbers.toSorted((one, other) => one - other)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);

  const before = await store.standing();
  const run = { upTo: 8, pass: 'heads', notBefore: NOW } as const;
  const saved = await Promise.all([1, 2, 3].map(() => store.save(before, { ...before, run, days: 30 })));
  expect(saved.filter(Boolean)).toHaveLength(1);
  await store.ask();
  expect(await store.standing()).toEqual({ asked: 9, done: 0, run, days: 30, version: 1 });
  const standing = await store.standing();
  await store.save(standing, { ...standing, run: undefined, done: 8 });
  expect(await store.standing()).toEqual({ asked: 9, done: 8, days: 30, version: 2 });
});

describe('holds', () => {
  const aHold = (): Hold => ({
    ...{ holdId: newId(), reason: 'M-1', people: [newId()], conversations: [], state: 'pending' },
    ...{ placedBy: newId(), placedAt: NOW, restamp: 1 },
  });

  test('stand once, change their state from the one they were seen in, and are all listed', async () => {
    const store = holds(client, TABLE);
    const hold = aHold();
    const placed = await Promise.all([store.place(hold), store.place({ ...hold, reason: 'M-2' })]);
    expect(new Set(placed.map(({ reason }) => reason)).size).toBe(1);
    const standing = (await store.one(hold.holdId)) as Hold;
    const inForce: Hold = { ...standing, state: 'in-force', inForceFrom: NOW };
    expect(await store.replace(standing, inForce)).toBe(true);
    expect(await store.replace(standing, { ...standing, state: 'releasing' })).toBe(false);
    const released: Hold = { ...inForce, state: 'released', releasedBy: [newId(), newId()], releasedAt: NOW };
    await store.replace(inForce, released);
    const other = await store.place(aHold());
    expect((await store.all()).toSorted(byId)).toEqual([released, other].toSorted(byId));
    expect(await store.one(newId())).toBeUndefined();
  });

  test('are noted in a head beside those that are there, and an entry that is written then has no date', async () => {
    const head = await aHead();
    const store = holds(client, TABLE);
    await Promise.all(['h1', 'h2', 'h3'].map((one) => store.keep(head.conversationId, [one])));
    await store.keep(head.conversationId, ['h2']);
    expect((await log().head(head.conversationId))?.holds).toEqual(['h1', 'h2', 'h3']);
    expect(await log().append(anEntry(head, 1), undefined)).toEqual({ outcome: 'stored' });
    expect(await itemsOf(head)).toEqual([expect.not.objectContaining({ expiresAt: expect.anything() })]);
  });

  test('on somebody who is leaving keep what they leave, also one that is placed between the last look and the leaving', async () => {
    const store = holds(client, TABLE);
    const owner = newId();
    for (const comes of ['before', 'between', 'after'] as const) {
      const { conversationId } = await aHead();
      const read = (await log().head(conversationId)) as Head;
      const cleo = newId();
      const hold = { ...aHold(), people: [cleo] };
      const place = async () => {
        await store.place(hold);
        await store.countPlacing();
      };
      const rooms = {
        ...aConversation([owner]).rooms,
        restamps: restamps(client, TABLE),
        holds: store,
        log: log(),
      };
      const change = (kind: 'member.added' | 'member.removed', appending = log()) =>
        appendMembership({ ...rooms, log: appending }, { person: owner }, conversationId, {
          person: cleo,
          changeOf: () => ({ kind, person: cleo, role: 'member' }) as MembershipChange,
          check: () => {},
        });
      await change('member.added');
      if (comes === 'before') await place();
      let times = 0;
      const racing: Log = {
        ...log(),
        appendMembership: async (...given) => {
          times += 1;
          if (comes === 'between' && times === 1) await place();
          return log().appendMembership(...given);
        },
      };
      await change('member.removed', racing);
      if (comes === 'after') await place();
      const left = (await log().head(conversationId)) as Head;
      expect(left.members).toEqual(read.members);
      expect(left.holds).toEqual(comes === 'after' ? undefined : [hold.holdId]);
      expect(times).toBe(comes === 'between' ? 2 : 1);
    }
  });

  const byId = (one: Hold, other: Hold) => (one.holdId < other.holdId ? -1 : 1);
});

describe('stamping', () => {
  test('walks through everything by parts of a megabyte, and changes nothing but the date', async () => {
    const head = await aHead();
    const entries = Array.from({ length: 150 }, (_, nth) => anEntry(head, nth + 1, 8_000));
    await Promise.all(entries.map((entry) => log().append(entry, NOW)));
    const store = stampingStore(client, TABLE);
    const { found, pages } = await walked(store.entries);
    expect(pages).toBeGreaterThan(1);
    const ofIt = found.filter(({ conversationId }) => conversationId === head.conversationId);
    expect(ofIt.map(({ seq }) => seq)).toEqual(entries.map(({ seq }) => seq));
    expect(new Set(ofIt.map(({ storedUntil }) => storedUntil))).toEqual(new Set([NOW]));
    const heads = (await walked(store.heads)).found.map(({ conversationId }) => conversationId);
    expect(heads).toContain(head.conversationId);

    const [first, second] = ofIt;
    if (!first || !second) throw new Error('there is no entry');
    const before = await itemsOf(head);
    await store.stamp(first, undefined);
    await store.stamp(second, NOW + 1_000);
    const [a, b, ...rest] = await itemsOf(head);
    const { expiresAt: _gone, ...dateless } = before[0] ?? {};
    expect(a).toEqual(dateless);
    expect(b).toEqual({ ...before[1], expiresAt: NOW / 1000 + 1 });
    expect(rest).toEqual(before.slice(2));
  });

  test('makes nothing anew that was deleted meanwhile', async () => {
    const head = await aHead();
    const store = stampingStore(client, TABLE);
    const gone = { conversationId: head.conversationId, seq: 9, at: NOW, storedUntil: NOW };
    await store.stamp(gone, NOW + 1_000);
    await store.stamp(gone, undefined);
    await store.bring({ ...head, conversationId: newId() }, { retentionDays: 1, holds: ['h1'] });
    expect(await itemsOf(head)).toEqual([]);
  });

  test('brings a head to days and holds, and keeps a hold that was noted since it was read', async () => {
    const head = await aHead();
    const store = stampingStore(client, TABLE);
    await holds(client, TABLE).keep(head.conversationId, ['old', 'stays']);
    const read = (await log().head(head.conversationId)) as Head;
    await holds(client, TABLE).keep(head.conversationId, ['newer']);
    await store.bring(read, { retentionDays: 90, holds: ['stays', 'added'] });
    expect(await log().head(head.conversationId)).toMatchObject({
      retentionDays: 90,
      holds: ['added', 'newer', 'stays'],
    });
    const again = (await log().head(head.conversationId)) as Head;
    await store.bring(again, { retentionDays: 90, holds: [] });
    expect((await log().head(head.conversationId))?.holds).toBeUndefined();
  });
});

describe('a deletion', () => {
  const record = (entries: readonly Entry[], deletedAt = NOW) =>
    recordDeletions(
      deletions(client, TABLE),
      entries.map((entry) => ({ entry, deletedAt })),
    );

  test('is recorded once by ids and hash, in whichever batches and however often it is told', async () => {
    const head = await aHead();
    const entries = Array.from({ length: 130 }, (_, nth) => anEntry(head, nth + 60));
    await record(entries.slice(0, 100));
    await record(entries.slice(40, 70), NOW + 9_000);
    await record(entries.slice(95).toReversed());
    await record(entries.slice(3, 4), NOW + 9_000);
    const items = await itemsOf(head, 'D#');
    expect(items.map(({ sk }) => sk)).toEqual(['D#000000000000', 'D#000000000100']);
    const recorded = Object.assign({}, ...items.map(({ pk: _pk, sk: _sk, ...ofIt }) => ofIt));
    const wanted = entries.map((entry) => [
      String(entry.seq),
      { id: entry.messageId, hash: Buffer.from(hashOf(entry)).toString('hex'), deletedAt: NOW, days: 30 },
    ]);
    const told = Object.entries<{ hash: Uint8Array }>(recorded).map(([seq, one]) => [
      seq,
      { ...one, hash: Buffer.from(one.hash).toString('hex') },
    ]);
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(wanted));
    expect((await log().head(head.conversationId))?.deletedUpTo).toBe(189);
  });

  test('of a conversation whose head is gone is recorded too, and makes no head', async () => {
    const head = await aHead();
    const Key = { pk: `C#${head.conversationId}`, sk: 'HEAD' };
    await client.send(new DeleteCommand({ TableName: TABLE, Key }));
    await record([anEntry(head, 7)]);
    expect(await itemsOf(head, 'D#')).toHaveLength(1);
    expect((await client.send(new GetCommand({ TableName: TABLE, Key }))).Item).toBeUndefined();
  });

  test('by somebody’s hand is none', async () => {
    const entry = anEntry(await aHead(), 1);
    const OldImage = JSON.parse(
      JSON.stringify(marshall(entryItem(entry, NOW)), (_name, value) =>
        value?.B ? { B: Buffer.from(Object.values(value.B) as number[]).toString('base64') } : value,
      ),
    );
    const dynamodb = { OldImage, ApproximateCreationDateTime: NOW / 1000 };
    const byItsDate = { dynamodb, userIdentity: { principalId: 'dynamodb.amazonaws.com' } };
    const told = deletionsIn({ Records: [{ dynamodb }, byItsDate, { dynamodb: {} }] });
    expect(told.map(({ deletedAt, entry: { seq } }) => [seq, deletedAt])).toEqual([[1, NOW]]);
  });
});

async function itemsOf({ conversationId }: Head, prefix = 'S#') {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: TABLE,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': `C#${conversationId}`, ':prefix': prefix },
      ConsistentRead: true,
    }),
  );
  return Items;
}
