import { randomBytes, randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keys } from '../../../functions/store/keys.ts';
import type { PatientExport } from '../../../protocol/exports.ts';
import { attaching, get } from '../../fixtures/attaching.ts';
import type { BareSocket } from '../../fixtures/bare-socket.ts';
import type { Person } from '../../fixtures/deployed.ts';
import { reportPromise } from '../../fixtures/observed/promise-table.ts';
import { everywhere, seen } from '../../fixtures/observed/read-paths.ts';
import { itemsOf, tableOf } from '../../fixtures/observed/stored.ts';
import { type Run, startRun } from '../../fixtures/running.ts';
import { signInAgain } from '../../fixtures/sign-in-again.ts';
import { PATIENCE, sending, upTo } from './clinic.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const RETENTION = 2_192 * DAY; // the default of a deployment
const STORED_LONGER = 7 * DAY;

let run: Run;
let ana: Person;
let ben: Person;

beforeAll(async () => {
  run = await startRun();
  ana = await run.person('ana-1', 'clinician');
  ben = await run.person('ben-1', 'patient');
});
afterAll(() => run.close());

test(
  'P7: past its retention a message is on no read path, and on every one until a minute before',
  async () => {
    const { clock } = run.stack;
    const id = await aGroup();
    const early = await say(id, 5);
    const expiry = early + RETENTION;
    clock.advance(DAY);
    await say(id, 2);
    await expect.poll(() => headOf(id)).toMatchObject({ last: 7 }); // what `sync` goes by follows the log by a moment

    clock.advance(expiry - clock.now() - 4 * MINUTE);
    const { person, socket } = await signedInAgain(ana);
    clock.advance(expiry - MINUTE - clock.now());
    expect(await seen(run, person, socket, id)).toEqual({
      ...everywhere([1, 2, 3, 4, 5, 6, 7]),
      floor: 0,
      unread: 7,
    });
    clock.advance(expiry - clock.now());
    const after = await seen(run, person, socket, id);
    const given = [after.catchUp, after.sync, after.forward, after.backward, after.latest ?? []].flat();
    expect(after).toEqual({ ...everywhere([6, 7]), floor: 5, unread: 2 });
    expect((await itemsOf(run, id)).length).toBe(7); // still there: what nobody may see is not yet deleted
    socket.close();

    clock.advance(DAY + 5 * MINUTE);
    const later = await signedInAgain(ana);
    expect(await seen(run, later.person, later.socket, id)).toEqual({
      ...everywhere([]),
      floor: 7,
      unread: 0,
    });
    later.socket.close();

    clock.advance(STORED_LONGER);
    await expect.poll(() => itemsOf(run, id)).toEqual([]);
    const last = await signedInAgain(ben);
    const answer = await last.socket.ask(
      sending(id, 'six years later'),
      ({ type }) => type === 'message.accepted',
    );
    expect(answer.seq).toBe(8); // the log does not begin again
    expect(await seen(run, last.person, last.socket, id)).toMatchObject({ ...everywhere([8]), floor: 7 });
    reportPromise('p7-expired-is-gone', {
      promise: 'P7',
      journey: 'expired on every read path',
      facts: {
        readPaths: Object.keys(everywhere([])).length,
        expiredAmongWhatWasGiven: { found: given.filter((seq) => seq <= 5).length, of: given.length },
      },
    });
  },
  PATIENCE,
);

test(
  'P7: a head whose mark had fallen behind is raised when its last entry is deleted, so no place is given twice',
  async () => {
    const id = await aGroup();
    await say(id, 3);
    await expect.poll(() => headOf(id)).toMatchObject({ last: 3 });
    await fallBehind(id);
    run.stack.clock.advance(RETENTION + STORED_LONGER + DAY);
    await expect.poll(() => itemsOf(run, id)).toEqual([]);
    await expect.poll(() => headOf(id)).toMatchObject({ last: 3 });
    const { socket } = await signedInAgain(ben);
    const answer = await socket.ask(sending(id, 'the next'), ({ type }) => type === 'message.accepted');
    expect(answer.seq).toBe(4);
  },
  PATIENCE,
);

test(
  'P7: an inbox keeps a conversation, and neither counts nor shows its expired message',
  async () => {
    const id = await aGroup('Ward 9');
    await say(id, 1);
    run.stack.clock.advance(RETENTION);
    const { person, socket } = await signedInAgain(ana);
    const { body } = await run.request(person, 'GET', 'conversations');
    const entry = (body as { conversations: { conversationId: string }[] }).conversations.find(
      ({ conversationId }) => conversationId === id,
    );
    expect(entry).toMatchObject({ title: 'Ward 9', last: 1, unread: 0 });
    expect(entry).not.toHaveProperty('latest');
    socket.close();
  },
  PATIENCE,
);

/**
 * The copies that a reader takes away. What reads the streams (RaiseHeads, SealRecords) and tells of scans (RecordScan, MakePreview) shows no
 * message: none of them may open a key, and what they write or push are ids, places, hashes and states.
 */
test(
  'P7: an attachment and an export are to be had until the last second, and not at the moment in which what is in them expires',
  async () => {
    const { clock } = run.stack;
    const id = await aGroup();
    const sender = await signedInAgain(ben);
    const file = attaching(run, id, sender.person, sender.socket);
    const seq = await file.sent(await file.uploaded(randomBytes(1_000)));
    await file.opened(seq, sender.person);
    const expiry = (await saidAt(sender.person, id)) + RETENTION;

    clock.advance(expiry - clock.now() - 8 * MINUTE);
    const [officer, deputy] = [
      await run.person('officer-1', 'privacy-officer'),
      await run.person('deputy-1', 'privacy-officer'),
    ];
    for (const one of [officer, deputy]) await run.request(one, 'POST', 'admin/exports', { person: ben.id });
    clock.advance(MINUTE);
    const exports = async () =>
      ((await run.request(officer, 'GET', 'admin/exports')).body as { exports: PatientExport[] }).exports;
    await expect.poll(exports, { timeout: 60_000 }).toMatchObject([{ state: 'ready' }]);
    const [made] = await exports();
    expect(made?.until).toBe(new Date(expiry).toISOString()); // and not after its week
    const { person } = await signedInAgain(ben);
    const path = `admin/exports/${made?.exportId}/download`;
    const exported = () => run.request(officer, 'POST', path, {});

    clock.advance(expiry - clock.now() - MINUTE / 2);
    expect((await file.download(seq, person)).status).toBe(200);
    const permit = (await exported()).body as { url: string; until: string };
    expect(Date.parse(permit.until)).toBeLessThanOrEqual(expiry); // shorter than its minute
    expect((await get(permit.url)).status).toBe(200);
    clock.advance(expiry - clock.now());
    expect((await file.download(seq, person)).body).toMatchObject({ code: 'unknown-attachment' });
    expect((await exported()).body).toMatchObject({ code: 'export-withdrawn' });
    expect((await get(permit.url)).status).toBe(403);
    await expect
      .poll(async () => (await exports())[0], { timeout: 60_000 })
      .toMatchObject({ state: 'gone', endedBy: 'retention' });
  },
  PATIENCE,
);

/** When the newest message was said. */
async function saidAt(person: Person, conversationId: string): Promise<number> {
  const { body } = await run.request(person, 'GET', `conversations/${conversationId}/messages?limit=1`);
  return Date.parse((body as { entries: { at: string }[] }).entries[0]?.at ?? '');
}

async function aGroup(title?: string): Promise<string> {
  const { person } = await signedInAgain(ana);
  const proposal = { ref: randomUUID(), kind: 'group', members: [ben.id], title };
  const { body } = await run.request(person, 'POST', 'conversations', proposal);
  return (body as { conversationId: string }).conversationId;
}

/** Ben says something so many times at one moment of the clock; that moment. */
async function say(conversationId: string, times: number): Promise<number> {
  const { socket } = await signedInAgain(ben);
  const at: string[] = [];
  for (const nth of upTo(times)) {
    const answer = await socket.ask(
      sending(conversationId, `message ${nth}`),
      ({ type }) => type === 'message.accepted',
    );
    at.push(String(answer.at));
  }
  socket.close();
  return Date.parse(at.at(-1) ?? '');
}

/** A sign-in with a code of its own, since each is good once; the socket closes with the run. */
async function signedInAgain(given: Person): Promise<{ person: Person; socket: BareSocket }> {
  const person = await signInAgain(run, given);
  const socket = await run.socket(person);
  await socket.ask({ type: 'session.open' });
  return { person, socket };
}

function table() {
  const { stack } = run;
  const { region } = stack.account;
  const client = new DynamoDBClient({
    region,
    endpoint: stack.awsEndpointUrl,
    credentials: stack.administrator,
  });
  return {
    client: DynamoDBDocumentClient.from(client),
    TableName: tableOf(stack.resources, 'Conversations'),
  };
}

async function headOf(conversationId: string) {
  const { client, TableName } = table();
  return (await client.send(new GetCommand({ TableName, Key: keys.head(conversationId) }))).Item;
}

/** As if the dispatcher had never been told of the conversation's entries. */
async function fallBehind(conversationId: string): Promise<void> {
  const { client, TableName } = table();
  await client.send(
    new UpdateCommand({
      TableName,
      Key: keys.head(conversationId),
      UpdateExpression: 'SET #last = :none',
      ExpressionAttributeNames: { '#last': 'last' },
      ExpressionAttributeValues: { ':none': 0 },
    }),
  );
}
