import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Profile } from '../../../functions/domain/people.ts';
import { entitler } from '../../../functions/store/entitler.ts';
import { keys } from '../../../functions/store/keys.ts';
import { everybody, profiles } from '../../../functions/store/profiles.ts';
import { quarterLists } from '../../../functions/store/quarter-lists.ts';
import { sessions } from '../../../functions/store/sessions.ts';
import { stamps } from '../../../functions/store/stamps.ts';
import { startDatabase } from '../../fixtures/database.ts';
import { person } from '../domain/in-memory.ts';

let client: DynamoDBDocumentClient;
const teardown: (() => Promise<void>)[] = [];
const [ana, ben, cleo] = [person('ana'), person('ben'), person('cleo')];
beforeAll(async () => {
  client = await startDatabase(['People', 'Sessions'], (close) => teardown.push(close));
}, 120_000);
afterAll(async () => {
  for (const close of teardown) await close();
});

test('a profile is kept once, changed by one writer of a version, and keeps what no change names', async () => {
  const store = profiles(client, 'People');
  const first: Profile = { person: ana, roles: ['caregiver'], actsFor: [ben], site: 'north', sub: 's' };
  expect(await store.add(first)).toBeUndefined();
  expect(await store.add({ person: ana, roles: ['auditor'] })).toEqual(first);
  const { Item } = await client.send(new GetCommand({ TableName: 'People', Key: keys.profile(ana) }));
  await client.send(new PutCommand({ TableName: 'People', Item: { ...Item, sealed: 'a name' } }));

  const moved: Profile = { person: ana, roles: [], formerRoles: ['staff'], sub: 's', version: 1 };
  const outcomes = await Promise.all([store.change(first, moved), store.change(first, moved)]);
  expect(outcomes.sort()).toEqual([false, true]);
  await store.recertify(ana, 7);
  expect(await store.profile(ana)).toEqual({ ...moved, recertifiedAt: 7 });
  expect(await store.change(first, moved)).toBe(false);
  expect(await store.change(moved, { person: ana, roles: ['staff'], sub: 's', version: 2 })).toBe(true);
  expect(await store.profile(ana)).toEqual({
    person: ana,
    roles: ['staff'],
    sub: 's',
    version: 2,
    recertifiedAt: 7,
  });
  const after = await client.send(new GetCommand({ TableName: 'People', Key: keys.profile(ana) }));
  expect(after.Item).toMatchObject({ sealed: 'a name' });
  expect(await store.change({ person: cleo, roles: [] }, moved)).toBe(false); // nobody is made by a change
});

test('what somebody is goes by the newest change, beside sockets and stamps', async () => {
  const record = sessions(client, 'Sessions', () => 1_000);
  const { entitle } = entitler(client, 'Sessions', () => 1_000);
  await entitle(ben, { roles: ['staff'], site: 'north' }, 1);
  await entitle(ben, { roles: [], actsFor: [ana] }, 3);
  await entitle(ben, { roles: ['auditor'] }, 2); // was under way for long
  await stamps(client, 'Sessions', () => 1_000).endAll(ben, 5);
  expect(await record.of(ben)).toMatchObject({ revokedUntil: 5, entitled: { roles: [], actsFor: [ana] } });
  expect((await record.of(ben)).entitled).not.toHaveProperty('site');
});

test('everybody is found among everything else, page by page, and stands on a list that remembers verdicts', async () => {
  const store = profiles(client, 'People');
  const many = Array.from(
    { length: 120 },
    (_, nth) => `${'abcdefghij'[nth % 10]}${'abcdefghijkl'[Math.floor(nth / 10)]}`,
  );
  await Promise.all(many.map((name) => store.add({ person: person(name), roles: ['patient'] })));
  const listings = many.map((name) => ({ ...keys.listing(ben, person(name)) }));
  await Promise.all(listings.map((Item) => client.send(new PutCommand({ TableName: 'People', Item }))));
  const found: Profile[] = [];
  let pages = 0;
  for (let place: string | undefined; ; pages += 1) {
    const { people, next } = await everybody(client, 'People', 50).everybody(place);
    found.push(...people);
    if (next === undefined) break;
    place = next;
  }
  expect(pages).toBeGreaterThan(3);
  const ids = found.map((one) => one.person);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(expect.arrayContaining(many.map(person)));

  const lists = quarterLists(client, 'People');
  const begun = { quarter: '2026-Q4', openedAt: 1, openedBy: ana, isFilled: false };
  expect(await lists.begin(begun)).toEqual(begun);
  expect(await lists.begin({ ...begun, openedBy: ben })).toEqual(begun);
  await lists.filledTo('2026-Q4', 'somewhere');
  expect(await lists.list('2026-Q4')).toEqual({ ...begun, place: 'somewhere' });
  await lists.fill('2026-Q4', found);
  await lists.fill('2026-Q4', [{ person: person('aa'), roles: ['auditor'] }]); // stands there already
  await lists.filledTo('2026-Q4', undefined);
  expect(await lists.list('2026-Q4')).toEqual({ ...begun, isFilled: true });
  const entry = { person: person('aa'), roles: ['patient'] };
  expect(await lists.entry('2026-Q4', person('aa'))).toEqual(entry);
  const signed = { ...entry, verdict: 'keep' as const, signedBy: ana, signedAt: 9 };
  expect(await lists.sign('2026-Q4', signed)).toEqual(signed);
  expect(await lists.sign('2026-Q4', { ...signed, verdict: 'remove', signedBy: ben })).toEqual(signed);
  expect(await lists.count('2026-Q4')).toEqual({ people: ids.length, waiting: ids.length - 1 });
  const first = await lists.page('2026-Q4', undefined, 100);
  const rest = await lists.page('2026-Q4', first.entries.at(-1)?.person, 100);
  expect([first.more, rest.more]).toEqual([true, false]);
  expect([...first.entries, ...rest.entries].map((one) => one.person)).toEqual([...ids].sort());
  expect(await lists.list('2026-Q3')).toBeUndefined();
});
