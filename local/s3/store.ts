import { randomBytes } from 'node:crypto';
import { AwsError } from '../front-door/service.ts';
import type { KeyPolicyOf } from '../sqs/authorizations.ts';
import type { Bucket, NewVersion } from './bucket.ts';
import { refusals } from './errors.ts';
import type { BucketCall } from './object-call.ts';
import type { ObjectFiles } from './object-files.ts';
import type { Uploads } from './uploads.ts';
import type { Version } from './version.ts';

/** Something that happened to an object, and by whose call; a lifecycle's work has no call. */
export interface ObjectEvent {
  readonly kind: 'Object Created' | 'Object Deleted' | 'Object Tags Added' | 'Object Tags Deleted';
  /** `PutObject`, `CompleteMultipartUpload`, `DeleteObject`, `Lifecycle Expiration`, … */
  readonly reason: string;
  readonly bucket: Bucket;
  readonly version: Version;
  readonly deletionType?: 'Permanently Deleted' | 'Delete Marker Created';
  readonly by?: { readonly requestId: string; readonly sourceIp: string };
}

export interface StoreParts {
  readonly files: ObjectFiles;
  readonly uploads: Uploads;
  readonly now: () => number;
  readonly keyPolicyOf: KeyPolicyOf;
  /** The ARN of a key that a request names by id or ARN. */
  readonly keyArnOf: (named: string) => string;
  readonly tell: (event: ObjectEvent) => void;
}

/** What every operation on objects works with: their bytes, their keys, the time, and who hears of a change. */
export class Store {
  readonly files: ObjectFiles;
  readonly uploads: Uploads;
  readonly now: () => number;
  readonly keyArnOf: (named: string) => string;
  private readonly parts: StoreParts;

  constructor(parts: StoreParts) {
    this.parts = parts;
    this.files = parts.files;
    this.uploads = parts.uploads;
    this.now = parts.now;
    this.keyArnOf = parts.keyArnOf;
  }

  /** Adds a version, drops the bytes of what it replaced, and tells of it. */
  add({ bucket, call }: BucketCall, given: NewVersion): Version {
    const { version, replaced } = bucket.add(given);
    this.drop(replaced);
    this.tell({ kind: 'Object Created', reason: call.operation, bucket, version, by: call });
    return version;
  }

  /** Removes the bytes of versions that are gone. */
  drop(versions: readonly Version[]): void {
    for (const { pieces } of versions) for (const { file } of pieces) this.files.remove(file);
  }

  tell(event: ObjectEvent): void {
    this.parts.tell(event);
  }

  /** Throws what S3 passes on of KMS where the object's key cannot be used now. */
  requireUsable(keyArn: string | undefined): void {
    if (keyArn === undefined) return;
    try {
      if (this.parts.keyPolicyOf(keyArn).usable) return;
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw new AwsError(`KMS.${error.code}`, error.message);
    }
    throw refusals.keyDisabled(keyArn);
  }

  /** The ETag: the MD5 of the bytes, and something else under a customer managed key (S3 API reference, "Object"). */
  tagFor(keyArn: string | undefined, md5: string | undefined): string {
    return keyArn === undefined && md5 !== undefined ? md5 : this.opaqueTag();
  }

  opaqueTag(): string {
    return randomBytes(16).toString('hex');
  }
}
