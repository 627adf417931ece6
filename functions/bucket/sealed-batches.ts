import { gunzipSync, gzipSync } from 'node:zlib';
import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { Line, SealedHead } from '../audit/head.ts';
import { readLine } from '../audit/lines.ts';
import { inTwelveDigits, type SealedBatches } from '../audit/seal-records.ts';
import { Fault } from '../domain/fault.ts';
import { encryptedWith, type Place } from './permits.ts';

/** Sealed batches in the bucket from which nothing goes: each name is put once, and every later put is told so. */
export function sealedBatches(client: S3Client, place: Place): SealedBatches {
  const put = (Key: string, Body: Uint8Array | string, ContentType: string) =>
    putFirst(client, place, { Key, Body, ContentType });
  const read = async (Key: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: place.bucket, Key }));
    if (!Body) throw new Fault('S3 gave an object without its bytes');
    return Buffer.from(await Body.transformToByteArray());
  };

  return {
    putRecords: (path, lines) => put(path, gzipSync(textOf(lines)), 'application/gzip'),
    records: async (path) => linesOf(gunzipSync(await read(path)).toString('utf8')),
    putHead: (head) => put(headPath(head.number), JSON.stringify(head), 'application/json'),
    head: async (number) => {
      try {
        return JSON.parse((await read(headPath(number))).toString('utf8')) as SealedHead;
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
  };
}

function headPath(number: number): string {
  return `sealed/heads/${inTwelveDigits(number)}.json`;
}

function textOf(lines: readonly Line[]): string {
  return lines.map(({ text }) => `${text}\n`).join('');
}

function linesOf(text: string): readonly Line[] {
  return text.split('\n').slice(0, -1).map(readLine);
}

/** Whether it was put; false where an object of that name stands, or is just being put. */
async function putFirst(
  client: S3Client,
  place: Place,
  object: { readonly Key: string; readonly Body: Uint8Array | string; readonly ContentType: string },
): Promise<boolean> {
  try {
    const command = new PutObjectCommand({
      ...{ Bucket: place.bucket, IfNoneMatch: '*', ...encryptedWith(place) },
      ...object,
    });
    await client.send(command);
    return true;
  } catch (error) {
    const taken = error instanceof S3ServiceException && TAKEN.has(error.name);
    if (taken) return false;
    throw error;
  }
}

/** S3 user guide, "How to prevent object overwrites with conditional writes": the latter where two put at once. */
const TAKEN = new Set(['PreconditionFailed', 'ConditionalRequestConflict']);
