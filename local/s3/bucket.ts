import { randomBytes } from 'node:crypto';
import type { BucketSettings } from './bucket-settings.ts';
import type { Journal } from './journal.ts';
import { plain, type Version } from './version.ts';

/** What is said of a version that is about to be. */
export type NewVersion = Omit<Version, 'order' | 'bucket' | 'versionId' | 'isDeleteMarker'>;

/** The versions of one bucket's objects: which are there, and which is the current one of each key. */
export class Bucket {
  readonly settings: BucketSettings;
  private readonly journal: Journal<Version>;
  /** By key, newest first. */
  private readonly versions = new Map<string, Version[]>();
  private lastOrder = 0;

  constructor(settings: BucketSettings, journal: Journal<Version>) {
    this.settings = settings;
    this.journal = journal;
    const kept = [...journal.values()].filter(({ bucket }) => bucket === settings.name);
    for (const version of kept.sort((one, other) => one.order - other.order)) this.insert(version);
  }

  /** Of one key, newest first. */
  versionsOf(key: string): readonly Version[] {
    return this.versions.get(key) ?? [];
  }

  /** The newest version of a key, delete marker or not. */
  newest(key: string): Version | undefined {
    return this.versions.get(key)?.[0];
  }

  /** What a GET without a version id finds. */
  current(key: string): Version | undefined {
    const newest = this.newest(key);
    return newest?.isDeleteMarker ? undefined : newest;
  }

  version(key: string, versionId: string): Version | undefined {
    return this.versionsOf(key).find((version) => version.versionId === versionId);
  }

  /** Keys that have a version, in the order of their UTF-8 bytes (S3 API reference, ListObjectsV2). */
  keys(): readonly string[] {
    return [...this.versions.keys()].sort((one, other) =>
      Buffer.compare(Buffer.from(one), Buffer.from(other)),
    );
  }

  /** Adds a version and gives it with what it replaced for good: in a bucket without versions, the one before. */
  add(given: NewVersion): { readonly version: Version; readonly replaced: readonly Version[] } {
    return this.put({ ...given, isDeleteMarker: false });
  }

  /** Adds a delete marker. */
  mark(
    key: string,
    lastModified: number,
  ): { readonly version: Version; readonly replaced: readonly Version[] } {
    const nothing = { size: 0, etag: '', pieces: [], isMultipart: false, described: plain };
    return this.put({ ...nothing, key, lastModified, isDeleteMarker: true });
  }

  change(version: Version, described: Partial<Version['described']>): Version {
    const changed = { ...version, described: { ...version.described, ...described } };
    const all = this.versions.get(version.key) ?? [];
    this.versions.set(
      version.key,
      all.map((one) => (one.order === version.order ? changed : one)),
    );
    this.journal.put(idOf(changed), changed);
    return changed;
  }

  /** Takes a version away for good; its files are the caller's to remove. */
  remove(version: Version): void {
    const left = this.versionsOf(version.key).filter(({ order }) => order !== version.order);
    if (left.length === 0) this.versions.delete(version.key);
    else this.versions.set(version.key, left);
    this.journal.remove(idOf(version));
  }

  private put(given: Omit<Version, 'order' | 'bucket' | 'versionId'>) {
    const versionId = this.settings.isVersioned ? newVersionId() : 'null';
    const version: Version = { ...given, order: this.lastOrder + 1, bucket: this.settings.name, versionId };
    const replaced = this.versionsOf(given.key).filter((one) => one.versionId === versionId);
    this.insert(version);
    this.journal.put(idOf(version), version); // first the new one: a crash must not lose both
    for (const one of replaced) this.remove(one);
    return { version, replaced };
  }

  private insert(version: Version): void {
    this.versions.set(version.key, [version, ...this.versionsOf(version.key)]);
    this.lastOrder = version.order;
  }
}

function idOf({ bucket, order }: Version): string {
  return `${bucket}/${order}`;
}

/** 32 characters, as AWS shows them. */
function newVersionId(): string {
  return randomBytes(24).toString('base64url').replaceAll('-', '.');
}
