import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type * as z from 'zod';
import { main } from '../../cli/main.ts';
import { signIn } from '../../examples/plain-client/sign-in.mjs';
import { endOf, epochOf } from '../../functions/domain/data-key.ts';
import { keys } from '../../functions/store/keys.ts';
import { DestructionCertificate, Shredding } from '../../protocol/requests.ts';
import type { BareSocket } from '../fixtures/bare-socket.ts';
import type { Person } from '../fixtures/deployed.ts';
import { tableOf } from '../fixtures/observed/stored.ts';
import { report } from '../fixtures/results.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { isSignedByItsKey } from '../fixtures/verify-receipt.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const RETENTION = 2_192 * DAY; // the default of a deployment
const TITLE = 'Ward 5, bed by the window';
const TEXT = 'the biopsy of month';

let run: Run;
let ana: Person;
let ben: Person;
const directory = mkdtempSync(join(tmpdir(), 'keys-'));

beforeAll(async () => {
  run = await startRun({ startAt: new Date('2030-01-10T12:00:00Z') });
  [ana, ben] = [await run.person('ana-1', 'clinician'), await run.person('ben-1', 'patient')];
  writeFileSync(join(directory, 'outputs.json'), JSON.stringify({ ...run.outputs }));
  writeFileSync(join(directory, 'credentials.json'), JSON.stringify(run.stack.administrator));
});
afterAll(async () => {
  await run.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('keys by the month', () => {
  test('open what was said in each, and go when the last entry of theirs has expired, and not a day before', async () => {
    const { clock } = run.stack;
    const id = await aGroup();
    const months: string[] = [];
    for (let month = 1; month <= 3; month += 1) {
      await say(id, `${TEXT} ${month}`);
      months.push(epochOf(clock.now()));
      clock.advance(31 * DAY);
    }
    expect(new Set(months).size).toBe(3);
    expect(await textsOf(id)).toEqual([`${TEXT} 1`, `${TEXT} 2`, `${TEXT} 3`]);
    expect(await standing(id)).toEqual(months);

    clock.advance(endOf(months[0] ?? '') + RETENTION - DAY - clock.now());
    await destroyed();
    expect(await standing(id)).toEqual(months);
    clock.advance(2 * DAY); // past the daily hour after the moment
    await expect.poll(() => standing(id), { timeout: 20_000 }).not.toContain(months[0]);
    expect(await standing(id)).toEqual([...months.slice(1), epochOf(clock.now())]); // the title moved to this month's
    expect(await textsOf(id)).toEqual([`${TEXT} 2`, `${TEXT} 3`]);
    const { inbox } = await everywhere(id);
    expect(inbox?.title).toBe(TITLE);
  }, 300_000);

  test('outlive a cut of the days by a week, each kind from its own cut on, so that one person can take it back', async () => {
    const { clock } = run.stack;
    const officers = [
      await run.person('po-5', 'privacy-officer'),
      await run.person('po-6', 'privacy-officer'),
    ];
    const set = async (by: readonly Person[], kind: string, days: number) => {
      for (const officer of by) {
        const answer = await run.request(await again(officer), 'POST', 'admin/retention', { kind, days });
        expect(answer.status).toBe(200);
      }
    };
    const proposal = { ref: randomUUID(), kind: 'direct', members: [ben.id] };
    const { body } = await run.request(await again(ana), 'POST', 'conversations', proposal);
    const direct = (body as { conversationId: string }).conversationId;
    const group = await aGroup();
    for (const id of [direct, group]) await say(id, `${TEXT} that is cut`);
    const month = epochOf(clock.now());
    clock.advance(62 * DAY);

    await set(officers, 'direct', 1);
    expect(await textsOf(direct)).toEqual([]);
    clock.advance(4 * DAY);
    await set(officers, 'group', 1);
    expect(await textsOf(group)).toEqual([]);
    expect([await standing(direct), await standing(group)]).toEqual([[month], [month]]);
    clock.advance(4 * DAY);
    await expect.poll(() => standing(direct), { timeout: 20_000 }).toEqual([]);
    const earlier = walks();
    clock.advance(DAY);
    await expect.poll(walks, { timeout: 20_000 }).toBeGreaterThan(earlier);
    expect(await standing(group)).toEqual([month]);

    await set(officers.slice(0, 1), 'group', RETENTION / DAY);
    expect(await textsOf(group)).toEqual([`${TEXT} that is cut`]);
    await set(officers, 'group', 1);
    clock.advance(8 * DAY);
    await expect.poll(() => standing(group), { timeout: 20_000 }).not.toContain(month);
    for (const kind of ['direct', 'group']) await set(officers.slice(0, 1), kind, RETENTION / DAY);
  }, 300_000);
});

describe('a shredded conversation', () => {
  test('needs two privacy officers, and nothing of it is read, sent or begun again, whatever is restored', async () => {
    const id = await aGroup();
    const other = await aGroup();
    for (const conversation of [id, other]) await say(conversation, `${TEXT} now`);
    const yesterday = await itemsOf('Keys', id);
    const before = await everywhere(id);
    expect(texts(before)).toEqual(expect.arrayContaining([TITLE, `${TEXT} now`]));
    const [one, two] = [
      await run.person('po-1', 'privacy-officer'),
      await run.person('po-2', 'privacy-officer'),
    ];
    const admin = await run.person('admin-1', 'administrator');

    for (const stranger of [await again(ana), admin]) {
      const answer = await run.request(stranger, 'POST', 'admin/shreds', { conversationId: id });
      expect(answer).toMatchObject({ status: 403, body: { code: 'not-allowed' } });
    }
    const unknown = await run.request(one, 'POST', 'admin/shreds', { conversationId: 'a'.repeat(26) });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'unknown-conversation' } });
    for (let asked = 0; asked < 2; asked += 1) {
      expect(await shred(one, id)).toMatchObject({ state: 'awaiting-second-person', requestedBy: one.id });
    }
    expect(texts(await everywhere(id))).toEqual(texts(before));

    const { certificate } = (await shred(two, id)) as { certificate: DestructionCertificate };
    expect(certificate).toMatchObject({
      ...{ conversationId: id, requestedBy: one.id, approvedBy: two.id },
      epochs: [epochOf(run.stack.clock.now())],
    });
    const lag = (name: 'unreadableFrom' | 'finalFrom') =>
      Date.parse(certificate[name]) - Date.parse(certificate.destroyedAt);
    expect([lag('unreadableFrom'), lag('finalFrom')]).toEqual([5 * MINUTE, 8 * DAY]);
    expect(await isSignedByItsKey(run, certificate)).toBe(true);
    expect(await isSignedByItsKey(run, { ...certificate, approvedBy: one.id })).toBe(false);
    expect(await shred(one, id)).toEqual({ state: 'destroyed', certificate });

    const searched = [await expectGone(id)];
    const sent = await sending(id, 'once more');
    expect(sent).toMatchObject({ type: 'refused', code: 'shredded', retryable: false });
    expect(await textsOf(other)).toEqual([`${TEXT} now`]);

    await putBack('Keys', yesterday); // the table as it was yesterday
    await forget('Keys', keys.shred(id));
    run.stack.clock.advance(5 * MINUTE); // nothing plain is left anywhere
    searched.push(await expectGone(id));
    expect(await standing(id)).toHaveLength(1);
    const replayed = await wardline('keys', 'replay', '--json');
    expect(replayed.code).toBe(0);
    const { isNew, certificate: newer } = JSON.parse(replayed.printed);
    expect(isNew).toBe(true);
    expect(await isSignedByItsKey(run, DestructionCertificate.parse(newer))).toBe(true);
    expect(Date.parse(newer.finalFrom)).toBeGreaterThan(Date.parse(certificate.finalFrom));
    expect(await standing(id)).toEqual([]);
    searched.push(await expectGone(id));
    expect(JSON.parse((await wardline('keys', 'replay', '--json')).printed)).toMatchObject({ isNew: false });

    const file = join(directory, 'certificate.json');
    writeFileSync(file, JSON.stringify(newer));
    expect(await wardline('keys', 'verify', file)).toMatchObject({ code: 0 });
    writeFileSync(file, JSON.stringify({ ...newer, finalFrom: newer.destroyedAt }));
    expect(await wardline('keys', 'verify', file)).toMatchObject({ code: 1 });
    expect(await wardline('keys', 'replay', file)).toMatchObject({ code: 1 });
    report('shredding', {
      'read paths searched after the destruction': {
        found: 0,
        of: searched.reduce((sum, paths) => sum + paths, 0),
      },
    });
  }, 300_000);

  test('of two people stays destroyed, and they begin another', async () => {
    const person = await again(ana);
    const proposal = { ref: randomUUID(), kind: 'direct', members: [ben.id] };
    const { body } = await run.request(person, 'POST', 'conversations', proposal);
    const { conversationId } = body as { conversationId: string };
    const officers = [
      await run.person('po-3', 'privacy-officer'),
      await run.person('po-4', 'privacy-officer'),
    ];
    for (const officer of officers) await shred(officer, conversationId);
    const answer = await run.request(await again(ana), 'POST', 'conversations', {
      ...proposal,
      ref: randomUUID(),
    });
    expect(answer.status).toBe(201);
    const another = (answer.body as { conversationId: string }).conversationId;
    expect(another).not.toBe(conversationId);
    const socket = await registered(await again(ana));
    const send = (to: string) =>
      socket.ask(
        {
          ...{ type: 'message.send', ref: randomUUID(), conversationId: to, since: 0 },
          body: { kind: 'text', text: 'good morning' },
        },
        ({ type }) => type !== 'message.new',
      );
    expect(await send(another)).toMatchObject({ type: 'message.accepted', seq: 1 });
    expect(await send(conversationId)).toMatchObject({ type: 'refused', code: 'shredded' });
  });
});

test('no role deletes a key of ours, though its own policies allow it everything', async () => {
  const { awsEndpointUrl: endpoint, administrator: credentials, account, resources } = run.stack;
  const kms = new KMSClient({ endpoint, credentials, region: account.region });
  onTestFinished(() => kms.destroy());
  const made = resources.filter(({ type }) => type === 'AWS::KMS::Key');
  expect(made.length).toBeGreaterThan(3);
  for (const { ref } of made) {
    await expect(kms.send(new ScheduleKeyDeletionCommand({ KeyId: ref }))).rejects.toThrow(
      /kms:ScheduleKeyDeletion on resource: \S+ with an explicit deny in a resource-based policy/,
    );
  }
});

/** Whatever each read path shows a member; nothing of what was said or of the title may be among it. Gives how many paths there are. */
async function expectGone(conversationId: string): Promise<number> {
  const seen = await everywhere(conversationId);
  expect(JSON.stringify(seen)).not.toContain(TEXT);
  expect(JSON.stringify(seen)).not.toContain(TITLE);
  expect(texts(seen)).toEqual([]);
  expect(seen.catchUp).toMatchObject({ entries: [], floor: 1, upTo: 1, more: false });
  expect(seen.forward).toMatchObject({ entries: [], floor: 1 });
  expect(seen.inbox).toMatchObject({ unread: 0 });
  expect(seen.inbox).not.toHaveProperty('latest');
  return Object.keys(seen).length;
}

interface Paged {
  readonly entries: readonly { readonly body: { readonly text?: string } }[];
}

/** What a member is given of a conversation by every path that reads it. */
async function everywhere(conversationId: string) {
  const person = await again(ben);
  const socket = await registered(person);
  const path = `conversations/${conversationId}/messages`;
  const catchUp = await socket.ask({ type: 'conversation.catch-up', conversationId, since: 0 });
  const synced = await socket.ask({ type: 'sync', cursors: { [conversationId]: 0 } });
  const get = async (target: string) => (await run.request(person, 'GET', target)).body;
  const { conversations } = (await get('conversations')) as {
    conversations: { conversationId: string; title?: string; latest?: { body: { text?: string } } }[];
  };
  socket.close();
  return {
    catchUp: catchUp as unknown as Paged,
    sync: (synced.conversations as (Paged & { conversationId: string })[]).find(
      (one) => one.conversationId === conversationId,
    ),
    forward: (await get(`${path}?after=0`)) as Paged,
    backward: (await get(path)) as Paged,
    inbox: conversations.find((one) => one.conversationId === conversationId),
  };
}

/** Every title and text among what was given. */
function texts({
  catchUp,
  sync,
  forward,
  backward,
  inbox,
}: Awaited<ReturnType<typeof everywhere>>): string[] {
  const pages = [catchUp, sync, forward, backward].flatMap((page) => page?.entries ?? []);
  return [...pages.map(({ body }) => body.text), inbox?.title, inbox?.latest?.body.text].filter(
    (text) => text !== undefined,
  );
}

async function textsOf(conversationId: string): Promise<(string | undefined)[]> {
  const { catchUp } = await everywhere(conversationId);
  return catchUp.entries.map(({ body }) => body.text);
}

async function aGroup(): Promise<string> {
  const proposal = { ref: randomUUID(), kind: 'group', members: [ben.id], title: TITLE };
  const { body } = await run.request(await again(ana), 'POST', 'conversations', proposal);
  return (body as { conversationId: string }).conversationId;
}

async function say(conversationId: string, text: string): Promise<void> {
  expect(await sending(conversationId, text)).toMatchObject({ type: 'message.accepted' });
}

async function sending(conversationId: string, text: string) {
  const socket = await registered(await again(ben));
  const since = Number(
    (await socket.ask({ type: 'conversation.catch-up', conversationId, since: 0 })).upTo ?? 0,
  );
  const frame = {
    type: 'message.send',
    ref: randomUUID(),
    conversationId,
    since,
    body: { kind: 'text', text },
  };
  const answer = await socket.ask(frame, ({ type }) => type === 'message.accepted' || type === 'refused');
  socket.close();
  return answer;
}

async function shred(officer: Person, conversationId: string): Promise<z.infer<typeof Shredding>> {
  const { status, body } = await run.request(officer, 'POST', 'admin/shreds', { conversationId });
  expect([status, body]).toEqual([200, expect.anything()]);
  return Shredding.parse(body);
}

async function registered(person: Person): Promise<BareSocket> {
  const socket = await run.socket(person);
  await socket.ask({ type: 'session.open' });
  return socket;
}

/** The person with a sign-in of their own, since each code is good once. */
async function again(given: Person): Promise<Person> {
  run.stack.clock.advance(MINUTE);
  const tokens = await signIn(run.deployment, { ...given, totpSecret: given.tokens.totpSecret });
  return { ...given, tokens: { ...given.tokens, ...tokens } };
}

function tables() {
  const { account, awsEndpointUrl: endpoint, administrator: credentials } = run.stack;
  return DynamoDBDocumentClient.from(new DynamoDBClient({ region: account.region, endpoint, credentials }));
}

/** Items of one conversation's partition. */
async function itemsOf(table: string, conversationId: string): Promise<Record<string, unknown>[]> {
  const TableName = tableOf(run.stack.resources, table);
  const { Items = [] } = await tables().send(new ScanCommand({ TableName, ConsistentRead: true }));
  return Items.filter(({ pk }) => pk === keys.head(conversationId).pk);
}

/** Months whose key of the conversation can be unwrapped. */
async function standing(conversationId: string): Promise<unknown[]> {
  const items = await itemsOf('Keys', conversationId);
  return items.filter(({ wrapped }) => wrapped !== undefined).map(({ sk }) => sk);
}

async function putBack(table: string, items: readonly Record<string, unknown>[]): Promise<void> {
  const TableName = tableOf(run.stack.resources, table);
  for (const Item of items) await tables().send(new PutCommand({ TableName, Item }));
}

async function forget(table: string, Key: { pk: string; sk: string }): Promise<void> {
  await tables().send(new DeleteCommand({ TableName: tableOf(run.stack.resources, table), Key }));
}

/** Resolves when a daily walk has ended. */
async function destroyed(): Promise<void> {
  await expect.poll(walks, { timeout: 20_000 }).toBeGreaterThan(0);
}

/** How many daily walks have looked through the keys. */
function walks(): number {
  return run.stack.meter.totals(
    ({ principal = '', operation }) => /DestroyKeys/.test(principal) && operation === 'Scan',
  ).calls;
}

/** Runs a command of the operator's against this run. */
async function wardline(...given: string[]) {
  const heard = { log: '', error: '' };
  const spies = (['log', 'error'] as const).map((kind) =>
    vi.spyOn(console, kind).mockImplementation((text: unknown) => {
      heard[kind] += `${text}\n`;
    }),
  );
  process.exitCode = undefined;
  const code = await main([...given, '--outputs', join(directory, 'outputs.json')]);
  process.exitCode = undefined;
  for (const spy of spies) spy.mockRestore();
  return { code, printed: heard.log, told: heard.error };
}
