import { Readable } from 'node:stream';
import type { Answer } from '../front-door/service.ts';
import { refusals, S3Error } from './errors.ts';
import type { BucketCall } from './object-call.ts';
import { objectHeaders } from './object-headers.ts';
import type { Store } from './store.ts';
import type { Version } from './version.ts';

/** GetObject and HeadObject; the body flows from its files. */
export async function getObject(given: BucketCall, store: Store): Promise<Answer> {
  const version = wanted(given);
  store.requireUsable(version.described.keyArn);
  const unchanged = conditions(given, version);
  const { headers, query, call } = given;
  const withChecksum = headers['x-amz-checksum-mode'] === 'ENABLED';
  if (unchanged) return { status: 304, headers: objectHeaders(version, false) };
  const span = rangeOf(headers.range, query.get('partNumber'), version);
  const length = span.end - span.start + 1;
  const answer = {
    status: span.isPart ? 206 : 200,
    headers: {
      ...objectHeaders(version, withChecksum && !span.isPart),
      ...overrides(query),
      'content-length': String(length),
      ...(span.isPart ? { 'content-range': `bytes ${span.start}-${span.end}/${version.size}` } : {}),
      ...(query.has('partNumber') && version.isMultipart
        ? { 'x-amz-mp-parts-count': String(version.pieces.length) }
        : {}),
    },
  };
  if (call.method === 'HEAD') return answer;
  const reading = () => store.files.read(version.pieces, span.start, span.end);
  const body = length > 0 ? await reading().catch((error) => sinceDeleted(given, error)) : Readable.from([]);
  return { ...answer, body };
}

/** What was found and then deleted, before its first byte was read, is answered as what was never there. */
function sinceDeleted(given: BucketCall, error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOENT') wanted(given);
  throw error;
}

/** The version that a call is about; throws what S3 answers where there is none, delete markers included. */
export function wanted({ bucket, key, query }: BucketCall): Version {
  const versionId = query.get('versionId');
  if (versionId === null) {
    const newest = bucket.newest(key);
    if (newest && !newest.isDeleteMarker) return newest;
    throw new S3Error(refusals.noSuchKey(key), newest ? markerHeaders(newest) : {});
  }
  const version = bucket.version(key, versionId);
  if (!version) throw refusals.noSuchVersion(key, versionId);
  if (version.isDeleteMarker) {
    throw new S3Error(refusals.methodNotAllowed('GET', 'DeleteMarker'), {
      ...markerHeaders(version),
      allow: 'DELETE',
    });
  }
  return version;
}

export function markerHeaders({ versionId }: Version): Record<string, string> {
  return { 'x-amz-delete-marker': 'true', 'x-amz-version-id': versionId };
}

/** True for 304; throws PreconditionFailed. Precedence: S3 API reference, GetObject (RFC 7232). */
function conditions({ headers }: BucketCall, version: Version): boolean {
  const [match, none] = [headers['if-match'], headers['if-none-match']];
  const modified = seconds(version.lastModified);
  const isSame = (given: string) =>
    given === '*' || given.split(',').some((one) => one.replaceAll(/W\/|"|\s/g, '') === version.etag);
  if (match !== undefined && !isSame(match)) throw refusals.preconditionFailed('If-Match');
  const unmodifiedSince = Date.parse(headers['if-unmodified-since'] ?? '');
  if (match === undefined && modified > seconds(unmodifiedSince))
    throw refusals.preconditionFailed('If-Unmodified-Since');
  if (none !== undefined) return isSame(none);
  return modified <= seconds(Date.parse(headers['if-modified-since'] ?? ''));
}

/** HTTP dates have no parts of a second; NaN compares as false. */
function seconds(time: number): number {
  return Math.floor(time / 1000);
}

/** One range as RFC 9110 has it; several, or something else, are answered with the whole object. */
function rangeOf(
  range: string | undefined,
  partNumber: string | null,
  version: Version,
): { readonly start: number; readonly end: number; readonly isPart: boolean } {
  const { size, pieces } = version;
  if (partNumber !== null) {
    const place = Number(partNumber) - 1;
    const piece = pieces[place];
    if (!piece) throw refusals.invalidRange(`part ${partNumber}`, size);
    const start = pieces.slice(0, place).reduce((sum, one) => sum + one.size, 0);
    return { start, end: start + piece.size - 1, isPart: true };
  }
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  if (range === undefined || (first === '' && last === '')) return { start: 0, end: size - 1, isPart: false };
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (first !== '' && last !== '' && Number(last) < Number(first))
    return { start: 0, end: size - 1, isPart: false };
  if (start >= size || (first === '' && Number(last) === 0)) throw refusals.invalidRange(range, size);
  return { start, end, isPart: true };
}

/** `response-*` parameters: every request here is signed, and they are under the signature. */
function overrides(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries(
    OVERRIDABLE.flatMap((name) => {
      const value = query.get(`response-${name}`);
      return value === null ? [] : [[name, value]];
    }),
  );
}

const OVERRIDABLE = [
  ...[
    'content-type',
    'content-language',
    'expires',
    'cache-control',
    'content-disposition',
    'content-encoding',
  ],
];
