import type { Bucket } from './bucket.ts';
import type { LifecycleRule } from './lifecycle-rules.ts';
import type { Store } from './store.ts';
import type { Version } from './version.ts';

const DAY_MS = 24 * 3600 * 1000;

/**
 * Does once what the rules of a bucket ask for by now (S3 user guide, "Managing the lifecycle of objects"). What Object
 * Lock protects stays; a current version only gets a delete marker, as on AWS.
 */
export function applyLifecycle(bucket: Bucket, store: Store): void {
  for (const rule of bucket.settings.lifecycle) {
    for (const key of bucket.keys().filter((one) => one.startsWith(rule.prefix))) {
      expireCurrent(bucket, key, rule, store);
      expireNoncurrent(bucket, key, rule, store);
      removeLoneMarker(bucket, key, rule, store);
    }
    abortUploads(bucket, rule, store);
  }
}

/** S3 rounds up to the next midnight UTC (same guide, "Lifecycle rules: Based on an object's age"). */
export function dueAt(since: number, days: number): number {
  return Math.ceil((since + days * DAY_MS) / DAY_MS) * DAY_MS;
}

function expireCurrent(bucket: Bucket, key: string, rule: LifecycleRule, store: Store): void {
  const version = bucket.current(key);
  const { expireAfterDays } = rule;
  if (!version || expireAfterDays === undefined || !hasTags(version, rule)) return;
  if (dueAt(version.lastModified, expireAfterDays) > store.now()) return;
  if (!bucket.settings.isVersioned) {
    remove(bucket, version, store);
    return;
  }
  const { version: marker } = bucket.mark(key, store.now());
  store.tell({ ...EXPIRED, bucket, version: marker, deletionType: 'Delete Marker Created' });
}

/** A version is noncurrent since the one after it came. */
function expireNoncurrent(bucket: Bucket, key: string, rule: LifecycleRule, store: Store): void {
  const { noncurrent } = rule;
  if (!noncurrent) return;
  const versions = bucket.versionsOf(key);
  const due = versions.slice(1 + noncurrent.keepNewest).filter((version) => {
    const successor = versions[versions.indexOf(version) - 1];
    return (
      successor && hasTags(version, rule) && dueAt(successor.lastModified, noncurrent.days) <= store.now()
    );
  });
  for (const version of due) remove(bucket, version, store);
}

/** A delete marker with no version left under it. */
function removeLoneMarker(bucket: Bucket, key: string, rule: LifecycleRule, store: Store): void {
  const [newest, ...others] = bucket.versionsOf(key);
  if (!newest?.isDeleteMarker || others.length > 0) return;
  const { expireDeleteMarkers, expireAfterDays } = rule;
  const isOld = expireAfterDays !== undefined && dueAt(newest.lastModified, expireAfterDays) <= store.now();
  if (expireDeleteMarkers || isOld) remove(bucket, newest, store);
}

function abortUploads(
  { settings }: Bucket,
  { prefix, abortUploadsAfterDays: days }: LifecycleRule,
  store: Store,
): void {
  if (days === undefined) return;
  for (const upload of store.uploads.of(settings.name)) {
    if (!upload.key.startsWith(prefix) || dueAt(upload.initiated, days) > store.now()) continue;
    for (const { file } of store.uploads.end(upload)) store.files.remove(file);
  }
}

function remove(bucket: Bucket, version: Version, store: Store): void {
  const { retention, legalHold } = version.described;
  if (legalHold || (retention && retention.until > store.now())) return;
  bucket.remove(version);
  store.drop([version]);
  store.tell({ ...EXPIRED, bucket, version, deletionType: 'Permanently Deleted' });
}

function hasTags({ described }: Version, { tags }: LifecycleRule): boolean {
  return tags.every(({ Key, Value }) => described.tags[Key] === Value);
}

const EXPIRED = { kind: 'Object Deleted', reason: 'Lifecycle Expiration' } as const;
