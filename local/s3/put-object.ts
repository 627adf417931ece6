import type { Answer } from '../front-door/service.ts';
import { headerOf } from './checksums.ts';
import { describedIn } from './described.ts';
import { refusals } from './errors.ts';
import { type Received, receive } from './intake.ts';
import type { BucketCall } from './object-call.ts';
import { sseHeaders, versionHeaders } from './object-headers.ts';
import type { Store } from './store.ts';
import type { Version } from './version.ts';

/** PutObject: nothing is stored unless the whole body came and is what the request said. */
export async function putObject(given: BucketCall, store: Store): Promise<Answer> {
  const { call, bucket, key, headers } = given;
  const described = describedIn(headers, bucket.settings, store.now(), store.keyArnOf);
  store.requireUsable(described.keyArn);
  const before = bucket.newest(key);
  requireCondition(given, before);
  const received = await receive(call, headers, store.files, { md5: described.keyArn === undefined });
  return commit(received.file, store, () => {
    requireCondition(given, before);
    const version = store.add(given, {
      key,
      lastModified: store.now(),
      size: received.size,
      etag: store.tagFor(described.keyArn, received.md5),
      pieces: [{ file: received.file, size: received.size }],
      isMultipart: false,
      ...(received.checksum ? { checksum: { ...received.checksum, type: 'FULL_OBJECT' as const } } : {}),
      described,
    });
    return { headers: { ...written(version), ...checksumHeaders(received) } };
  });
}

/** Runs the last step of a write; where it throws, the file goes too. */
export function commit<T>(file: string, store: Store, last: () => T): T {
  try {
    return last();
  } catch (error) {
    store.files.remove(file);
    throw error;
  }
}

/**
 * `If-None-Match: *` and `If-Match` of a write (S3 user guide, "Add preconditions to S3 operations"), against what is there now.
 * A deletion while the upload ran answers ConditionalRequestConflict.
 */
export function requireCondition({ bucket, key, headers }: BucketCall, before: Version | undefined): void {
  const [none, match] = [headers['if-none-match'], headers['if-match']];
  if (none !== undefined && none !== '*') throw refusals.notImplemented('If-None-Match');
  const current = bucket.current(key);
  if (none === '*') {
    if (current) throw refusals.preconditionFailed('If-None-Match');
    if (bucket.newest(key)?.order !== before?.order) throw refusals.conflict('If-None-Match', key);
  }
  if (match !== undefined) {
    if (!current) throw refusals.noSuchKey(key);
    if (match !== '*' && match.replaceAll('"', '') !== current.etag)
      throw refusals.preconditionFailed('If-Match');
  }
}

/** What every operation that makes a version answers in its headers. */
export function written(version: Version): Record<string, string> {
  return { etag: `"${version.etag}"`, ...versionHeaders(version), ...sseHeaders(version.described) };
}

export function checksumHeaders({ checksum }: Pick<Received, 'checksum'>): Record<string, string> {
  return checksum
    ? { [headerOf(checksum.algorithm)]: checksum.value, 'x-amz-checksum-type': 'FULL_OBJECT' }
    : {};
}
