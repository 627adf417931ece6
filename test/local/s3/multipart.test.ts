import { createHash, randomBytes } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { role } from '../front-door/open-front-door.ts';
import { BUCKET as Bucket, type Buckets, KEY_ARN, openBuckets } from './open-buckets.ts';

const everything = role('Everything', { Effect: 'Allow', Action: '*', Resource: '*' });
/** What a bucket asks of everybody who makes an object: our key, and never over another. */
const policy = [
  {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutObject',
    Resource: '*',
    Condition: { StringNotEquals: { 's3:x-amz-server-side-encryption-aws-kms-key-id': KEY_ARN } },
  },
  {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:PutObject',
    Resource: '*',
    Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
  },
] as const;
const SMALLEST = 5 * 1024 ** 2;
const contents = [randomBytes(SMALLEST), randomBytes(SMALLEST + 1), randomBytes(7)] as const;
const whole = Buffer.concat(contents);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
const composite = `${sha256(Buffer.concat(contents.map(sha256))).toString('base64')}-3`;

describe('an upload in parts', () => {
  let buckets: Buckets;
  beforeAll(async () => {
    buckets = await openBuckets({ properties: { VersioningConfiguration: { Status: 'Enabled' } }, policy });
  });
  afterAll(() => buckets.close());

  const s3 = () => buckets.client(everything);
  const begin = async (Key: string) => {
    const encryption = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: KEY_ARN } as const;
    const { UploadId } = await s3().send(
      new CreateMultipartUploadCommand({
        ...{ Bucket, Key, ContentType: 'image/tiff', Metadata: { shown: 'yes' }, ...encryption },
        ChecksumAlgorithm: 'SHA256',
      }),
    );
    return { Bucket, Key, UploadId };
  };
  type Upload = Awaited<ReturnType<typeof begin>>;
  const send = async (upload: Upload, PartNumber: number, Body: Buffer) => {
    const ChecksumSHA256 = sha256(Body).toString('base64');
    const { ETag } = await s3().send(new UploadPartCommand({ ...upload, PartNumber, Body, ChecksumSHA256 }));
    return { PartNumber, ETag, ChecksumSHA256 };
  };
  const complete = (upload: Upload, Parts: CompletedPart[], more: object = {}) =>
    s3().send(
      new CompleteMultipartUploadCommand({
        ...{ ...upload, MultipartUpload: { Parts }, IfNoneMatch: '*', ...more },
      }),
    );

  test('becomes one object of its parts in their order, with the checksum of their checksums', async () => {
    const upload = await begin('whole');
    const [third, first] = await Promise.all([send(upload, 3, contents[2]), send(upload, 1, contents[0])]);
    await send(upload, 2, randomBytes(SMALLEST)); // and again: the later one counts
    const second = await send(upload, 2, contents[1]);
    const listed = await s3().send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
    expect(listed).toMatchObject({
      IsTruncated: true,
      NextPartNumberMarker: '2',
      ChecksumAlgorithm: 'SHA256',
      ChecksumType: 'COMPOSITE',
      Parts: [
        { PartNumber: 1, Size: SMALLEST, ChecksumSHA256: first.ChecksumSHA256, ETag: first.ETag },
        { PartNumber: 2, Size: SMALLEST + 1 },
      ],
    });
    expect((await s3().send(new ListMultipartUploadsCommand({ Bucket }))).Uploads).toMatchObject([
      { Key: 'whole', UploadId: upload.UploadId },
    ]);

    const done = await complete(upload, [first, second, third], {
      MpuObjectSize: whole.length,
      ChecksumSHA256: composite,
    });
    expect(done).toMatchObject({
      ETag: expect.stringMatching(/^"[0-9a-f]{32}-3"$/),
      ChecksumSHA256: composite,
      ChecksumType: 'COMPOSITE',
      VersionId: expect.any(String),
      SSEKMSKeyId: KEY_ARN,
    });
    const got = await s3().send(new GetObjectCommand({ Bucket, Key: 'whole', VersionId: done.VersionId }));
    expect(got).toMatchObject({
      ContentType: 'image/tiff',
      Metadata: { shown: 'yes' },
      ContentLength: whole.length,
    });
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(whole)).toBe(true);

    const seam = `bytes=${SMALLEST - 3}-${2 * SMALLEST + 2}`;
    const ranged = await s3().send(new GetObjectCommand({ Bucket, Key: 'whole', Range: seam }));
    expect(ranged.ContentRange).toBe(`${seam.replace('=', ' ')}/${whole.length}`);
    const bytes = Buffer.from((await ranged.Body?.transformToByteArray()) ?? []);
    expect(bytes.equals(whole.subarray(SMALLEST - 3, 2 * SMALLEST + 3))).toBe(true);
    const part = await s3().send(new GetObjectCommand({ Bucket, Key: 'whole', PartNumber: 3 }));
    expect(part).toMatchObject({ ContentLength: 7, PartsCount: 3 });
    expect(buckets.files()).toEqual([[expect.any(String), expect.any(String), expect.any(String)], []]);
  });

  test('is refused where the list of parts is not what was sent, and is there still', async () => {
    const upload = await begin('refused');
    const [first, second, third] = await Promise.all([
      send(upload, 1, contents[0]),
      send(upload, 2, contents[1]),
      send(upload, 3, contents[2]),
    ]);
    const small = { ...third, PartNumber: 3 };
    const fourth = await send(upload, 4, contents[2]);
    const rows: [what: string, parts: CompletedPart[], more: object, code: string][] = [
      ['another ETag', [{ ...first, ETag: second.ETag }], {}, 'InvalidPart'],
      ['another checksum', [{ ...first, ChecksumSHA256: second.ChecksumSHA256 }], {}, 'InvalidPart'],
      ['no checksum', [{ PartNumber: 1, ETag: first.ETag }], {}, 'InvalidRequest'],
      ['a part that never came', [first, { ...second, PartNumber: 9 }], {}, 'InvalidPart'],
      ['another order', [second, first], {}, 'InvalidPartOrder'],
      ['a part twice', [first, first], {}, 'InvalidPartOrder'],
      ['a small part before the last', [small, fourth], {}, 'EntityTooSmall'],
      ['another size', [first], { MpuObjectSize: 1 }, 'InvalidRequest'],
      [
        'another checksum of it all',
        [first, second, third],
        { ChecksumSHA256: first.ChecksumSHA256 },
        'BadDigest',
      ],
      ['another type of checksum', [first], { ChecksumType: 'FULL_OBJECT' }, 'InvalidRequest'],
      ['no part', [], {}, 'MalformedXML'],
    ];
    for (const [what, parts, more, code] of rows) {
      const end = await complete(upload, parts, more).then(
        () => 'done',
        ({ name }: Error) => name,
      );
      expect([what, end]).toEqual([what, code]);
    }
    await expect(complete({ ...upload, Key: 'whole' }, [first])).rejects.toMatchObject({
      name: 'NoSuchUpload',
    });
    await expect(complete(upload, [first], { IfNoneMatch: undefined })).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    await expect(send(upload, 10_001, contents[2])).rejects.toMatchObject({ name: 'InvalidArgument' });
    const wrong = new UploadPartCommand({
      ...{ ...upload, PartNumber: 5, Body: contents[2] },
      ChecksumSHA256: sha256(contents[0]).toString('base64'),
    });
    await expect(s3().send(wrong)).rejects.toMatchObject({ name: 'BadDigest' });
    expect((await s3().send(new ListPartsCommand(upload))).Parts).toHaveLength(4);

    await s3().send(new AbortMultipartUploadCommand(upload));
    await expect(complete(upload, [first])).rejects.toMatchObject({ name: 'NoSuchUpload' });
    expect(buckets.files()[0]).toHaveLength(3); // those of the object of the first test
  });

  // Service Authorization Reference: of the listings that take a prefix, that of uploads alone has no `s3:prefix`.
  test('is listed to nobody whose permission asks for a prefix', async () => {
    const lister = role('Lister', {
      Effect: 'Allow',
      Action: ['s3:ListBucketVersions', 's3:ListBucketMultipartUploads'],
      Resource: '*',
      Condition: { StringLike: { 's3:prefix': 'files/*' } },
    });
    const asked = { Bucket, Prefix: 'files/' };
    const client = buckets.client(lister);
    await expect(client.send(new ListObjectVersionsCommand(asked))).resolves.toBeDefined();
    const refused = client.send(new ListMultipartUploadsCommand(asked));
    await expect(refused).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  test('does not replace an object that came meanwhile', async () => {
    const [one, other] = [await begin('race'), await begin('race')];
    const [of1, of2] = [await send(one, 1, contents[2]), await send(other, 1, contents[2])];
    await complete(one, [of1]);
    await expect(complete(other, [of2])).rejects.toMatchObject({ name: 'PreconditionFailed' });
  });
});

test.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)(
  'the %s of a whole object is made of its parts’ own, and is that of the bytes',
  async (ChecksumAlgorithm) => {
    const buckets = await openBuckets();
    const s3 = buckets.client(everything);
    const create = new CreateMultipartUploadCommand({
      ...{ Bucket, Key: 'crc', ChecksumAlgorithm, ChecksumType: 'FULL_OBJECT' },
    });
    const { UploadId } = await s3.send(create);
    const Parts = await Promise.all(
      contents.map(async (Body, place) => {
        const of = { Bucket, Key: 'crc', UploadId, PartNumber: place + 1, ChecksumAlgorithm };
        const { ETag } = await s3.send(new UploadPartCommand({ ...of, Body }));
        return { PartNumber: place + 1, ETag };
      }),
    );
    await s3.send(
      new CompleteMultipartUploadCommand({ Bucket, Key: 'crc', UploadId, MultipartUpload: { Parts } }),
    );
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: 'crc', ChecksumMode: 'ENABLED' }));
    expect(got).toMatchObject({
      ChecksumType: 'FULL_OBJECT',
      [`Checksum${ChecksumAlgorithm}`]: expect.any(String),
    });
    // the SDK reads it against the checksum of the answer and rejects where they differ
    expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(whole)).toBe(true);
    await buckets.close();
  },
);
