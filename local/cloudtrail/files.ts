import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Account } from '../account.ts';
import type { TrailEvent } from '../front-door/trail.ts';
import type { TrailSettings } from './trail-settings.ts';

/** A file as it is put into the bucket. */
export interface DeliveredFile {
  readonly key: string;
  readonly body: Buffer;
  /** SHA-256 of the uncompressed contents, in hexadecimal. */
  readonly hash: string;
}

/** What a digest says of one log file (CloudTrail user guide, "CloudTrail digest file structure"). */
export interface LogFileEntry {
  readonly s3Bucket: string;
  readonly s3Object: string;
  readonly hashValue: string;
  readonly hashAlgorithm: string;
  readonly newestEventTime: string | null;
  readonly oldestEventTime: string | null;
}

/** A digest before and after this one; all null at a chain's beginning. */
export interface Previous {
  readonly s3Bucket: string;
  readonly s3Object: string;
  readonly hashValue: string;
  readonly signature: string;
}

/** A log file: the events in one document, named as AWS names them. */
export function logFile(
  events: readonly TrailEvent[],
  { prefix }: TrailSettings,
  { accountId, region }: Account,
  at: number,
): DeliveredFile {
  const unique = randomBytes(24).toString('base64').replaceAll(/\W/g, '').slice(0, 16).padEnd(16, '0');
  const name = `${accountId}_CloudTrail_${region}_${compact(at).slice(0, 13)}Z_${unique}.json.gz`;
  const key = `${prefix}AWSLogs/${accountId}/CloudTrail/${region}/${day(at)}/${name}`;
  return packed(key, { Records: events });
}

/** The entry of a log file in the digest of its hour. */
export function entryOf(file: DeliveredFile, bucket: string, events: readonly TrailEvent[]): LogFileEntry {
  const times = events.map(({ eventTime }) => eventTime).sort();
  return {
    s3Bucket: bucket,
    s3Object: file.key,
    hashValue: file.hash,
    hashAlgorithm: 'SHA-256',
    newestEventTime: times.at(-1) ?? null,
    oldestEventTime: times[0] ?? null,
  };
}

/** The digest of the log files delivered between two times, in milliseconds since the epoch. */
export function digestFile(
  given: { from: number; to: number; logFiles: readonly LogFileEntry[]; previous?: Previous | undefined },
  fingerprint: string,
  trail: TrailSettings,
  { accountId, region }: Account,
): DeliveredFile {
  const { from, to, logFiles, previous } = given;
  const name = `${accountId}_CloudTrail-Digest_${region}_${trail.name}_${region}_${compact(to)}Z.json.gz`;
  const key = `${trail.prefix}AWSLogs/${accountId}/CloudTrail-Digest/${region}/${day(to)}/${name}`;
  const newest = logFiles.flatMap(({ newestEventTime }) => newestEventTime ?? []).sort();
  const oldest = logFiles.flatMap(({ oldestEventTime }) => oldestEventTime ?? []).sort();
  return packed(key, {
    awsAccountId: accountId,
    digestStartTime: seconds(from),
    digestEndTime: seconds(to),
    digestS3Bucket: trail.bucket,
    digestS3Object: key,
    digestPublicKeyFingerprint: fingerprint,
    digestSignatureAlgorithm: 'SHA256withRSA',
    newestEventTime: newest.at(-1) ?? null,
    oldestEventTime: oldest[0] ?? null,
    previousDigestS3Bucket: previous?.s3Bucket ?? null,
    previousDigestS3Object: previous?.s3Object ?? null,
    previousDigestHashValue: previous?.hashValue ?? null,
    previousDigestHashAlgorithm: previous ? 'SHA-256' : null,
    previousDigestSignature: previous?.signature ?? null,
    logFiles,
  });
}

/** What is signed of a digest (CloudTrail user guide, "Custom implementations of CloudTrail log file integrity validation"). */
export function signedText(file: DeliveredFile, bucket: string, to: number, previous?: Previous): string {
  return [seconds(to), `${bucket}/${file.key}`, file.hash, previous?.signature ?? 'null'].join('\n');
}

function packed(key: string, content: unknown): DeliveredFile {
  const plain = Buffer.from(JSON.stringify(content));
  return { key, body: gzipSync(plain), hash: createHash('sha256').update(plain).digest('hex') };
}

function seconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d{3}/, '');
}

/** `20150817T150131` */
function compact(time: number): string {
  return seconds(time).replaceAll(/[-:Z]/g, '');
}

function day(time: number): string {
  return seconds(time).slice(0, 10).replaceAll('-', '/');
}
