import { PassThrough } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { throttle } from '../../../local/front-door/faults.ts';
import { role, send } from '../front-door/open-front-door.ts';
import { BUCKET as Bucket, type Buckets, KEY_ARN, openBuckets } from './open-buckets.ts';

const everything = role('Everything', { Effect: 'Allow', Action: '*', Resource: '*' });

describe('S3 answers', () => {
  let buckets: Buckets;
  beforeAll(async () => {
    buckets = await openBuckets({ properties: { VersioningConfiguration: { Status: 'Enabled' } } });
    for (const Key of ['a/1', 'a/2', 'b/1', 'c', 'd\n&<e>']) await put(Key);
  });
  afterAll(() => buckets.close());

  const s3 = () => buckets.client(everything);
  const put = (Key: string, more: object = {}) =>
    s3().send(new PutObjectCommand({ Bucket, Key, Body: Key, ...more }));
  const refusal = (sent: Promise<unknown>) =>
    sent.then(
      () => undefined,
      ({ name, message, $metadata }) => ({ name, message, status: $metadata?.httpStatusCode }),
    );
  const get = (more: object) => s3().send(new GetObjectCommand({ Bucket, Key: 'c', ...more }));

  test('lists page by page in the order of keys, folded at the delimiter', async () => {
    const seen: unknown[] = [];
    for await (const page of paginateListObjectsV2(
      { client: s3(), pageSize: 2 },
      { Bucket, Delimiter: '/' },
    )) {
      seen.push([page.CommonPrefixes?.map(({ Prefix }) => Prefix), page.Contents?.map(({ Key }) => Key)]);
    }
    expect(seen).toEqual([
      [['a/', 'b/'], undefined],
      [undefined, ['c', 'd\n&<e>']],
    ]);
    const after = await s3().send(new ListObjectsV2Command({ Bucket, Prefix: 'a/', StartAfter: 'a/1' }));
    expect(after).toMatchObject({ KeyCount: 1, Contents: [{ Key: 'a/2', Size: 3 }], IsTruncated: false });
    const first = await s3().send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 2 }));
    const more = { KeyMarker: first.NextKeyMarker, VersionIdMarker: first.NextVersionIdMarker };
    const second = await s3().send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, ...more }));
    expect([first, second].map(({ Versions }) => Versions?.map(({ Key }) => Key))).toEqual([
      ['a/1', 'a/2'],
      ['b/1', 'c'],
    ]);
  });

  test('deletes by the very key, line break and all', async () => {
    await put('odd\n&<key>');
    const { Deleted } = await s3().send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'odd\n&<key>' }] } }),
    );
    expect(Deleted).toMatchObject([{ Key: 'odd\n&<key>', DeleteMarker: true }]);
    expect((await refusal(get({ Key: 'odd\n&<key>' })))?.name).toBe('NoSuchKey');
  });

  test('what is asked for under a condition, in part, or in other words', async () => {
    const { ETag, VersionId } = await put('c', { ContentType: 'text/plain', Metadata: { of: 'it' } });
    expect((await refusal(get({ IfMatch: '"other"' })))?.status).toBe(412);
    expect((await refusal(get({ IfNoneMatch: ETag })))?.status).toBe(304);
    expect(await refusal(get({ Range: 'bytes=9-' }))).toMatchObject({ name: 'InvalidRange', status: 416 });
    const last = await get({ Range: 'bytes=-1', ResponseContentDisposition: 'attachment' });
    expect(last).toMatchObject({ ContentRange: 'bytes 0-0/1', ContentDisposition: 'attachment' });
    expect((await refusal(get({ VersionId: 'other' })))?.name).toBe('NoSuchVersion');
    const ObjectAttributes = ['ETag', 'ObjectSize', 'Checksum'] as const;
    const of = { Bucket, Key: 'c', VersionId, ObjectAttributes: [...ObjectAttributes] };
    expect(await s3().send(new GetObjectAttributesCommand(of))).toMatchObject({
      ETag: ETag?.replaceAll('"', ''),
      ObjectSize: 1,
      Checksum: { ChecksumCRC32: expect.any(String), ChecksumType: 'FULL_OBJECT' },
    });
    const copy = {
      Bucket,
      Key: 'copied',
      CopySource: `${Bucket}/c`,
      ServerSideEncryption: 'aws:kms',
    } as const;
    await s3().send(new CopyObjectCommand({ ...copy, SSEKMSKeyId: KEY_ARN }));
    const head = await s3().send(new HeadObjectCommand({ Bucket, Key: 'copied' }));
    expect(head).toMatchObject({ ContentType: 'text/plain', Metadata: { of: 'it' }, SSEKMSKeyId: KEY_ARN });
  });

  test('the host may name the bucket, as AWS’s own hosts do', async () => {
    const aws = new S3Client({ region: 'us-east-1', credentials: buckets.credentials.issue(everything) });
    const answerTo = async (named: string) => {
      const url = new URL(await getSignedUrl(aws, new GetObjectCommand({ Bucket: named, Key: 'a/1' })));
      const { host, pathname, search } = url;
      return send(buckets.url, { method: 'GET', path: pathname + search, headers: { host } });
    };
    expect(await answerTo(Bucket)).toMatchObject({ status: 200, body: 'a/1' });
    const other = await answerTo(`other-${Bucket}`);
    expect(other).toMatchObject({ status: 404, body: expect.stringContaining('NoSuchBucket') });
    aws.destroy();
  });

  test('a delete marker is said to be one, and is itself deleted by its version', async () => {
    await put('marked');
    const marker = await s3().send(new DeleteObjectCommand({ Bucket, Key: 'marked' }));
    const found = get({ Key: 'marked', VersionId: marker.VersionId });
    expect(await refusal(found)).toMatchObject({ name: 'MethodNotAllowed', status: 405 });
    await s3().send(new DeleteObjectCommand({ Bucket, Key: 'marked', VersionId: marker.VersionId }));
    await get({ Key: 'marked' });
  });

  test('of two that may not meet the later is refused: over an object, and over a deletion meanwhile', async () => {
    const { ETag } = await put('once', { IfNoneMatch: '*' });
    expect(await refusal(put('once', { IfNoneMatch: '*' }))).toMatchObject({
      name: 'PreconditionFailed',
      status: 412,
    });
    await put('once', { IfMatch: ETag, Body: 'new' });
    expect((await refusal(put('once', { IfMatch: ETag })))?.status).toBe(412);
    expect((await refusal(put('none', { IfMatch: ETag })))?.status).toBe(404);

    const slow = new PassThrough();
    const upload = refusal(put('race', { IfNoneMatch: '*', Body: slow, ContentLength: 4 }));
    slow.write('ab');
    await expect.poll(() => buckets.files()[1]).toHaveLength(1);
    await s3().send(new DeleteObjectCommand({ Bucket, Key: 'race' }));
    slow.end('cd');
    expect(await upload).toMatchObject({ name: 'ConditionalRequestConflict', status: 409 });
    expect(buckets.files()[1]).toEqual([]);
  });

  test('a key that is disabled opens nothing and takes nothing; a throttled call hears SlowDown', async () => {
    const encryption = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: KEY_ARN };
    await put('closed', encryption);
    const keyCall = (operation: string) => ({ operation, input: { KeyId: KEY_ARN } }) as never;
    await buckets.keys.handle(keyCall('DisableKey'));
    expect((await refusal(get({ Key: 'closed' })))?.name).toBe('KMS.DisabledException');
    expect((await refusal(put('never', encryption)))?.name).toBe('KMS.DisabledException');
    await buckets.keys.handle(keyCall('EnableKey'));
    await get({ Key: 'closed' });
    buckets.faults.add({ service: 's3', operation: 'GetObject', times: 1, effect: throttle() });
    expect(await refusal(get({}))).toMatchObject({ name: 'SlowDown', status: 503 });
  });
});

test.each([
  [{ WebsiteConfiguration: {} }, 'WebsiteConfiguration'],
  [{ VersioningConfiguration: { Status: 'On' } }, 'VersioningConfiguration'],
  [{ LifecycleConfiguration: { Rules: [{ Status: 'Enabled', Transitions: [] }] } }, 'Transitions'],
  [
    { ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } } } },
    'ObjectLockEnabled',
  ],
])('a bucket with %j stops the start, by name', async (properties, name) => {
  await expect(openBuckets({ properties })).rejects.toThrow(name);
});
