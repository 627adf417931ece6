import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Person } from '../fixtures/deployed.ts';
import { everywhere, seen } from '../fixtures/observed/read-paths.ts';
import { stamped } from '../fixtures/observed/stamped.ts';
import { tableOf } from '../fixtures/observed/stored.ts';
import { report } from '../fixtures/results.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { signInAgain } from '../fixtures/sign-in-again.ts';
import { PATIENCE, sending, upTo } from './promises/clinic.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const DEPLOYED_DAYS = 2_192; // six years, the default of a deployment

let run: Run;
let people: Readonly<Record<'ana' | 'ben' | 'cleo' | 'olga' | 'otto' | 'adam' | 'aida', Person>>;

beforeAll(async () => {
  run = await startRun();
  people = {
    ana: await run.person('ana-1', 'clinician'),
    ben: await run.person('ben-1', 'patient'),
    cleo: await run.person('cleo-1', 'staff'),
    olga: await run.person('olga-1', 'privacy-officer'),
    otto: await run.person('otto-1', 'privacy-officer'),
    adam: await run.person('adam-1', 'administrator'),
    aida: await run.person('aida-1', 'auditor'),
  };
}, PATIENCE);
afterAll(() => run.close());

test('policy and holds are the privacy officer’s: refused to everybody else, with nothing changed', async () => {
  const id = await group(people.ana, people.ben);
  const { olga, otto: _otto, ...others } = people;
  const before = (await run.request(olga, 'GET', 'admin/retention')).body;
  const refused = { status: 403, body: { code: 'not-allowed' } };
  for (const [name, person] of Object.entries(others)) {
    for (const days of [36_500, 1]) {
      const wanted = { kind: 'group', days };
      expect(await run.request(person, 'POST', 'admin/retention', wanted), name).toMatchObject(refused);
    }
    const wish = { ref: randomUUID(), reason: 'M-1', conversations: [id] };
    expect(await run.request(person, 'POST', 'admin/holds', wish), name).toMatchObject(refused);
    expect(await run.request(person, 'GET', 'admin/holds'), name).toMatchObject(refused);
    const release = `admin/holds/${id}/release`;
    expect(await run.request(person, 'POST', release, {}), name).toMatchObject(refused);
    const mayLook = name === 'adam' || name === 'aida';
    expect((await run.request(person, 'GET', 'admin/retention')).status, name).toBe(mayLook ? 200 : 403);
  }
  for (const kind of ['group', 'direct', 'default']) {
    expect(await run.request(olga, 'POST', 'admin/retention', { kind, days: 1 }), kind).toMatchObject({
      status: 200,
      body: { state: 'awaiting-second-person', requestedBy: olga.id },
    });
  }
  expect((await run.request(olga, 'GET', 'admin/retention')).body).toEqual(before);
  expect((await run.request(olga, 'GET', 'admin/holds')).body).toEqual({ holds: [] });
});

test(
  'a changed policy holds at once on every read path, shorter and longer',
  async () => {
    const { person: ana } = await signedIn('ana');
    const id = await group(ana, people.ben);
    await say(id, 3);
    run.stack.clock.advance(2 * DAY);
    await say(id, 2);

    const officer = (await signedIn('olga')).person;
    const second = (await signedIn('otto')).person;
    const reader = await signedIn('ana');
    const seenNow = () => seen(run, reader.person, reader.socket, id);
    const cut = { kind: 'group', days: 1 };
    expect((await run.request(officer, 'POST', 'admin/retention', cut)).body).toMatchObject({
      state: 'awaiting-second-person',
      requestedBy: people.olga.id,
    });
    expect(await seenNow()).toMatchObject({ ...everywhere([1, 2, 3, 4, 5]), floor: 0 });
    const changed = await run.request(second, 'POST', 'admin/retention', cut);
    expect(changed).toMatchObject({ status: 200, body: { default: DEPLOYED_DAYS, group: 1 } });
    expect(changed.body).toMatchObject({ changedBy: people.otto.id, requestedBy: people.olga.id });
    expect(await seenNow()).toMatchObject({ ...everywhere([4, 5]), floor: 3, unread: 2 });
    await run.request(officer, 'POST', 'admin/retention', { kind: 'direct', days: 4_000 });
    expect(await seenNow()).toMatchObject(everywhere([4, 5]));

    const again = await signedIn('olga');
    const standing = (await run.request(again.person, 'GET', 'admin/retention')).body;
    expect(standing).toMatchObject({
      default: DEPLOYED_DAYS,
      group: 1,
      direct: 4_000,
      changedBy: people.olga.id,
    });
    const back = await signedIn('ana');
    await run.request(again.person, 'POST', 'admin/retention', { kind: 'group', days: DEPLOYED_DAYS });
    expect(await seen(run, back.person, back.socket, id)).toMatchObject(everywhere([1, 2, 3, 4, 5]));
    await stamped(run);
    for (const { expiresAt, at } of await itemsOf(id)) {
      expect(Math.round((expiresAt * 1000 - at) / DAY)).toBe(DEPLOYED_DAYS + 7);
    }
  },
  PATIENCE,
);

test(
  'a cut that waits falls with the sign-in that asked for it, and anew it takes two; taking it back takes one',
  async () => {
    const cut = { kind: 'group', days: 2_000 };
    const ask = async ({ person }: { person: Person }, wanted = cut) => {
      const { status, body } = await run.request(person, 'POST', 'admin/retention', wanted);
      return { status, ...(body as Record<string, unknown>) };
    };
    const waits = { status: 200, state: 'awaiting-second-person' };
    expect(await ask(await signedIn('olga'))).toMatchObject(waits);
    const { person: adam } = await signedIn('adam');
    const revoked = await run.request(adam, 'POST', 'admin/revocations', { person: people.olga.id });
    expect(revoked.status).toBe(200);

    const second = await signedIn('otto');
    const before = (await run.request(second.person, 'GET', 'admin/retention')).body;
    expect(await ask(second)).toMatchObject({ status: 403, code: 'not-allowed' });
    expect((await run.request(second.person, 'GET', 'admin/retention')).body).toEqual(before);
    expect(await ask(second)).toMatchObject({ ...waits, requestedBy: people.otto.id });
    const first = await signedIn('olga');
    expect(await ask(first)).toMatchObject({ group: 2_000, requestedBy: people.otto.id });
    for (const kind of ['group', 'default']) {
      const longer = await ask(first, { kind, days: DEPLOYED_DAYS });
      expect(longer).toMatchObject({ [kind]: DEPLOYED_DAYS, changedBy: people.olga.id });
      expect(longer).not.toHaveProperty('requestedBy');
    }
  },
  PATIENCE,
);

test(
  'six years pass: what expired is told by no path and deleted a week later, what is held is kept, and what two people release goes',
  async () => {
    const { clock } = run.stack;
    const { person: ana } = await signedIn('ana');
    const free = await group(ana, people.ben);
    const held = await group(ana, people.ben);
    const hers = await group(ana, people.ben, people.cleo);
    for (const id of [free, held, hers]) await say(id, 3);

    const { person: olga } = await signedIn('olga');
    const wish = { ref: randomUUID(), reason: 'M-2026-17', conversations: [held], people: [people.cleo.id] };
    const placed = await run.request(olga, 'POST', 'admin/holds', wish);
    expect(placed).toMatchObject({ status: 201, body: { state: 'pending', reason: 'M-2026-17' } });
    const { holdId } = placed.body as { holdId: string };
    await stamped(run);
    expect(await theHold(holdId)).toMatchObject({ state: 'in-force', inForceFrom: expect.any(String) });
    const later = await group((await signedIn('ana')).person, people.ben, people.cleo);
    await say(later, 1);
    expect(await dates(free)).toEqual([true, true, true]);
    for (const id of [held, hers, later]) expect(new Set(await dates(id)), id).toEqual(new Set([false]));

    clock.advance(DEPLOYED_DAYS * DAY);
    const reader = await signedIn('ana');
    for (const id of [free, held, hers, later]) {
      const nothing = { ...everywhere([]), unread: 0 };
      expect(await seen(run, reader.person, reader.socket, id)).toMatchObject(nothing);
      expect((await itemsOf(id)).length).toBe(id === later ? 1 : 3); // nothing is deleted yet
    }
    clock.advance(8 * DAY);
    await expect.poll(() => itemsOf(free), { timeout: 60_000 }).toEqual([]);
    await expect.poll(() => recorded(free), { timeout: 60_000 }).toEqual(['1', '2', '3']);
    expect(await heldStill([held, hers, later])).toEqual([3, 3, 1]);

    // six more years under the hold: longer than DynamoDB still heeds a date
    clock.advance(DEPLOYED_DAYS * DAY);
    const first = await signedIn('olga');
    const release = `admin/holds/${holdId}/release`;
    expect(await run.request(first.person, 'POST', release, {})).toMatchObject({
      status: 200,
      body: { state: 'awaiting-second-person', requestedBy: people.olga.id },
    });
    const alone = await run.request(first.person, 'POST', release, {});
    expect(alone.body).toMatchObject({ state: 'awaiting-second-person' });
    for (const name of ['adam', 'ana'] as const) {
      const { person } = await signedIn(name);
      expect((await run.request(person, 'POST', release, {})).status, name).toBe(403);
    }
    expect(await theHold(holdId)).toMatchObject({ state: 'in-force' });
    expect(await heldStill([held, hers, later])).toEqual([3, 3, 1]);

    const second = await signedIn('otto');
    expect((await run.request(second.person, 'POST', release, {})).body).toMatchObject({
      state: 'releasing',
      releasedBy: [people.olga.id, people.otto.id],
    });
    await stamped(run);
    expect(await theHold(holdId)).toMatchObject({ state: 'released', releasedAt: expect.any(String) });
    clock.advance(10 * MINUTE);
    for (const id of [held, hers, later]) {
      await expect.poll(() => itemsOf(id), { timeout: 60_000 }).toEqual([]);
    }
    const all = [free, held, hers, later];
    const records = async () => (await Promise.all(all.map(recorded))).map(({ length }) => length);
    await expect.poll(records, { timeout: 60_000 }).toEqual([3, 3, 3, 1]);
    report('retention', { deletionsRecorded: (await records()).reduce((sum, count) => sum + count, 0) });
  },
  PATIENCE,
);

async function heldStill(ids: readonly string[]): Promise<readonly number[]> {
  return Promise.all(ids.map(async (id) => (await itemsOf(id)).length));
}

async function theHold(holdId: string) {
  const { person } = await signedIn('olga');
  const { body } = await run.request(person, 'GET', 'admin/holds');
  return (body as { holds: { holdId: string }[] }).holds.find((one) => one.holdId === holdId);
}

/** Whether each entry has a date of deletion. */
async function dates(conversationId: string): Promise<readonly boolean[]> {
  return (await itemsOf(conversationId)).map(({ expiresAt }) => expiresAt !== undefined);
}

async function group(by: Person, ...others: readonly Person[]): Promise<string> {
  const proposal = { ref: randomUUID(), kind: 'group', members: others.map(({ id }) => id) };
  const { body } = await run.request(by, 'POST', 'conversations', proposal);
  return (body as { conversationId: string }).conversationId;
}

async function say(conversationId: string, times: number): Promise<void> {
  const { socket } = await signedIn('ben');
  for (const nth of upTo(times)) {
    await socket.ask(sending(conversationId, `message ${nth}`), ({ type }) => type === 'message.accepted');
  }
  socket.close();
}

/** A sign-in with a code of its own, since each is good once; the socket closes with the run. */
async function signedIn(name: keyof typeof people) {
  const person = await signInAgain(run, people[name]);
  const socket = await run.socket(person);
  await socket.ask({ type: 'session.open' });
  return { person, socket };
}

interface Stored {
  readonly sk: string;
  readonly at: number;
  readonly expiresAt: number;
}

async function itemsOf(conversationId: string): Promise<readonly Stored[]> {
  return (await query(conversationId, 'S#')) as unknown as readonly Stored[];
}

/** The numbers of the entries whose deletion is recorded. */
async function recorded(conversationId: string): Promise<readonly string[]> {
  const items = await query(conversationId, 'D#');
  return items.flatMap((item) => Object.keys(item).filter((name) => /^\d+$/.test(name))).sort();
}

async function query(conversationId: string, prefix: string): Promise<readonly Record<string, unknown>[]> {
  const { client, TableName } = table();
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': `C#${conversationId}`, ':prefix': prefix },
    }),
  );
  return Items;
}

function table() {
  const { account, awsEndpointUrl: endpoint, administrator: credentials, resources } = run.stack;
  const client = new DynamoDBClient({ region: account.region, endpoint, credentials });
  return {
    client: DynamoDBDocumentClient.from(client),
    TableName: tableOf(resources, 'Conversations'),
  };
}
