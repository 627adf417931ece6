import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { role } from '../front-door/open-front-door.ts';
import { BUCKET as Bucket, openBuckets } from './open-buckets.ts';

/**
 * A large file up and down, in one request and in parts. `WARDLINE_LARGE_FILE_MB=256` asks for it, 5120 for the largest that
 * one request may carry; it is written to the folder for temporary files twice. Client, front door and S3 are one process.
 */
const megabytes = Number(process.env.WARDLINE_LARGE_FILE_MB ?? 0);
const size = megabytes * 1024 ** 2;
const PART_BYTES = 16 * 1024 ** 2;
/** Half of the smallest file that is asked for, and the same for 5 GB: chunks that wait to be collected, never a file. */
const MOST_BUFFERED_BYTES = 128 * 1024 ** 2;

test.skipIf(megabytes < 256)(
  `a file of ${megabytes || 'some'} MB goes up and comes down, and memory stays flat`,
  async () => {
    const buckets = await openBuckets();
    onTestFinished(() => buckets.close());
    const s3 = buckets.client(role('Everything', { Effect: 'Allow', Action: '*', Resource: '*' }));
    const expected = await digestOf(content(0, size));
    const peaks = watch();

    await s3.send(new PutObjectCommand({ Bucket, Key: 'one', Body: content(0, size), ContentLength: size }));
    expect(await download('one')).toBe(expected);

    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
    const Parts: CompletedPart[] = [];
    for (let at = 0; at < size; at += PART_BYTES) {
      const length = Math.min(PART_BYTES, size - at);
      const part = { PartNumber: Parts.length + 1, Body: content(at, length), ContentLength: length };
      const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId, ...part }));
      Parts.push({ PartNumber: part.PartNumber, ETag });
    }
    const parts = { Bucket, Key: 'parts', UploadId, MultipartUpload: { Parts } };
    await s3.send(new CompleteMultipartUploadCommand(parts));
    expect(await download('parts')).toBe(expected);

    const { buffered, resident } = peaks.stop();
    console.info(`${megabytes} MB: at most ${mb(buffered)} MB in buffers, ${mb(resident)} MB more resident`);
    expect(buffered).toBeLessThan(MOST_BUFFERED_BYTES);

    async function download(Key: string): Promise<string> {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      return digestOf(Body as Readable);
    }
  },
  20 * 60_000,
);

/** Bytes that never repeat within a file, made as they are read. */
function content(from: number, length: number): Readable {
  return Readable.from(blocks(from, length), { objectMode: false });
}

function* blocks(from: number, length: number): Generator<Buffer> {
  const BLOCK = 64 * 1024;
  for (let at = from; at < from + length; at += BLOCK) {
    const block = Buffer.alloc(
      Math.min(BLOCK, from + length - at),
      createHash('md5').update(String(at)).digest(),
    );
    yield block;
  }
}

async function digestOf(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** The most bytes that lay in buffers, and the most memory beyond what there was at the beginning. */
function watch() {
  const start = process.memoryUsage();
  let [buffered, resident] = [0, 0];
  const timer = setInterval(() => {
    const now = process.memoryUsage();
    buffered = Math.max(buffered, now.arrayBuffers - start.arrayBuffers);
    resident = Math.max(resident, now.rss - start.rss);
  }, 5);
  return {
    stop: () => {
      clearInterval(timer);
      return { buffered, resident };
    },
  };
}

function mb(bytes: number): number {
  return Math.round(bytes / 1024 ** 2);
}
