import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { objects } from '../../../functions/bucket/objects.ts';
import type { Attachment } from '../../../functions/domain/attachment.ts';
import { idFrom } from '../../../functions/domain/id.ts';
import { digest, put } from '../../fixtures/attaching.ts';
import { role } from '../../local/front-door/open-front-door.ts';
import { BUCKET, type Buckets, KEY_ARN, openBuckets } from '../../local/s3/open-buckets.ts';

const everything = role('Everything', { Effect: 'Allow', Action: '*', Resource: '*' });
const bytes = randomBytes(1_000);
const sha256 = digest(bytes);

describe('parts', () => {
  let buckets: Buckets;
  let store: ReturnType<typeof objects>;
  beforeAll(async () => {
    buckets = await openBuckets({ properties: { VersioningConfiguration: { Status: 'Enabled' } } });
    const place = { bucket: BUCKET, keyArn: KEY_ARN };
    store = objects(buckets.client(everything), place, () => buckets.clock.now());
  });
  afterAll(() => buckets.close());

  /** An upload of one part, which has come. */
  const uploaded = async (name = { conversationId: anId(), attachmentId: anId() }): Promise<Attachment> => {
    const declared = { contentType: 'video/mp4', bytes: bytes.length, sha256, partBytes: 8_000_000 } as const;
    const uploadId = await store.beginParts(name, declared);
    const attachment = { ...name, ...declared, parts: [sha256], uploadId, uploader: anId(), beganAt: 0 };
    expect(await put(await store.permitPart(attachment, 1), bytes)).toEqual({ status: 200 });
    return attachment;
  };

  test('are taken exactly as they were declared: no byte less or more is begun, and no other byte is kept', async () => {
    const attachment = await uploaded();
    const permit = await store.permitPart(attachment, 1);
    const unsigned = { status: 403, code: 'SignatureDoesNotMatch' }; // before a byte is taken
    expect(await put(permit, bytes.subarray(1))).toEqual(unsigned);
    expect(await put(permit, Buffer.concat([bytes, Buffer.alloc(1)]))).toEqual(unsigned);
    const other = randomBytes(bytes.length);
    expect(await put(permit, other)).toMatchObject({ status: 400 });
    expect(await put(permit, other, { 'x-amz-checksum-sha256': digest(other) })).toEqual(unsigned);
    expect(permit.url).not.toContain(encodeURIComponent(sha256)); // a proxy's log keeps addresses
    expect(await put(permit, bytes)).toEqual({ status: 200 });
  });

  test('are not put together by S3 itself where they are not of the declared size, and are there still', async () => {
    const attachment = await uploaded();
    for (const size of [bytes.length - 1, bytes.length + 1])
      await expect(store.joinParts({ ...attachment, bytes: size })).rejects.toThrow();
    expect(await store.look(attachment)).toBeUndefined();
    expect(await store.joinParts(attachment)).toBe(true);
    expect(await store.look(attachment)).toMatchObject({ bytes: bytes.length });
  });

  test('never replace what stands there when they are put together', async () => {
    const first = await uploaded();
    const second = await uploaded(first);
    expect(await store.joinParts(first)).toBe(true);
    const stood = await store.look(first);
    await expect(store.joinParts(second)).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await store.look(first)).toEqual(stood);
  });
});

function anId(): string {
  return idFrom(randomBytes(16));
}
