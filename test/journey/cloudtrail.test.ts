import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyCloudTrail } from '../../cli/audit/cloudtrail-digests.ts';
import { type CloudTrailRow, cloudTrailRows } from '../../cli/audit/cloudtrail-events.ts';
import { dataEventsOf } from '../../lib/trail-price.ts';
import { publicHalf } from '../../local/cloudtrail/digest-key.ts';
import type { TrailEvent } from '../../local/front-door/trail.ts';
import { attaching, get } from '../fixtures/attaching.ts';
import type { Person } from '../fixtures/deployed.ts';
import { report } from '../fixtures/results.ts';
import { type Run, startRun } from '../fixtures/running.ts';
import { PATIENCE } from './promises/clinic.ts';

let run: Run;
let ana: Person;
let ben: Person;
let conversationId: string;
let folder: string;
let anas: ReturnType<typeof attaching>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'trail-'));
  run = await startRun();
  [ana, ben] = await Promise.all([run.person('ana-1', 'clinician'), run.person('ben-1', 'patient')]);
  const proposal = { ref: randomUUID(), kind: 'direct', members: [ben.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', proposal);
  conversationId = (body as { conversationId: string }).conversationId;
  anas = attaching(run, conversationId, ana, await run.socket(ana));
}, PATIENCE);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await run.close();
});

test(
  'CloudTrail’s own log file names the person who fetched a file, and for whom the role was assumed; its digests are sound',
  async () => {
    const seq = await anas.sent(await anas.uploaded(randomBytes(1_000)));
    const { url } = await anas.opened(seq, ben);
    expect((await get(url)).status).toBe(200);

    const rows = await delivered();
    expect(verifyCloudTrail(folder)).toMatchObject({ findings: [], unproven: [] });
    const opened = rows.filter(
      ({ eventName, resource }) => eventName === 'GetObject' && resource === filesBucket(),
    );
    const bens = opened.filter(({ person }) => person !== null);
    expect(bens.map(({ person, key }) => [person, key?.split('/').slice(0, 2).join('/')])).toEqual([
      [ben.id, `files/${conversationId}`],
    ]);
    expect(bens[0]?.role).toContain('AsPersonDownload');
    // whoever else reads files is the scanner, and the door that looks at the first bytes of what came
    expect(opened.map(({ role }) => role?.replace(/Role.*$/, '').replace(/^.*-/, '')).sort()).toEqual([
      'AsPersonDownload',
      'AttachmentsScanner',
      'CompleteUpload',
    ]);
    const assumed = rows.filter(({ eventName }) => eventName === 'AssumeRole');
    expect(assumed.map(({ person, role }) => [person, role?.includes('DownloadAttachment')])).toEqual([
      [ben.id, true],
    ]);
  },
  PATIENCE,
);

test('of tables it names the outsider, and every use of a conversation’s key; of the app’s own reads it is silent', async () => {
  const table = run.stack.resources.find(
    ({ type, logicalId }) => type === 'AWS::DynamoDB::Table' && logicalId.startsWith('Conversations'),
  );
  const administrator = new DynamoDBClient({
    ...{ endpoint: run.stack.awsEndpointUrl, region: 'us-east-1', credentials: run.stack.administrator },
    systemClockOffset: run.stack.clock.ahead,
  });
  const Key = { pk: { S: `C#${conversationId}` }, sk: { S: 'HEAD' } };
  await administrator.send(new GetItemCommand({ TableName: table?.ref ?? '', Key }));

  const rows = await delivered();
  expect(rows.filter(({ resource }) => resource === table?.ref)).toMatchObject([
    {
      role: 'administrator',
      eventName: 'GetItem',
      key: JSON.stringify({ pk: `C#${conversationId}`, sk: 'HEAD' }),
    },
  ]);
  const keys = rows.filter(
    ({ resource, key }) => resource?.includes('Keys') && key?.includes(conversationId),
  );
  expect(keys.length).toBeGreaterThan(0);
  expect(keys.filter(({ role, person }) => !role?.startsWith('Wardline-Messaging-') || person)).toEqual([]);
});

test('a message, a read and a download make as many data events as the price says', async () => {
  const nurse = await run.socket(ana);
  await nurse.ask({ type: 'session.open' });
  const seq = await anas.sent(await anas.uploaded(randomBytes(10)));
  await anas.opened(seq, ben);
  const acts = {
    message: async () => {
      const frame = { type: 'message.send', ref: randomUUID(), conversationId, since: seq };
      await nurse.ask(
        { ...frame, body: { kind: 'text', text: 'all is well' } },
        ({ type }) => type === 'message.accepted',
      );
    },
    read: () => run.request(ben, 'GET', `conversations/${conversationId}/messages`),
    download: async () => void (await get((await anas.opened(seq, ben)).url)),
  };
  for (const act of [acts.message, acts.read]) await act(); // what an environment does once is not of each
  const counted = {
    message: await dataEventsDuring(acts.message),
    read: await dataEventsDuring(acts.read),
    download: await dataEventsDuring(acts.download),
  };
  report('cloudtrail-events', counted);
  const under = (setting: 'all' | 'outsiders') =>
    Object.fromEntries(Object.entries(counted).map(([act, events]) => [act, events[setting]]));
  expect({ outsiders: under('outsiders'), all: under('all') }).toEqual(dataEventsOf);
});

/** Data events of the last request of an act, and of what it fetched from S3, under each setting. */
async function dataEventsDuring(act: () => Promise<unknown>) {
  const { stack } = run;
  const traces: string[] = [];
  const off = stack.traffic.on(({ traceId }) => traces.push(traceId.replace('Root=', '')));
  const before = new Set(stack.trail.events().map(({ eventID }) => eventID));
  await act();
  off();
  const requests = traces.slice(-1).flatMap((trace) => stack.meter.byTrace(trace));
  const isOf = ({ requestID, eventName }: TrailEvent) =>
    eventName === 'GetObject' || requests.some(({ requestId }) => requestId === requestID);
  const events = stack.trail.events().filter((event) => !before.has(event.eventID) && isOf(event));
  const data = events.filter(({ eventCategory }) => eventCategory === 'Data');
  const selects = stack.trails.running()[0]?.settings.selects ?? (() => false);
  return {
    outsiders: data.filter(selects).length,
    all: data.filter(({ eventSource }) => /^(dynamodb|s3)\./.test(eventSource)).length,
  };
}

function filesBucket(): string | undefined {
  return bucket('Attachments');
}

function bucket(id: string): string | undefined {
  return run.stack.resources.find(
    ({ type, logicalId }) => type === 'AWS::S3::Bucket' && logicalId.startsWith(id),
  )?.ref;
}

/** Everything delivered so far, fetched as an export does, in rows. */
async function delivered(): Promise<CloudTrailRow[]> {
  const { stack } = run;
  stack.clock.advance(2_000);
  await stack.trails.deliver();
  const s3 = new S3Client({
    ...{ endpoint: stack.awsEndpointUrl, region: 'us-east-1', forcePathStyle: true },
    ...{ credentials: stack.administrator, systemClockOffset: stack.clock.ahead },
  });
  const Bucket = bucket('CloudTrail');
  const signatures: Record<string, string> = {};
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  for (const { Key = '' } of Contents) {
    const { Body, Metadata = {} } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    mkdirSync(dirname(join(folder, Key)), { recursive: true });
    writeFileSync(join(folder, Key), (await Body?.transformToByteArray()) ?? '');
    if (Metadata.signature) signatures[Key] = Metadata.signature;
  }
  const { value, fingerprint } = publicHalf(stack.trails.digestKey());
  const PublicKeyList = [{ Value: value.toString('base64'), Fingerprint: fingerprint }];
  writeFileSync(join(folder, 'public-keys.json'), JSON.stringify({ PublicKeyList }));
  writeFileSync(join(folder, 'signatures.json'), JSON.stringify(signatures));
  return [...cloudTrailRows(folder)];
}
