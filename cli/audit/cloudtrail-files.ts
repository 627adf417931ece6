import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** What a digest says (CloudTrail user guide, "CloudTrail digest file structure"), as far as it is believed. */
export interface Digest {
  readonly digestStartTime: string;
  readonly digestEndTime: string;
  readonly digestS3Bucket: string;
  readonly digestS3Object: string;
  readonly digestPublicKeyFingerprint: string;
  readonly previousDigestS3Object: string | null;
  readonly previousDigestHashValue: string | null;
  readonly previousDigestSignature: string | null;
  readonly logFiles: readonly {
    readonly s3Object: string;
    readonly hashValue: string;
    readonly hashAlgorithm: string;
  }[];
}

/** A file as it lies there, unpacked; undefined where it cannot be. */
export interface Unpacked {
  readonly content: Buffer | undefined;
  /** SHA-256 of the content, in hexadecimal. */
  readonly hash: string | undefined;
}

/** A directory of CloudTrail's files under the keys that they have in their bucket. */
export class CloudTrailFiles {
  private readonly directory: string;
  /** Keys of log files and of digests, in their order: names begin with times. */
  readonly logs: readonly string[];
  readonly digests: readonly string[];
  /** Keys of files under `AWSLogs/` that are neither. */
  readonly others: readonly string[];
  /** Key of a digest → its signature, as `x-amz-meta-signature` gave it in hexadecimal. */
  readonly signatures: Readonly<Record<string, string>>;
  /** Fingerprint → DER of PKCS #1. */
  readonly publicKeys: ReadonlyMap<string, Buffer>;

  constructor(directory: string) {
    this.directory = directory;
    const all = keysUnder(directory);
    this.digests = all.filter((key) => DIGEST.test(key));
    this.logs = all.filter((key) => LOG.test(key));
    this.others = all.filter((key) => !DIGEST.test(key) && !LOG.test(key));
    this.signatures = this.json('signatures.json') as Record<string, string>;
    this.publicKeys = new Map(
      (this.json('public-keys.json') as { PublicKeyList: PublicKey[] }).PublicKeyList.map((key) => [
        key.Fingerprint,
        Buffer.from(key.Value, 'base64'),
      ]),
    );
  }

  unpack(key: string): Unpacked {
    try {
      const content = gunzipSync(readFileSync(join(this.directory, ...key.split('/'))));
      return { content, hash: createHash('sha256').update(content).digest('hex') };
    } catch {
      return { content: undefined, hash: undefined };
    }
  }

  /** Undefined where the file is no digest. */
  digest(key: string): Digest | undefined {
    const { content } = this.unpack(key);
    try {
      const digest = JSON.parse(content?.toString('utf8') ?? '') as Digest;
      return typeof digest.digestEndTime === 'string' && Array.isArray(digest.logFiles) ? digest : undefined;
    } catch {
      return undefined;
    }
  }

  private json(name: string): unknown {
    return JSON.parse(readFileSync(join(this.directory, name), 'utf8'));
  }
}

interface PublicKey {
  readonly Fingerprint: string;
  /** Base64. */
  readonly Value: string;
}

/** Which chain a digest belongs to: account, Region that it is of, trail and the trail's home Region. */
export function chainOf(digestKey: string): string {
  return DIGEST.exec(digestKey)?.[1] ?? '';
}

/** The minute in which a log file was delivered, `YYYYMMDDTHHmm`. */
export function minuteOf(logKey: string): string {
  return LOG.exec(logKey)?.[2] ?? '';
}

/** Account and Region of a log file. */
export function placeOf(logKey: string): string {
  return LOG.exec(logKey)?.[1] ?? '';
}

const DIGEST = /\/CloudTrail-Digest\/.*\/(\d{12}_CloudTrail-Digest_.+)_\d{8}T\d{6}Z\.json\.gz$/;
const LOG = /\/CloudTrail\/.*\/(\d{12}_CloudTrail_[a-z0-9-]+)_(\d{8}T\d{4})Z_\w+\.json\.gz$/;

function keysUnder(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(directory.length + 1)
        .split(sep)
        .join('/'),
    )
    .filter((key) => /(^|\/)AWSLogs\//.test(key))
    .sort();
}
