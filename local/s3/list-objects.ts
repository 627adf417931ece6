import type { Answer } from '../front-door/service.ts';
import type { Bucket } from './bucket.ts';
import { elementOf } from './checksums.ts';
import { refusals } from './errors.ts';
import type { BucketCall } from './object-call.ts';
import type { Version } from './version.ts';
import { xml } from './xml.ts';

/** S3 API reference, ListObjectsV2: a thousand a page. */
const MOST_KEYS = 1000;

/** ListObjects and ListObjectsV2: current objects in the order of their keys, folded at the delimiter. */
export function listObjects({ bucket, query, call }: BucketCall): Answer {
  const isSecond = call.operation === 'ListObjectsV2';
  const asked = pageOf(query, isSecond ? (tokenIn(query) ?? query.get('start-after')) : query.get('marker'));
  const current = bucket.keys().flatMap((key) => bucket.current(key) ?? []);
  const page = take(current, asked);
  const url = asked.encode;
  const body = xml('ListBucketResult', {
    Name: bucket.settings.name,
    Prefix: url(asked.prefix),
    Delimiter: asked.delimiter === '' ? undefined : url(asked.delimiter),
    MaxKeys: asked.most,
    EncodingType: query.get('encoding-type') ?? undefined,
    IsTruncated: page.next !== undefined,
    ...(isSecond
      ? {
          KeyCount: page.found.length + page.folded.length,
          ContinuationToken: query.get('continuation-token') ?? undefined,
          NextContinuationToken:
            page.next === undefined ? undefined : Buffer.from(page.next).toString('base64url'),
          StartAfter: optional(query.get('start-after'), url),
        }
      : {
          Marker: url(query.get('marker') ?? ''),
          NextMarker: optional(asked.delimiter === '' ? null : (page.next ?? null), url),
        }),
    Contents: page.found.map((version) => ({ Key: url(version.key), ...summary(version) })),
    CommonPrefixes: page.folded.map((prefix) => ({ Prefix: url(prefix) })),
  });
  return { body };
}

/** ListObjectVersions: every version and delete marker, newest first under each key. */
export function listVersions({ bucket, query }: BucketCall): Answer {
  const asked = pageOf(query, query.get('key-marker'));
  const idMarker = query.get('version-id-marker');
  const all = bucket.keys().flatMap((key) => behind(bucket, key, asked.after, idMarker));
  const page = take(all, idMarker === null ? asked : { ...asked, after: undefined });
  const url = asked.encode;
  const entry = (version: Version) => ({
    Key: url(version.key),
    VersionId: version.versionId,
    IsLatest: bucket.newest(version.key) === version,
  });
  const body = xml('ListVersionsResult', {
    Name: bucket.settings.name,
    Prefix: url(asked.prefix),
    KeyMarker: url(query.get('key-marker') ?? ''),
    VersionIdMarker: idMarker ?? '',
    MaxKeys: asked.most,
    EncodingType: query.get('encoding-type') ?? undefined,
    IsTruncated: page.next !== undefined,
    NextKeyMarker: optional(page.next ?? null, url),
    NextVersionIdMarker: page.next === undefined ? undefined : page.found.at(-1)?.versionId,
    Version: page.found
      .filter(({ isDeleteMarker }) => !isDeleteMarker)
      .map((version) => ({ ...entry(version), ...summary(version) })),
    DeleteMarker: page.found
      .filter(({ isDeleteMarker }) => isDeleteMarker)
      .map((version) => ({ ...entry(version), LastModified: new Date(version.lastModified).toISOString() })),
    CommonPrefixes: page.folded.map((prefix) => ({ Prefix: url(prefix) })),
  });
  return { body };
}

function behind(
  bucket: Bucket,
  key: string,
  keyMarker: string | undefined,
  idMarker: string | null,
): readonly Version[] {
  const versions = bucket.versionsOf(key);
  if (idMarker === null || keyMarker === undefined || compare(key, keyMarker) > 0) return versions;
  if (key !== keyMarker) return [];
  return versions.slice(versions.findIndex(({ versionId }) => versionId === idMarker) + 1);
}

interface Page {
  readonly prefix: string;
  readonly delimiter: string;
  readonly after: string | undefined;
  readonly most: number;
  readonly encode: (text: string) => string;
}

export function pageOf(query: URLSearchParams, after: string | null, limit = 'max-keys'): Page {
  const given = query.get(limit) ?? String(MOST_KEYS);
  if (!/^\d+$/.test(given))
    throw refusals.invalidArgument('Provided max-keys not an integer or within integer range', limit, given);
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    after: after ?? undefined,
    most: Math.min(Number(given), MOST_KEYS),
    encode:
      query.get('encoding-type') === 'url'
        ? (text) => encodeURIComponent(text).replaceAll('%2F', '/')
        : (text) => text,
  };
}

/** The entries of one page; `next` is the key, or the folded prefix, at which it ended where there are more. */
export function take<T extends { readonly key: string }>(
  all: readonly T[],
  { prefix, delimiter, after, most }: Page,
): { readonly found: readonly T[]; readonly folded: readonly string[]; readonly next?: string } {
  const found: T[] = [];
  const folded = new Set<string>();
  let last = '';
  for (const one of all) {
    if (!one.key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : one.key.indexOf(delimiter, prefix.length);
    const name = end < 0 ? one.key : one.key.slice(0, end + delimiter.length);
    if (folded.has(name) || (after !== undefined && compare(name, after) <= 0)) continue;
    if (found.length + folded.size >= most)
      return { found, folded: [...folded], ...(most > 0 ? { next: last } : {}) };
    if (end < 0) found.push(one);
    else folded.add(name);
    last = name;
  }
  return { found, folded: [...folded] };
}

function summary({ lastModified, etag, size, checksum }: Version): Record<string, unknown> {
  return {
    LastModified: new Date(lastModified).toISOString(),
    ETag: `"${etag}"`,
    ...(checksum
      ? {
          ChecksumAlgorithm: elementOf(checksum.algorithm).slice('Checksum'.length),
          ChecksumType: checksum.type,
        }
      : {}),
    Size: size,
    StorageClass: 'STANDARD',
  };
}

function tokenIn(query: URLSearchParams): string | null {
  const token = query.get('continuation-token');
  if (token === '')
    throw refusals.invalidArgument('The continuation token provided is incorrect', 'continuation-token', '');
  return token === null ? null : Buffer.from(token, 'base64url').toString();
}

function optional(value: string | null, encode: (text: string) => string): string | undefined {
  return value === null ? undefined : encode(value);
}

function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
