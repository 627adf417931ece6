import { randomBytes, randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Head } from '../../functions/domain/conversation.ts';
import { genesisOf } from '../../functions/domain/entry.ts';
import { idFrom } from '../../functions/domain/id.ts';
import { standings } from '../../functions/store/heads.ts';
import { headItem } from '../../functions/store/items.ts';
import { keys } from '../../functions/store/keys.ts';
import type { TrafficRecord } from '../../local/api-gateway/traffic.ts';
import type { BareSocket } from '../fixtures/bare-socket.ts';
import type { Person } from '../fixtures/deployed.ts';
import { report } from '../fixtures/results.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { type SyncedFrame, syncAll } from '../fixtures/sync-all.ts';

vi.setConfig({ testTimeout: 120_000 });

const CONVERSATIONS = 500;
const CHANGED = 60;
/** Of 2,000 bytes: 60 of them do not fit one frame. */
const TEXTS_EACH = 1;
/** BatchWriteItem takes 25 items, of both tables together. */
const BATCH = 12;

/** What one reconnect after a night may cost: 500 conversations, 60 of them with a text of 2,000 bytes. */
const budget = {
  /** Conversations that a record names in one write unit. */
  openedInOneUnit: 20,
  frames: 3,
  /** A list entry takes 70 bytes: 500 of them 9 units; half a unit for each head. Asked again for what is left. */
  listAndHeads: 9 + CONVERSATIONS / 2,
  /** A head and a page of the log, strongly consistent. */
  eachChanged: 2,
  /** More where the environment meets a conversation for the first time: its data key. */
  eachChangedAtFirst: 1,
} as const;

let run: Run;
let ana: Person;
let ben: Person;
let reader: BareSocket;
let writer: BareSocket;

beforeAll(async () => {
  run = await startRun();
  ana = await run.person('ana-1', 'clinician');
  ben = await run.person('ben-1', 'patient');
  [reader, writer] = [await run.socket(ana), await run.socket(ben)];
  await writer.ask({ type: 'session.open' });
});
afterAll(() => run.close());

/** The table of the deployment, for the store's own code under the operator's credentials. */
function tables() {
  const { account, awsEndpointUrl: endpoint, administrator: credentials, resources } = run.stack;
  const client = new DynamoDBClient({ region: account.region, endpoint, credentials });
  const named = (start: string) =>
    resources.find(({ type, logicalId }) => type === 'AWS::DynamoDB::Table' && logicalId.startsWith(start))
      ?.ref ?? '';
  const options = { marshallOptions: { removeUndefinedValues: true } };
  return {
    documents: DynamoDBDocumentClient.from(client, options),
    conversations: named('Conversations'),
    people: named('People'),
  };
}

/**
 * Conversations of the two. They are put as the store writes them, in batches and not one by one: five hundred requests
 * would take longer than everything that is tested here.
 */
async function manyConversations(count: number): Promise<string[]> {
  const { documents, conversations, people } = tables();
  const now = run.stack.clock.now();
  const ids = Array.from({ length: count }, () => idFrom(randomBytes(16)));
  const headOf = (conversationId: string): Head => ({
    conversationId,
    kind: 'group',
    members: [ben.id, ana.id].map((person) => ({ person, role: 'owner', joined: 0 })),
    membersVersion: 0,
    last: 0,
    lastHash: genesisOf(conversationId, ben.id, now),
    lastAt: now,
    retentionDays: 30,
    createdAt: now,
    createdBy: ben.id,
    ref: randomUUID(),
    founders: randomBytes(32),
  });
  const puts = (items: readonly object[]) => items.map((Item) => ({ PutRequest: { Item } }));
  for (let start = 0; start < count; start += BATCH) {
    const some = ids.slice(start, start + BATCH);
    const RequestItems = {
      [conversations]: puts(some.map((id) => headItem(headOf(id)))),
      [people]: puts(some.map((id) => keys.listing(ana.id, id))),
    };
    const { UnprocessedItems = {} } = await documents.send(new BatchWriteCommand({ RequestItems }));
    expect(UnprocessedItems).toEqual({});
  }
  return ids;
}

async function say(conversationId: string, text: string): Promise<void> {
  const ref = randomUUID();
  const frame = { type: 'message.send', ref, conversationId, since: 0, body: { kind: 'text', text } };
  const answer = await writer.ask(frame, (heard) => heard.ref === ref);
  expect(answer).toMatchObject({ type: 'message.accepted' });
}

/** Every head shows at least these marks. */
async function untilShown(lasts: ReadonlyMap<string, number>): Promise<void> {
  const { documents, conversations } = tables();
  const heads = standings(documents, conversations);
  await expect
    .poll(async () => {
      const shown = await heads.of([...lasts.keys()]);
      return [...lasts].filter(([id, last]) => (shown.get(id)?.last ?? 0) < last);
    })
    .toEqual([]);
}

/** The calls that the frames' functions made, by their traces. */
async function costOf<T>(asked: () => Promise<T>) {
  const seen: TrafficRecord[] = [];
  const off = run.stack.traffic.on((record) => seen.push(record));
  const value = await asked();
  off();
  const calls = seen
    .filter(({ routeKey }) => routeKey === 'sync')
    .flatMap(({ traceId }) => run.stack.meter.byTrace(traceId.replace('Root=', '')));
  const readUnits = calls.reduce((sum, { units }) => sum + units.read, 0);
  const writeUnits = calls.reduce((sum, { units }) => sum + units.write, 0);
  return { value, calls: calls.length, readUnits, writeUnits };
}

test('a person with 500 conversations, 60 of them changed, is up to date after at most three frames', async () => {
  const ids = await manyConversations(CONVERSATIONS);
  const changed = ids.slice(0, CHANGED);
  const text = 'x'.repeat(2_000);
  for (let start = 0; start < CHANGED; start += 10) {
    await Promise.all(changed.slice(start, start + 10).map((id) => say(id, text)));
  }
  await untilShown(new Map(changed.map((id) => [id, TEXTS_EACH])));
  await reader.ask({ type: 'session.open' });

  const cursors = Object.fromEntries(ids.map((id) => [id, 0]));
  const cold = await costOf(() => syncAll(reader, cursors));
  const warm = await costOf(() => syncAll(reader, cursors));
  for (const { value } of [cold, warm]) {
    expect(value.length).toBeLessThanOrEqual(budget.frames);
    const pages = value.flatMap(({ conversations }) => conversations);
    expect(pages.map(({ conversationId }) => conversationId)).toEqual(changed.toSorted());
    for (const { entries, floor, more, upTo } of pages) {
      expect(entries.map(({ seq, body }) => [seq, body])).toEqual(
        Array.from({ length: TEXTS_EACH }, (_, place) => [place + 1, { kind: 'text', text }]),
      );
      expect({ floor, more, upTo }).toEqual({ floor: 0, more: false, upTo: TEXTS_EACH });
    }
    expect(value.flatMap(({ unknown, gone }) => [...unknown, ...gone])).toEqual([]);
  }

  const frames = warm.value.length;
  // who asks again after a full frame reads the sessions, and what stands behind it on the list, once more
  const once = frames + frames * budget.listAndHeads;
  const read = CHANGED + (frames - 1) * 20; // logs that were read and found no room
  expect(warm.readUnits).toBeLessThanOrEqual(once + read * budget.eachChanged);
  expect(cold.readUnits).toBeLessThanOrEqual(
    once + read * budget.eachChanged + CHANGED * budget.eachChangedAtFirst + 1,
  );
  const recorded = frames + Math.ceil(CHANGED / budget.openedInOneUnit); // a record for each frame, which names what was opened
  expect(warm.writeUnits).toBeLessThanOrEqual(recorded);
  expect(warm.writeUnits).toBeGreaterThanOrEqual(frames);

  const known = Object.fromEntries(ids.map((id) => [id, changed.includes(id) ? TEXTS_EACH : 0]));
  const nothing = await costOf(() => syncAll(reader, known));
  expect(nothing.value).toEqual([{ type: 'synced', conversations: [], unknown: [], gone: [] }]);
  expect(nothing.readUnits).toBeLessThanOrEqual(1 + budget.listAndHeads);
  report('sync', {
    conversations: CONVERSATIONS,
    changed: CHANGED,
    ...figures('first', cold),
    ...figures('warm', warm),
    ...figures('nothingNew', nothing),
  });
});

function figures(name: string, cost: Awaited<ReturnType<typeof costOf<SyncedFrame[]>>>) {
  const bytes = cost.value.map((frame) => Buffer.byteLength(JSON.stringify(frame)));
  return {
    [`${name}Frames`]: cost.value.length,
    [`${name}Calls`]: cost.calls,
    [`${name}ReadUnits`]: cost.readUnits,
    [`${name}Bytes`]: bytes.reduce((sum, size) => sum + size, 0),
  };
}

test('the record of a sync names each conversation that it opened', () => {
  const decisions = run.stack.logs
    .groups()
    .flatMap((group) => run.stack.logs.read(group))
    .filter(({ message }) => message.includes('"operation":"sync"'))
    .map(({ message }) => JSON.parse(message) as { object: string; opened: string[]; rule: string });
  expect(decisions.length).toBeGreaterThan(2);
  for (const { object, rule } of decisions) expect([object, rule]).toEqual([ana.id, 'signed-in-person']);
  expect(Math.max(...decisions.map(({ opened }) => opened.length))).toBeGreaterThan(CHANGED / budget.frames);
});
