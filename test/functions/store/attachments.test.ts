import { randomBytes } from 'node:crypto';
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Attachment, AttachmentName, Verdict } from '../../../functions/domain/attachment.ts';
import type { Entry } from '../../../functions/domain/entry.ts';
import { deleteAttachments } from '../../../functions/domain/follow-messages.ts';
import { idFrom } from '../../../functions/domain/id.ts';
import { attachments } from '../../../functions/store/attachments.ts';
import { deletionList } from '../../../functions/store/deletion-list.ts';
import { entryItem, entryOf } from '../../../functions/store/items.ts';
import { keys } from '../../../functions/store/keys.ts';
import { attachmentChangesIn } from '../../../functions/store/stream.ts';
import { uploadCounts } from '../../../functions/store/upload-counts.ts';
import { startDatabase } from '../../fixtures/database.ts';
import { aRef } from '../domain/in-memory.ts';

let client: DynamoDBDocumentClient;
const teardown: (() => Promise<void>)[] = [];
const newId = () => idFrom(randomBytes(16));
const sha256 = () => randomBytes(32).toString('base64');

beforeAll(async () => {
  client = await startDatabase(['Conversations'], (close) => teardown.push(close));
});
afterAll(async () => {
  for (const close of teardown) await close();
});

const store = () => attachments(client, 'Conversations');

async function begun(more: Partial<Attachment> = {}): Promise<Attachment> {
  const attachment: Attachment = {
    ...{ conversationId: newId(), attachmentId: newId(), uploader: newId(), beganAt: 1_000 },
    ...{ contentType: 'application/pdf', bytes: 10, sha256: sha256() },
    ...more,
  };
  await store().begin(attachment, 5_000);
  return attachment;
}

const expiryOf = async (name: Attachment) => {
  const { Item } = await client.send(
    new GetCommand({ TableName: 'Conversations', Key: keys.attachment(name), ConsistentRead: true }),
  );
  return Item?.expiresAt;
};

test('an attachment is found as it began, in parts too, and another is not', async () => {
  const parts = [sha256(), sha256()];
  const inParts = await begun({ partBytes: 8, parts, uploadId: 'up' });
  expect(await store().find(inParts)).toMatchObject(inParts);
  expect(await store().find({ ...inParts, attachmentId: newId() })).toBeUndefined();
  await expect(store().begin(inParts, 1)).rejects.toThrow('conditional');
});

test('of versions the first that was noted stands, and a verdict is kept with the version it is about', async () => {
  const one = await begun();
  expect(await store().scanned(one, { versionId: 'v1', verdict: 'clean' })).toMatchObject({
    versionId: undefined,
  });
  expect(await store().store(one, 'v1')).toMatchObject({ versionId: 'v1', scan: { verdict: 'clean' } });
  expect(await store().store(one, 'v2')).toMatchObject({ versionId: 'v1' });
  await store().previewed(one, 'p1');
  expect(await store().find(one)).toMatchObject({ versionId: 'v1', previewVersionId: 'p1' });
});

test('of one version the worst verdict stands, whatever order they come in, and one about another version than the noted is not kept', async () => {
  const one = await begun();
  await store().store(one, 'v1');
  const after = async (versionId: string, verdict: Verdict) =>
    (await store().scanned(one, { versionId, verdict }))?.scan;
  for (const [told, stands] of [
    ...[
      ['clean', 'clean'],
      ['unscannable', 'unscannable'],
      ['clean', 'unscannable'],
    ],
    ...[
      ['scan-failed', 'scan-failed'],
      ['unscannable', 'scan-failed'],
      ['infected', 'infected'],
    ],
    ...[
      ['infected', 'infected'],
      ['scan-failed', 'infected'],
      ['clean', 'infected'],
    ],
  ] as [Verdict, Verdict][])
    expect(await after('v1', told)).toEqual({ versionId: 'v1', verdict: stands });
  expect(await after('v2', 'clean')).toEqual({ versionId: 'v1', verdict: 'infected' });
});

test('of two messages at once one carries it, and that one as often as it is sent', async () => {
  const one = await begun();
  await store().store(one, 'v1');
  const by = (ref: string) => ({ ref, uploader: one.uploader, declared: one });
  const [ref, other] = [aRef(), aRef()];
  const claims = await Promise.all([ref, other, ref, other].map((of) => store().claim(one, by(of), 9_000)));
  const winner = (await store().find(one))?.claimedBy ?? '';
  expect(claims.filter(({ outcome }) => outcome === 'claimed')).toHaveLength(2);
  expect(await store().claim(one, by(winner), 9_500)).toEqual({ outcome: 'claimed' });
  expect(await expiryOf(one)).toBe(10);
  const loser = await store().claim(one, by(winner === ref ? other : ref), 9_000);
  expect(loser).toMatchObject({ outcome: 'refused', existing: { claimedBy: winner } });
});

test('a claim needs the uploader, what was declared, a version, and no bad verdict', async () => {
  const one = await begun();
  const by = { ref: aRef(), uploader: one.uploader, declared: one };
  const refused = async (claim: typeof by) =>
    expect((await store().claim(one, claim, 9_000)).outcome).toBe('refused');
  await refused(by);
  await store().store(one, 'v1');
  await refused({ ...by, uploader: newId() });
  for (const other of [{ bytes: 11 }, { sha256: sha256() }, { contentType: 'text/plain' as const }])
    await refused({ ...by, declared: { ...one, ...other } });
  await store().scanned(one, { versionId: 'v1', verdict: 'infected' });
  await refused(by);
  const gone = { ...one, attachmentId: newId() };
  expect(await store().claim(gone, by, 9_000)).toEqual({ outcome: 'refused', existing: undefined });
  expect(await expiryOf(one)).toBe(5);
});

test('what a message keeps has no date any more, and what is forgotten comes back by no later word', async () => {
  const one = await begun();
  await store().keep(one, 7);
  expect([await expiryOf(one), (await store().find(one))?.seq]).toEqual([undefined, 7]);
  await store().forget(one);
  await store().keep(one, 8);
  await store().previewed(one, 'p');
  expect(await store().scanned(one, { versionId: 'v', verdict: 'clean' })).toBeUndefined();
  expect(await store().find(one)).toBeUndefined();
});

test('what a person begins on a day is counted while it fits, in bytes and in number, however many come at once', async () => {
  const uploader = newId();
  const at = Date.UTC(2026, 10, 22, 23, 59);
  const bytes = 10;
  const counts = uploadCounts(client, 'Conversations', { bytes: 45, uploads: 6 });
  const add = (more: object = {}) => counts.add({ uploader, bytes, at, ...more });
  const item = async (day: string) => {
    const Key = keys.uploaded(uploader, day);
    return (await client.send(new GetCommand({ TableName: 'Conversations', Key, ConsistentRead: true })))
      .Item;
  };
  expect(await add({ bytes: 46 })).toBe(false); // more than a day holds
  expect(await item('2026-11-22')).toBeUndefined();
  const answers = await Promise.all(Array.from({ length: 6 }, () => add()));
  expect(answers.filter((isCounted) => isCounted)).toHaveLength(4);
  expect(await add({ bytes: 5 })).toBe(true);
  expect(await add({ bytes: 1 })).toBe(false);
  const expiresAt = Date.UTC(2026, 10, 24) / 1000;
  expect(await item('2026-11-22')).toMatchObject({ bytes: 45, uploads: 5, expiresAt });
  expect(await add({ uploader: newId() })).toBe(true);
  const small = await Promise.all(Array.from({ length: 8 }, () => add({ bytes: 1, at: at + 60_000 })));
  expect(small.filter((isCounted) => isCounted)).toHaveLength(6);
  expect(await item('2026-11-23')).toMatchObject({ bytes: 6, uploads: 6 });
});

test('what is over is listed once, however often it is told, until it is done', async () => {
  const list = deletionList(client, 'Conversations');
  const names = [await begun(), await begun()].map(({ conversationId, attachmentId }) => ({
    conversationId,
    attachmentId,
  }));
  for (const name of [...names, ...names]) await list.put(name);
  const standing = async () => {
    const found: AttachmentName[] = [];
    for await (const part of list.standing()) found.push(...part);
    return found;
  };
  expect(await standing()).toEqual(expect.arrayContaining(names));
  for (const name of names) await list.done(name);
  expect(await standing()).toEqual([]);

  const many = Array.from({ length: 130 }, () => ({ conversationId: newId(), attachmentId: newId() }));
  for (const name of many) await list.put(name);
  const failing = new Set((await standing()).slice(0, 110).map(({ attachmentId }) => attachmentId));
  let [failures, now] = [0, 0];
  const run = () =>
    deleteAttachments({
      list,
      attachments: { forget: async () => {} },
      objects: {
        removeAll: async (of) => {
          now += 350;
          if ('attachmentId' in of && failing.has(of.attachmentId)) throw new Error('S3 is away');
          return 1;
        },
      },
      failed: () => {
        failures += 1;
      },
      now: () => now,
    });
  await run(); // what fails holds up nothing behind it, and forty seconds are over after the 115th
  expect([failures, (await standing()).length]).toEqual([110, 125]);
  failing.clear();
  await run();
  await run();
  expect(await standing()).toEqual([]);
});

test('the stream tells which messages carry a file, which of them are gone, and which files nobody sent in time', () => {
  const [conversationId, attachmentId] = [newId(), newId()];
  const entry: Entry = {
    ...{ conversationId, attachmentId, seq: 3, messageId: newId(), sender: newId(), ref: aRef(), at: 1 },
    ...{ prev: randomBytes(32), membersVersion: 0, sealed: { epoch: '2026-11', bytes: randomBytes(90) } },
  };
  const item = entryItem(entry, 1_000);
  expect(entryOf(item)).toEqual(entry);
  const image = inStream(item);
  const file = inStream({ ...keys.attachment({ conversationId, attachmentId }), by: entry.sender });
  const byDate = { principalId: 'dynamodb.amazonaws.com' };
  const name = { conversationId, attachmentId };
  const changes = (...Records: Parameters<typeof attachmentChangesIn>[0]['Records'][number][]) =>
    attachmentChangesIn({ Records });
  expect(changes({ dynamodb: { NewImage: image } })).toEqual({ carried: [{ ...name, seq: 3 }], over: [] });
  expect(changes({ dynamodb: { OldImage: image } })).toEqual({ carried: [], over: [name] });
  expect(changes({ dynamodb: { OldImage: file }, userIdentity: byDate })).toEqual({
    carried: [],
    over: [name],
  });
  expect(changes({ dynamodb: { OldImage: file } })).toEqual({ carried: [], over: [] }); // forgotten by us: deleted already
});

/** An item as Lambda is given it: binary attributes as base64. */
function inStream(item: object): unknown {
  return Object.fromEntries(
    Object.entries(marshall(item, { removeUndefinedValues: true })).map(([name, value]) => [
      name,
      value.B ? { B: Buffer.from(value.B).toString('base64') } : value,
    ]),
  );
}
