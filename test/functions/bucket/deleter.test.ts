import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deleter } from '../../../functions/bucket/deleter.ts';
import type { AttachmentId, ConversationId } from '../../../protocol/ids.ts';
import { role } from '../../local/front-door/open-front-door.ts';
import { BUCKET as Bucket, type Buckets, openBuckets } from '../../local/s3/open-buckets.ts';

const everything = role('Everything', { Effect: 'Allow', Action: '*', Resource: '*' });
const conversation = (letter: string) => letter.repeat(26) as ConversationId;
const attachment = (nth: number) => String(nth).padStart(26, '0') as AttachmentId;

describe('what is deleted of a conversation', () => {
  let buckets: Buckets;
  beforeAll(async () => {
    buckets = await openBuckets({ properties: { VersioningConfiguration: { Status: 'Enabled' } } });
  });
  afterAll(() => buckets.close());

  const s3 = () => buckets.client(everything);
  /** Does something for each number below `count`, a few at a time. */
  const each = async (count: number, act: (nth: number) => Promise<unknown>) => {
    for (let from = 0; from < count; from += 50)
      await Promise.all(Array.from({ length: Math.min(50, count - from) }, (_, nth) => act(from + nth)));
  };

  test('is every upload that nobody completed and every version, however many there are, and nothing of another conversation', async () => {
    const [client, ours, other] = [s3(), conversation('c'), conversation('d')];
    const begin = (of: ConversationId, nth: number) =>
      client.send(new CreateMultipartUploadCommand({ Bucket, Key: `files/${of}/${attachment(nth)}` }));
    const one = await begin(ours, 0);
    const begun = { Bucket, Key: one.Key, UploadId: one.UploadId };
    await client.send(new UploadPartCommand({ ...begun, PartNumber: 1, Body: 'half an X-ray' }));
    await each(1_004, (nth) => begin(ours, Math.floor(nth / 2))); // two of each name
    const kept = await begin(other, 1);
    await each(1_001, (nth) =>
      client.send(new PutObjectCommand({ Bucket, Key: `files/${ours}/${attachment(nth)}`, Body: 'x' })),
    );
    await client.send(new DeleteObjectCommand({ Bucket, Key: `files/${ours}/${attachment(1)}` }));
    await client.send(new PutObjectCommand({ Bucket, Key: `previews/${ours}/${attachment(1)}`, Body: 'x' }));
    await client.send(new PutObjectCommand({ Bucket, Key: `files/${other}/${attachment(1)}`, Body: 'x' }));

    expect(await deleter(client, Bucket).removeAll({ conversationId: ours })).toBe(1_003);

    const uploads = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    expect(uploads.Uploads).toMatchObject([{ Key: kept.Key, UploadId: kept.UploadId }]);
    await expect(client.send(new ListPartsCommand(begun))).rejects.toMatchObject({ name: 'NoSuchUpload' });
    const versions = await client.send(new ListObjectVersionsCommand({ Bucket }));
    expect(versions.Versions?.map(({ Key }) => Key)).toEqual([`files/${other}/${attachment(1)}`]);
    expect(versions.DeleteMarkers ?? []).toEqual([]);
  }, 60_000);

  test('is what somebody ends or completes meanwhile, too', async () => {
    const [client, ours] = [s3(), conversation('e')];
    const name = { conversationId: ours, attachmentId: attachment(1) };
    const Key = `files/${ours}/${name.attachmentId}`;
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    const racing = buckets.client(everything);
    racing.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName === 'AbortMultipartUploadCommand') {
            await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
            await client.send(new PutObjectCommand({ Bucket, Key, Body: 'completed' }));
          }
          return next(args);
        },
      { step: 'initialize' },
    );
    expect(await deleter(racing, Bucket).removeAll(name)).toBe(1);
  });
});
