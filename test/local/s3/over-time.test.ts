import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { role } from '../front-door/open-front-door.ts';
import { BUCKET as Bucket, type Buckets, openBuckets } from './open-buckets.ts';

const everything = role('Everything', { Effect: 'Allow', Action: '*', Resource: '*' });
const versioned = { VersioningConfiguration: { Status: 'Enabled' } };
const DAY_MS = 24 * 3600 * 1000;

const put = (buckets: Buckets, Key: string, more: object = {}) =>
  buckets.client(everything).send(new PutObjectCommand({ Bucket, Key, Body: Key, ...more }));
/** Every version as `key`, `key (marker)`, newest first under each key. */
const versions = async (buckets: Buckets) => {
  const { Versions = [], DeleteMarkers = [] } = await buckets
    .client(everything)
    .send(new ListObjectVersionsCommand({ Bucket }));
  return [...Versions.map(({ Key }) => Key), ...DeleteMarkers.map(({ Key }) => `${Key} (marker)`)].sort();
};

test('a lifecycle goes by prefix, tag, age and the midnights of the clock', async () => {
  const buckets = await openBuckets({
    startAt: new Date('2026-03-01T10:00:00Z'),
    properties: {
      ...versioned,
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'Short',
            Status: 'Enabled',
            Prefix: 'short/',
            ExpirationInDays: 1,
            TagFilters: [{ Key: 'keep', Value: 'no' }],
          },
          {
            Id: 'Clean',
            Status: 'Enabled',
            NoncurrentVersionExpiration: { NoncurrentDays: 2 },
            ExpiredObjectDeleteMarker: true,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
          { Id: 'Off', Status: 'Disabled', ExpirationInDays: 1 },
        ],
      },
    },
  });
  const told: string[] = [];
  buckets.s3.events.on(({ kind, reason, version, deletionType }) => {
    if (reason.startsWith('Lifecycle')) told.push(`${kind}: ${version.key}, ${deletionType}`);
  });
  await put(buckets, 'short/a', { Tagging: 'keep=no' });
  await put(buckets, 'short/b', { Tagging: 'keep=yes' });
  await put(buckets, 'long/c');
  await buckets.client(everything).send(new CreateMultipartUploadCommand({ Bucket, Key: 'long/half' }));
  const uploads = async () =>
    (await buckets.client(everything).send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? [];

  buckets.clock.advance(37 * 3600 * 1000); // a day old, and not yet midnight: 2 March, 23:00
  expect(await versions(buckets)).toEqual(['long/c', 'short/a', 'short/b']);
  expect(await uploads()).toHaveLength(1);
  buckets.clock.advance(3600 * 1000);
  expect(await versions(buckets)).toEqual(['long/c', 'short/a', 'short/a (marker)', 'short/b']);
  expect(await uploads()).toHaveLength(0);
  buckets.clock.advance(30 * DAY_MS);
  expect(await versions(buckets)).toEqual(['long/c', 'short/b']);
  expect(told).toEqual([
    'Object Deleted: short/a, Delete Marker Created',
    'Object Deleted: short/a, Permanently Deleted',
    'Object Deleted: short/a, Permanently Deleted', // the marker, with nothing left under it
  ]);
  expect(buckets.files()[0]).toHaveLength(2);
  await buckets.close();
});

test('Object Lock holds a version until its date, by mode, and for as long as a legal hold is on', async () => {
  const buckets = await openBuckets({
    properties: {
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 10 } },
      },
      LifecycleConfiguration: { Rules: [{ Status: 'Enabled', NoncurrentVersionExpirationInDays: 1 }] },
    },
  });
  const s3 = () => buckets.client(everything);
  const until = (days: number) => new Date(buckets.clock.now() + days * DAY_MS);
  const compliant = await put(buckets, 'compliant');
  const governed = await put(buckets, 'governed', {
    ...{ ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: until(5) },
  });
  const of = (Key: string, { VersionId }: { VersionId?: string | undefined }) => ({ Bucket, Key, VersionId });
  const remove = (Key: string, version: object, more: object = {}, who = everything) =>
    buckets
      .client(who)
      .send(new DeleteObjectCommand({ ...of(Key, version), ...more }))
      .then(
        () => 'deleted',
        ({ name }: Error) => name,
      );
  const bypass = { BypassGovernanceRetention: true };
  const unable = role('Unable', { Effect: 'Allow', Action: 's3:Delete*', Resource: '*' });

  expect(await remove('compliant', compliant, bypass)).toBe('AccessDenied');
  expect(await remove('governed', governed)).toBe('AccessDenied');
  expect(await remove('governed', governed, bypass, unable)).toBe('AccessDenied');
  const shorter = { Retention: { Mode: 'COMPLIANCE', RetainUntilDate: until(1) } } as const;
  await expect(
    s3().send(new PutObjectRetentionCommand({ ...of('compliant', compliant), ...shorter, ...bypass })),
  ).rejects.toMatchObject({ name: 'AccessDenied' });
  const held = await put(buckets, 'held', { ObjectLockLegalHoldStatus: 'ON' });
  const several = await s3().send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: [of('held', held), { Key: 'held' }] } }),
  );
  expect(several).toMatchObject({
    Errors: [{ Key: 'held', Code: 'AccessDenied' }],
    Deleted: [{ Key: 'held', DeleteMarker: true }],
  });

  expect(await remove('governed', governed, bypass)).toBe('deleted');
  buckets.clock.advance(30 * DAY_MS); // and no lifecycle takes what is on hold
  expect(await remove('compliant', compliant)).toBe('deleted');
  expect(await remove('held', held)).toBe('AccessDenied');
  await s3().send(new PutObjectLegalHoldCommand({ ...of('held', held), LegalHold: { Status: 'OFF' } }));
  expect(await remove('held', held)).toBe('deleted');
  await buckets.close();
});

test('objects, tags, deletions and half-done uploads outlive the run; what had only half arrived does not', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'kept-buckets-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const first = await openBuckets({ directory, properties: versioned });
  const s3 = first.client(everything);
  const { VersionId } = await put(first, 'tagged');
  await s3.send(
    new PutObjectTaggingCommand({
      Bucket,
      Key: 'tagged',
      Tagging: { TagSet: [{ Key: 'seen', Value: '1' }] },
    }),
  );
  const erased = await put(first, 'erased');
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'erased', VersionId: erased.VersionId }));
  await put(first, 'gone');
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone' }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'half' }));
  await s3.send(new UploadPartCommand({ Bucket, Key: 'half', UploadId, PartNumber: 1, Body: 'part' }));
  const before = await versions(first);
  const broken = fetch(`${first.url}/${Bucket}/never`, { method: 'PUT' }); // unsigned: nothing of it may stay
  expect((await broken).status).toBe(403);
  await first.close();
  expect(readFileSync(join(directory, 's3', 'versions.jsonl'), 'utf8')).not.toContain('never');

  const second = await openBuckets({ directory, properties: versioned });
  expect(await versions(second)).toEqual(before);
  const got = await second
    .client(everything)
    .send(new GetObjectCommand({ Bucket, Key: 'tagged', VersionId }));
  expect(await got.Body?.transformToString()).toBe('tagged');
  expect(got.TagCount).toBe(1);
  const parts = await second.client(everything).send(new ListPartsCommand({ Bucket, Key: 'half', UploadId }));
  expect(parts.Parts).toMatchObject([{ PartNumber: 1, Size: 4 }]);
  expect(second.files().map((names) => names.length)).toEqual([3, 0]);
  await second.close();
});
