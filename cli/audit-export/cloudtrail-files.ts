import { createHash, createHmac } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';
import { Failure } from '../failure.ts';
import { type Copying, copyObject, type Days } from './sealed-objects.ts';

const DIGEST = /\/CloudTrail-Digest\//;
const DAY_MS = 86_400_000;
const AT_ONCE = 16;

/**
 * Copies what CloudTrail delivered on some days, and on the day before, which the first digests speak of, with what verifies it: the digests' signatures,
 * which S3 keeps as metadata, and CloudTrail's public keys. Gives from when on digests were copied, where not all were.
 */
export async function copyCloudTrail(
  copying: Copying,
  days: Days,
  place: { readonly region: string; readonly endpoint?: string | undefined },
  tell: (doing: string) => void,
): Promise<string | undefined> {
  const signatures: Record<string, string> = {};
  for await (const keys of keysOf(copying, days)) {
    for (let from = 0; from < keys.length; from += AT_ONCE) {
      const some = keys.slice(from, from + AT_ONCE);
      tell(`CloudTrail ${some[0]}`);
      const signed = await Promise.all(some.map((key) => copied(copying, key)));
      for (const [place, key] of some.entries()) if (DIGEST.test(key)) signatures[key] = signed[place] ?? '';
    }
  }
  await mkdir(copying.directory, { recursive: true });
  await writeJson(copying, 'signatures.json', signatures);
  await writeJson(copying, 'public-keys.json', await publicKeys(copying, place));
  return days.from && `${days.from}T00:00:00Z`;
}

/** Log files and digests of these days by their keys, which hold the day. */
async function* keysOf({ s3, bucket }: Copying, { from, to }: Days): AsyncGenerator<readonly string[]> {
  const [first, last] = [from && moved(from, -1), to && moved(to, 1)];
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: 'AWSLogs/' },
  )) {
    yield Contents.map(({ Key = '' }) => Key).filter((key) => {
      const [, year, month, day] = /\/(\d{4})\/(\d{2})\/(\d{2})\/[^/]+\.json\.gz$/.exec(key) ?? [];
      if (year === undefined) return false;
      const date = `${year}-${month}-${day}`;
      const isDigestBefore = DIGEST.test(key) && from !== undefined && date < from;
      return (
        !isDigestBefore && (first === undefined || date >= first) && (last === undefined || date <= last)
      );
    });
  }
}

/** Copies one file; of a digest its signature. */
async function copied(copying: Copying, key: string): Promise<string | undefined> {
  if (!(await copyObject(copying, key))) throw new Failure('finding', `${key} went while it was copied`);
  if (!DIGEST.test(key)) return undefined;
  const { Metadata } = await copying.s3.send(new HeadObjectCommand({ Bucket: copying.bucket, Key: key }));
  return Metadata?.signature;
}

/** CloudTrail's ListPublicKeys. There is no client of CloudTrail among the pinned packages for this one call. */
async function publicKeys(
  { s3 }: Copying,
  { region, endpoint = `https://cloudtrail.${region}.amazonaws.com` }: Parameters<typeof copyCloudTrail>[2],
): Promise<unknown> {
  const { protocol, hostname, host } = new URL(endpoint);
  const body = JSON.stringify({ StartTime: 0 });
  const signer = new SignatureV4({
    ...{ credentials: await s3.config.credentials(), region, service: 'cloudtrail', sha256: Sha256 },
  });
  const { headers } = await signer.sign(
    {
      ...{ method: 'POST', protocol, hostname, path: '/', body },
      headers: {
        host,
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.ListPublicKeys',
      },
    },
    { signingDate: new Date(Date.now() + s3.config.systemClockOffset) },
  );
  const answer = await fetch(endpoint, { method: 'POST', headers, body });
  if (!answer.ok) throw new Failure('environment', `CloudTrail gives no public keys: ${answer.status}`);
  return answer.json();
}

async function writeJson({ directory }: Copying, name: string, value: unknown): Promise<void> {
  await writeFile(join(directory, name), `${JSON.stringify(value, null, 2)}\n`);
}

function moved(day: string, days: number): string {
  return new Date(Date.parse(day) + days * DAY_MS).toISOString().slice(0, 10);
}

/** SHA-256 as the signer asks for it, by Node's own. */
class Sha256 {
  private readonly hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
