import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DeleteObjectCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { DeleteCommand, ScanCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readKey } from '../../../cli/audit/signatures.ts';
import { verifyExport } from '../../../cli/audit/verify.ts';
import { auditDeploymentOf } from '../../../cli/deployment.ts';
import { main } from '../../../cli/main.ts';
import type { SealedRecord } from '../../../functions/audit/record.ts';
import { keys } from '../../../functions/store/keys.ts';
import type { Person } from '../../fixtures/deployed.ts';
import { tableOf } from '../../fixtures/observed/stored.ts';
import { report } from '../../fixtures/results.ts';
import { type Run, startRun } from '../../fixtures/running.ts';
import { isFoundAt, tamperings } from './tamper.ts';
import { evidenceOf, lottery } from './trail.ts';

const MINUTE = 60_000;
const SENT = 20;
const READ = 20;
const directory = mkdtempSync(join(tmpdir(), 'audit-'));
const out = join(directory, 'export');
let run: Run;
let ana: Person;
let ben: Person;
let nurse: Awaited<ReturnType<Run['client']>>;
let conversation: string;

beforeAll(async () => {
  run = await startRun({ startAt: new Date('2030-01-31T22:30:00Z') });
  [ana, ben] = [await run.person('ana-1', 'clinician'), await run.person('ben-1', 'patient')];
  const group = { ref: randomUUID(), kind: 'group', members: [ben.id] };
  const { body } = await run.request(ana, 'POST', 'conversations', group);
  conversation = (body as { conversationId: string }).conversationId;
  nurse = await run.client(ana);
  for (let nth = 0; nth < SENT; nth += 1) await nurse.send(conversation, `the dose ${nth}`);
  for (let nth = 0; nth < READ; nth += 1)
    await run.request(ben, 'GET', `conversations/${conversation}/messages`);
  const carl = await run.person('carl-1', 'clinician');
  await run.request(carl, 'GET', `conversations/${conversation}/messages`); // refused

  const outputs = { ...run.outputs };
  writeFileSync(join(directory, 'outputs.json'), JSON.stringify(outputs));
  writeFileSync(join(directory, 'credentials.json'), JSON.stringify(run.stack.administrator));
  await sealedAfterAMinute(isEntry, SENT);
  await sealedAfterAMinute(isRead, READ + 1);
  await run.stack.trails.deliver();
}, 180_000);
afterAll(async () => {
  await run.close();
  rmSync(directory, { recursive: true, force: true });
});

test('what was sent, read and refused is sealed, exported and verified without AWS', async () => {
  expect(await exported()).toMatchObject({ code: 0 });
  const { code, told } = await wardline('audit', 'verify', out, '--key', keyFile());
  expect(told).toMatch(/\nSound: nothing was altered/);
  expect(code).toBe(0);

  expect(told).toMatch(/CloudTrail: [1-9]\d* digests and [1-9]\d* log files are as CloudTrail signed them/);

  const records = recordsIn(out);
  const ofConversation = records.filter((record) => 'object' in record && record.object === conversation);
  expect(
    ofConversation.map((record) => 'outcome' in record && [record.kind, record.operation, record.outcome]),
  ).toEqual(
    expect.arrayContaining([
      ['entry', 'message.send', 'allowed'],
      ['decision', 'conversation.read', 'allowed'],
      ['decision', 'conversation.read', 'refused'],
    ]),
  );
  const sends = records.filter((record) => record.kind === 'entry');
  expect(sends.map((record) => [record.seq, record.person])).toEqual(
    sends.map((_, place) => [place + 1, ana.id]),
  );
  expect(JSON.stringify(records)).not.toContain('the dose');
}, 120_000);

test('a file of CloudTrail’s that was changed in the export is named by CloudTrail’s own digest', async () => {
  const copy = join(directory, 'changed-trail');
  cpSync(out, copy, { recursive: true });
  const logs = readdirSync(join(copy, 'cloudtrail'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /_CloudTrail_.*\.json\.gz$/.test(name),
  );
  const [log = ''] = logs.sort();
  const file = join(copy, 'cloudtrail', log);
  writeFileSync(
    file,
    gzipSync(gunzipSync(readFileSync(file)).toString().replace('"eventName":"', '"eventName":"X')),
  );
  const { code, told } = await wardline('audit', 'verify', copy, '--key', keyFile());
  expect(code).toBe(1);
  expect(told).toContain(`altered: cloudtrail/${log}`);
  rmSync(copy, { recursive: true });
});

test('an export can be given again over itself, and then has what was sealed since', async () => {
  await exported();
  const before = recordsIn(out).length;
  await nurse.send(conversation, 'one dose more');
  await sealedAfterAMinute(isEntry, SENT + 1);
  expect(await exported()).toMatchObject({ code: 0 });
  expect(recordsIn(out).length).toBeGreaterThan(before);
  expect(await wardline('audit', 'verify', out)).toMatchObject({ code: 0 });
}, 120_000);

test('one changed record is named by its file, line and id, and the command ends with 1', async () => {
  await exported();
  const altered = join(directory, 'altered');
  cpSync(out, altered, { recursive: true });
  const file = batchesIn(altered).find((path) => linesOf(join(altered, path)).length > 1) ?? '';
  const lines = linesOf(join(altered, file));
  const { id } = JSON.parse(lines[1] ?? '') as { id: string };
  lines[1] = (lines[1] ?? '').replace('allowed', 'refused');
  writeFileSync(join(altered, file), gzipSync(lines.map((line) => `${line}\n`).join('')));
  const { code, told } = await wardline('audit', 'verify', altered);
  expect(code).toBe(1);
  expect(told).toContain(
    `First altered: ${file}, line 2, record ${id}: the line is not the one that was sealed`,
  );
}, 60_000);

test('1,000 tamperings with this very trail are found, each where it is', async () => {
  await exported();
  const files = filesIn(out);
  const names = Object.keys(tamperings);
  const trusted = [readKey(readFileSync(keyFile()))].filter((key) => key !== undefined);
  const missed: unknown[] = [];
  let done = 0;
  for (let seed = 0; done < 1_000; seed += 1) {
    const name = names[seed % names.length] ?? '';
    const changed = new Map(files);
    const expected = tamperings[name]?.(changed, lottery(seed));
    if (!expected) continue;
    done += 1;
    const { findings } = await verifyExport(evidenceOf(changed), { trusted });
    if (!isFoundAt(findings[0], expected)) missed.push({ name, expected, found: findings[0] });
  }
  expect(missed.slice(0, 5)).toEqual([]);
  const records = recordsIn(out).length;
  report('tampering-real-trail', { records, tamperings: done, missed: { found: missed.length, of: done } });
}, 60_000);

test('one record is proven alone, and to whoever has the key; another record with the same proof is not', async () => {
  await exported();
  const { id } = recordsIn(out).find(({ kind }) => kind === 'entry') ?? { id: '' };
  const { code, told } = await wardline('audit', 'prove', out, id);
  expect(code).toBe(0);
  const proof = JSON.parse(told) as { record: string };
  const file = join(directory, 'proof.json');
  const check = () => wardline('audit', 'prove', '--check', file, '--key', keyFile());
  writeFileSync(file, JSON.stringify(proof));
  expect(await check()).toMatchObject({ code: 0 });
  writeFileSync(file, JSON.stringify({ ...proof, record: proof.record.replace('allowed', 'refused') }));
  expect(await check()).toMatchObject({
    code: 1,
    told: expect.stringMatching(/not the one that was sealed/),
  });
  expect(await wardline('audit', 'prove', out, 'a'.repeat(26))).toMatchObject({ code: 1 });
}, 60_000);

test('who changes or takes away a record in the table is evidence in the next batch, and what was sealed stands', async () => {
  const tables = run.operator.tables;
  const TableName = tableOf(run.stack.resources, 'AuditTrail');
  const { Items = [] } = await tables.send(new ScanCommand({ TableName }));
  const [one, other] = Items.filter(({ pk }) => String(pk).startsWith('P#'));
  const keyOf = ({ pk, sk }: Record<string, unknown> = {}) => ({ TableName, Key: { pk, sk } });
  await tables.send(
    new UpdateCommand({
      ...keyOf(one),
      UpdateExpression: 'SET outcome = :other',
      ExpressionAttributeValues: { ':other': one?.outcome === 'allowed' ? 'refused' : 'allowed' },
    }),
  );
  await tables.send(new DeleteCommand(keyOf(other)));

  await sealedAfterAMinute(isTampering, 2);
  await exported();
  const evidence = recordsIn(out).filter((record) => record.kind === 'tampering');
  expect(evidence.map(({ change, record }) => [change, record])).toEqual([
    ['modified', one?.id],
    ['removed', other?.id],
  ]);
  const leaves = batchHeads(out).flatMap((head) => head.leaves);
  for (const { was } of evidence) expect(leaves).toContain(was); // what it had been is sealed
  const { code, told } = await wardline('audit', 'verify', out);
  expect(code).toBe(0);
  expect(told).toMatch(/Note: 2 times somebody changed the table of records/);
}, 120_000);

test('where the table has lost how far it was sealed, the bucket says it, and one chain goes on', async () => {
  const TableName = tableOf(run.stack.resources, 'AuditTrail');
  const [before, entries] = [batchHeads(out).length, recordsIn(out).filter(isEntry).length];
  await run.operator.tables.send(new DeleteCommand({ TableName, Key: keys.seals }));
  await nurse.send(conversation, 'the last dose');
  await sealedAfterAMinute(isEntry, entries + 1);
  expect(batchHeads(out).length).toBeGreaterThan(before);
  expect(await wardline('audit', 'verify', out)).toMatchObject({ code: 0 });
}, 120_000);

test('each hour says that the trail was alive, and nobody takes a sealed batch away', async () => {
  const before = batchHeads(out).length;
  run.stack.clock.advance(61 * MINUTE);
  await vi.waitFor(
    async () => {
      await exported();
      expect(batchHeads(out).filter(({ count }) => count === 0).length).toBeGreaterThan(0);
    },
    { timeout: 60_000, interval: 500 },
  );
  expect(batchHeads(out).length).toBeGreaterThan(before);
  expect(await wardline('audit', 'verify', out)).toMatchObject({ code: 0 });

  const { account, awsEndpointUrl: endpoint, administrator: credentials } = run.stack;
  const s3 = new S3Client({ region: account.region, endpoint, credentials, forcePathStyle: true });
  const Bucket = auditDeploymentOf(run.outputs, credentials).sealedRecordsBucket;
  const { Versions: [version] = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  const { Key, VersionId } = version ?? {};
  for (const named of [{}, { VersionId }, { VersionId, BypassGovernanceRetention: true }])
    await expect(s3.send(new DeleteObjectCommand({ Bucket, Key, ...named }))).rejects.toThrow(
      /explicit deny/,
    );
  s3.destroy();
}, 120_000);

async function exported() {
  return wardline('audit', 'export', '--out', out, '--outputs', join(directory, 'outputs.json'));
}

/** Lets the minute pass for which records are gathered, and waits until as many of these are sealed; some may be sealed twice. */
async function sealedAfterAMinute(isWanted: (record: SealedRecord) => boolean, count: number): Promise<void> {
  await vi.waitFor(
    async () => {
      run.stack.clock.advance(MINUTE);
      await exported();
      expect(
        new Set(
          recordsIn(out)
            .filter(isWanted)
            .map(({ id }) => id),
        ).size,
      ).toBe(count);
    },
    { timeout: 60_000, interval: 1_500 },
  );
}

const isEntry = ({ kind }: SealedRecord) => kind === 'entry';
const isTampering = ({ kind }: SealedRecord) => kind === 'tampering';
const isRead = (record: SealedRecord) => 'operation' in record && record.operation === 'conversation.read';

function filesIn(root: string): Map<string, Buffer> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(root, name)).isFile());
  return new Map(files.map((name) => [name, readFileSync(join(root, name))]));
}

function batchesIn(root: string): string[] {
  return readdirSync(join(root, 'sealed/records'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.gz'))
    .sort()
    .map((name) => `sealed/records/${name}`);
}

function batchHeads(root: string): { readonly count: number; readonly leaves: readonly string[] }[] {
  const folder = join(root, 'sealed/heads');
  return readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
}

function linesOf(file: string): string[] {
  return gunzipSync(readFileSync(file)).toString().split('\n').slice(0, -1);
}

function recordsIn(root: string): SealedRecord[] {
  const lines = batchesIn(root).flatMap((path) => linesOf(join(root, path)));
  return lines.map((line) => JSON.parse(line) as SealedRecord);
}

function keyFile(): string {
  const [name = ''] = readdirSync(join(out, 'keys'));
  return join(out, 'keys', name);
}

/** Runs a command here: what it wrote, and its exit code. */
async function wardline(...given: string[]) {
  let told = '\n';
  const hear = (text: unknown) => {
    told += `${text}\n`;
  };
  const spies = [
    vi.spyOn(console, 'error').mockImplementation(hear),
    vi.spyOn(console, 'log').mockImplementation(hear),
  ];
  const before = process.exitCode;
  process.exitCode = undefined;
  try {
    return { code: await main(given), told };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}
