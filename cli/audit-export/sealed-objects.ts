import { createWriteStream } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, NoSuchKey, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { headPath } from '../audit/formats.ts';

/** A bucket, and the directory into which its objects are copied under their keys. */
export interface Copying {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly directory: string;
}

/** Days of sealing, YYYY-MM-DD in UTC, both included; all where nothing is said. */
export interface Days {
  readonly from?: string;
  readonly to?: string;
}

const RECORDS = 'sealed/records/';
const DAY_MS = 86_400_000;

/** The numbers of the batches that were sealed on these days, and on the one after: records are sealed a little later than they are made. */
export async function numbersOf(
  { s3, bucket }: Omit<Copying, 'directory'>,
  { from, to }: Days,
): Promise<{ readonly first: number; readonly last: number } | undefined> {
  const after = from && `${RECORDS}day=${from}/`;
  const end = to && `${RECORDS}day=${dayAfter(dayAfter(to))}/`;
  let [first, last] = [0, 0];
  const pages = paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: RECORDS, ...(after && { StartAfter: after }) },
  );
  for await (const { Contents = [] } of pages) {
    for (const { Key = '' } of Contents) {
      if (end && Key >= end) return first > 0 ? { first, last } : undefined;
      const number = Number(/(\d{12})\.jsonl\.gz$/.exec(Key)?.[1]);
      if (first === 0) first = number;
      last = Math.max(last, number);
    }
  }
  return first > 0 ? { first, last } : undefined;
}

/**
 * Copies an object that never changes, unless it was copied before; a copy that was broken off lies under another name and is begun
 * anew. False where there is no such object.
 */
export async function copyObject({ s3, bucket, directory }: Copying, key: string): Promise<boolean> {
  const file = join(directory, key);
  if (await isThere(file)) return true;
  try {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (!Body) throw new Error(`S3 gave ${key} without its bytes`);
    await mkdir(dirname(file), { recursive: true });
    const part = `${file}.part`;
    await pipeline(Body as NodeJS.ReadableStream, createWriteStream(part));
    await rename(part, file);
    return true;
  } catch (error) {
    if (error instanceof NoSuchKey) return false;
    throw error;
  }
}

/** Copies the heads of a span; gives the number of the last whose head is there: the newest batch may still be waiting for its own. */
export async function copyHeads(
  copying: Copying,
  { first, last }: { readonly first: number; readonly last: number },
  each: (number: number) => Promise<void>,
): Promise<number> {
  let reached = first - 1;
  for (let from = first; from <= last; from += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, last - from + 1) }, (_, nth) => from + nth);
    const there = await Promise.all(
      numbers.map(async (number) => {
        const copied = await copyObject(copying, headPath(number));
        if (copied) await each(number);
        return copied;
      }),
    );
    for (const [place, number] of numbers.entries()) if (there[place]) reached = number;
  }
  return reached;
}

const AT_ONCE = 16;

function dayAfter(day: string): string {
  return new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}
