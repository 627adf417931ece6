import { randomBytes } from 'node:crypto';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Head } from '../../../functions/domain/conversation.ts';
import { genesisOf, type MembershipEntry } from '../../../functions/domain/entry.ts';
import { idFrom } from '../../../functions/domain/id.ts';
import { afterChange } from '../../../functions/domain/membership.ts';
import { conversationLog } from '../../../functions/store/conversations.ts';
import { heads, standings } from '../../../functions/store/heads.ts';
import { lists } from '../../../functions/store/lists.ts';
import { startDatabase } from '../../fixtures/database.ts';
import { aRef } from '../domain/in-memory.ts';

let client: DynamoDBDocumentClient;
const teardown: (() => Promise<void>)[] = [];
const newId = () => idFrom(randomBytes(16));

beforeAll(async () => {
  client = await startDatabase(['Conversations', 'People'], (close) => teardown.push(close));
});
afterAll(async () => {
  for (const close of teardown) await close();
});

const log = () => conversationLog(client, { conversations: 'Conversations', people: 'People' });
const store = () => lists(client, 'People');

/** A stored conversation of `owner` and the others. */
async function begun(owner: string, ...others: string[]): Promise<Head> {
  const conversationId = newId();
  const head: Head = {
    conversationId,
    kind: 'group',
    members: [owner, ...others].map((person) => ({
      person,
      role: person === owner ? 'owner' : 'member',
      joined: 0,
    })),
    membersVersion: 0,
    last: 0,
    lastHash: genesisOf(conversationId, owner, 1),
    lastAt: 1,
    retentionDays: 30,
    createdAt: 1,
    createdBy: owner,
    ref: aRef(),
    founders: randomBytes(32),
  };
  await log().create(head);
  return head;
}

/** The head after one change of membership. */
async function changed(head: Head, change: MembershipEntry['change']): Promise<Head> {
  const seq = head.last + 1;
  const entry: MembershipEntry = {
    conversationId: head.conversationId,
    seq,
    messageId: newId(),
    sender: head.createdBy,
    ref: aRef(),
    at: seq,
    prev: head.lastHash,
    membersVersion: seq,
    change,
  };
  const after = afterChange(head, entry, randomBytes(32));
  expect(await log().appendMembership(entry, head, after)).toEqual({ outcome: 'stored' });
  return after;
}

test('a list gives every conversation of one person, by ascending id, in any range and in pages', async () => {
  const [ana, ben] = [newId(), newId()];
  const begin = () => begun(ana, ben);
  const made = await Promise.all(Array.from({ length: 25 }, begin));
  await begun(ben);
  const ids = made.map(({ conversationId }) => conversationId).sort();
  const idsIn = async (range: { after?: string; through?: string }, limit = 100) => {
    const page = await store().page(ana, range, limit);
    return { ids: page.listings.map(({ conversationId }) => conversationId), more: page.more };
  };

  expect(await idsIn({})).toEqual({ ids, more: false });
  const [first, third, last] = [ids[0] ?? '', ids[2] ?? '', ids[24] ?? ''];
  expect(await idsIn({ after: first, through: third })).toEqual({ ids: ids.slice(1, 3), more: false });
  expect(await idsIn({ after: third }, 10)).toEqual({ ids: ids.slice(3, 13), more: true });
  for (const none of [{ after: third, through: first }, { after: third, through: third }, { after: last }]) {
    expect(await idsIn(none)).toEqual({ ids: [], more: false });
  }
});

test('a mark ends at the highest of any race, and is made on no list that lacks the conversation', async () => {
  const [ana, ben] = [newId(), newId()];
  const { conversationId } = await begun(ana, ben);
  const outcomes = await Promise.all([3, 9, 5, 9, 1].map((upTo) => store().mark(ana, conversationId, upTo)));
  for (const [nth, wanted] of [3, 9, 5, 9, 1].entries()) {
    expect(outcomes[nth]).toMatchObject({ outcome: 'marked' });
    expect(outcomes[nth]).toSatisfy(({ upTo }: { upTo: number }) => upTo >= wanted && upTo <= 9);
  }
  expect((await store().page(ana, {}, 9)).listings).toEqual([{ conversationId, readUpTo: 9 }]);
  expect(await store().mark(ana, conversationId, 2)).toEqual({ outcome: 'marked', upTo: 9 });
  expect((await store().page(ben, {}, 9)).listings).toEqual([{ conversationId, readUpTo: 0 }]);

  const stranger = newId();
  expect(await store().mark(stranger, conversationId, 2)).toEqual({ outcome: 'absent' });
  expect((await store().page(stranger, {}, 9)).listings).toEqual([]);
});

test('a mark outlives a change of role, and goes with the member who is removed', async () => {
  const [ana, ben] = [newId(), newId()];
  const head = await begun(ana, ben);
  const { conversationId } = head;
  await store().mark(ben, conversationId, 7);
  const owned = await changed(head, { kind: 'member.added', person: ben, role: 'owner' });
  expect((await store().page(ben, {}, 9)).listings).toEqual([{ conversationId, readUpTo: 7 }]);

  const without = await changed(owned, { kind: 'member.removed', person: ben });
  expect((await store().page(ben, {}, 9)).listings).toEqual([]);
  await changed(without, { kind: 'member.added', person: ben, role: 'member' });
  expect((await store().page(ben, {}, 9)).listings).toEqual([{ conversationId, readUpTo: 0 }]);
});

test('many heads come at once, more than one batch takes, and one that is not there is left out', async () => {
  const ana = newId();
  const made = await Promise.all(Array.from({ length: 130 }, () => begun(ana)));
  const raised = made[0]?.conversationId ?? '';
  const mark = { conversationId: raised, last: 4, lastHash: randomBytes(32), lastAt: 44 };
  await heads(client, 'Conversations').raise(mark);
  const ids = made.map(({ conversationId }) => conversationId);
  const found = await standings(client, 'Conversations').of([...ids, newId()]);
  expect([...found.keys()].sort()).toEqual(ids.toSorted());
  expect(found.get(raised)).toEqual({ last: 4, lastAt: 44, membersVersion: 0 });
  expect(await standings(client, 'Conversations').of([])).toEqual(new Map());
});

test('a log is read backward no further than it is asked', async () => {
  const ana = newId();
  let head = await begun(ana);
  for (let count = 0; count < 8; count += 1) {
    head = await changed(head, { kind: 'member.added', person: newId(), role: 'member' });
  }
  const { entries, more } = await log().backward(head.conversationId, Number.POSITIVE_INFINITY, 3, 4);
  expect([entries.map(({ seq }) => seq), more]).toEqual([[6, 7, 8], true]);
  const rest = await log().backward(head.conversationId, 6, 3, 4);
  expect([rest.entries.map(({ seq }) => seq), rest.more]).toEqual([[5], false]);
});
