import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { changeMembers } from '../../../functions/domain/change-members.ts';
import { type Head, memberOf } from '../../../functions/domain/conversation.ts';
import { genesisOf } from '../../../functions/domain/entry.ts';
import { idFrom } from '../../../functions/domain/id.ts';
import { conversationLog } from '../../../functions/store/conversations.ts';
import { ends } from '../../../functions/store/ends.ts';
import { guests } from '../../../functions/store/guests.ts';
import { lists } from '../../../functions/store/lists.ts';
import { startDatabase } from '../../fixtures/database.ts';
import { aConversation, aRef, callerNamed } from '../domain/in-memory.ts';

const NOW = 1_800_000_000_000;
const ROUNDS = 4;
const newId = () => idFrom(randomBytes(16));

test('of two conversations that let a guest in at once, one has them; removed there, they may come into the other', async () => {
  const client = await startDatabase(['Conversations', 'People']);
  const log = conversationLog(client, { conversations: 'Conversations', people: 'People' });
  const owner = newId();
  const rooms = {
    ...aConversation([owner], () => NOW).rooms,
    log,
    ends: ends(client, 'Conversations'),
    guests: guests(client, 'People'),
    newId,
    people: {
      profile: async (person: string) => ({ person, roles: ['guest'] }),
      profiles: async (ids: readonly string[]) =>
        new Map(ids.map((person) => [person, { person, roles: ['guest'] }])),
    },
  };
  const change = (conversationId: string, guest: string, kind: 'member.added' | 'member.removed') =>
    changeMembers(rooms, Promise.resolve({ ...callerNamed(owner), askedAt: NOW }), conversationId, {
      ...{ kind, person: guest },
      ...(kind === 'member.added' && { until: new Date(NOW + 60_000).toISOString() }),
    }).then(
      () => 'allowed',
      ({ code }) => code,
    );
  const begun = async () => {
    const head = aHead(owner);
    await log.create(head);
    return head.conversationId;
  };

  for (let round = 0; round < ROUNDS; round += 1) {
    const guest = newId();
    const [here, there] = [await begun(), await begun()];
    const outcomes = await Promise.all([here, there].map((id) => change(id, guest, 'member.added')));
    expect(outcomes.toSorted()).toEqual(['allowed', 'guest-elsewhere']);
    const [first, second] = outcomes[0] === 'allowed' ? [here, there] : [there, here];
    const isIn = async (id: string) => memberOf((await log.head(id)) as Head, guest) !== undefined;
    expect([await isIn(first), await isIn(second)]).toEqual([true, false]);
    expect((await log.newest(second, 6)).length).toBe(0);

    expect(await change(first, guest, 'member.removed')).toBe('allowed');
    expect(await change(second, guest, 'member.added')).toBe('allowed');
    expect(await change(first, guest, 'member.added')).toBe('guest-elsewhere');
    const { listings } = await lists(client, 'People').page(guest, {}, 9);
    expect(listings).toEqual([{ conversationId: second, readUpTo: 0 }]);
  }
});

function aHead(owner: string): Head {
  const conversationId = newId();
  return {
    conversationId,
    kind: 'group',
    members: [{ person: owner, role: 'owner', joined: 0 }],
    membersVersion: 0,
    last: 0,
    lastHash: genesisOf(conversationId, owner, NOW),
    lastAt: NOW,
    retentionDays: 30,
    createdAt: NOW,
    createdBy: owner,
    ref: aRef(),
    founders: randomBytes(32),
  };
}

test('ends that are due come oldest first, all of them, and none that is not', async () => {
  const client = await startDatabase(['Conversations']);
  const store = ends(client, 'Conversations');
  const noted = Array.from({ length: 130 }, (_, nth) => ({
    ...{ conversationId: newId(), person: newId() },
    until: NOW + nth,
  }));
  for (const end of noted.toReversed()) await store.note(end);
  const due: unknown[] = [];
  for await (const part of store.due(NOW + 120)) due.push(...part);
  expect(due).toEqual(noted.slice(0, 121));
});
