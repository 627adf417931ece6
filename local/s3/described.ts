import { AwsError } from '../front-door/service.ts';
import type { BucketSettings } from './bucket-settings.ts';
import { refusals } from './errors.ts';
import { tagsInHeader } from './tags.ts';
import { Described, type Retention } from './version.ts';

type Headers = Readonly<Record<string, string>>;

/** What a request that makes an object says of it. Throws for what S3 refuses, or what is not done here. */
export function describedIn(
  headers: Headers,
  settings: BucketSettings,
  now: number,
  keyArnOf: (named: string) => string,
): Described {
  refuseUnserved(headers);
  const retention = retentionIn(headers, settings, now);
  const hold = headers['x-amz-object-lock-legal-hold'];
  if ((hold !== undefined || headers['x-amz-object-lock-mode'] !== undefined) && !settings.lock) {
    throw refusals.invalidRequest('Bucket is missing Object Lock Configuration');
  }
  const metadata = metadataIn(headers);
  return {
    contentType: headers['content-type'] ?? 'binary/octet-stream',
    headers: Object.fromEntries(KEPT.flatMap((name) => kept(name, headers[name]))),
    metadata,
    tags: tagsInHeader(headers['x-amz-tagging']),
    ...encryptionIn(headers, settings, keyArnOf),
    ...(retention ? { retention } : {}),
    legalHold: hold === 'ON',
  };
}

/** The encryption that a request asks for or that the bucket gives by default. */
export function encryptionIn(
  headers: Headers,
  settings: BucketSettings,
  keyArnOf: (named: string) => string,
): Pick<Described, 'keyArn' | 'usesBucketKey' | 'encryptionContext'> {
  const asked = headers['x-amz-server-side-encryption'];
  const named = headers['x-amz-server-side-encryption-aws-kms-key-id'];
  if (named !== undefined && asked !== 'aws:kms') {
    throw refusals.invalidArgument(
      'Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms',
      'x-amz-server-side-encryption',
      asked ?? 'null',
    );
  }
  if (asked !== undefined && asked !== 'AES256' && asked !== 'aws:kms') {
    throw new AwsError(
      'InvalidEncryptionAlgorithmError',
      'The encryption request that you specified is not valid. The valid value is AES256.',
      400,
      {
        ArgumentName: 'x-amz-server-side-encryption',
        ArgumentValue: asked,
      },
    );
  }
  if (asked === 'AES256' || (asked === undefined && settings.defaultKey === undefined))
    return { usesBucketKey: false };
  const keyArn = named === undefined ? settings.defaultKey : keyArnOf(named);
  if (keyArn === undefined) throw refusals.unserved('the AWS managed key aws/s3: name a key of the template');
  const bucketKey = headers['x-amz-server-side-encryption-bucket-key-enabled'];
  const encryptionContext = contextIn(headers['x-amz-server-side-encryption-context']);
  return {
    ...{ keyArn, usesBucketKey: bucketKey === undefined ? settings.usesBucketKey : bucketKey === 'true' },
    ...(encryptionContext && { encryptionContext }),
  };
}

/** Base64 of a JSON object of strings (S3 API reference, PutObject). */
function contextIn(header: string | undefined): Described['encryptionContext'] {
  if (header === undefined) return undefined;
  const context = Described.shape.encryptionContext.safeParse(
    jsonIn(Buffer.from(header, 'base64').toString()),
  );
  if (context.success) return context.data;
  throw refusals.invalidArgument(
    'The header x-amz-server-side-encryption-context shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map',
    'x-amz-server-side-encryption-context',
    header,
  );
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The retention that the request or the bucket's default gives; throws InvalidArgument for half of one or one in the past. */
function retentionIn(headers: Headers, settings: BucketSettings, now: number): Retention | undefined {
  const mode = headers['x-amz-object-lock-mode'];
  const until = headers['x-amz-object-lock-retain-until-date'];
  if (mode === undefined && until === undefined) {
    const byDefault = settings.lock?.defaultRetention;
    return byDefault && { mode: byDefault.mode, until: now + byDefault.days * DAY_MS };
  }
  if (mode === undefined || until === undefined) {
    throw refusals.invalidArgument(
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
      'x-amz-object-lock-mode',
      mode ?? 'null',
    );
  }
  return retentionOf(mode, until, now);
}

export function retentionOf(mode: string, until: string, now: number): Retention {
  if (mode !== 'GOVERNANCE' && mode !== 'COMPLIANCE') {
    throw refusals.invalidArgument('Unknown wormMode directive.', 'x-amz-object-lock-mode', mode);
  }
  const time = Date.parse(until);
  if (Number.isNaN(time) || time <= now) {
    throw refusals.invalidArgument(
      'The retain until date must be in the future!',
      'x-amz-object-lock-retain-until-date',
      until,
    );
  }
  return { mode, until: time };
}

function metadataIn(headers: Headers): Record<string, string> {
  const given = Object.entries(headers).filter(([name]) => name.startsWith(METADATA));
  const bytes = given.reduce(
    (sum, [name, value]) => sum + name.length - METADATA.length + Buffer.byteLength(value),
    0,
  );
  if (bytes > MOST_METADATA_BYTES) {
    throw new AwsError(
      'MetadataTooLarge',
      'Your metadata headers exceed the maximum allowed metadata size',
      400,
      {
        Size: bytes,
        MaxSizeAllowed: MOST_METADATA_BYTES,
      },
    );
  }
  return Object.fromEntries(given.map(([name, value]) => [name.slice(METADATA.length), value]));
}

/** `aws-chunked` is how a body came, and not what it is. */
function kept(name: string, value: string | undefined): [string, string][] {
  const said = name === 'content-encoding' ? value?.replaceAll(/\s*aws-chunked\s*,?\s*/g, '') : value;
  return said ? [[name, said]] : [];
}

function refuseUnserved(headers: Headers): void {
  const header = Object.keys(headers).find((name) => UNSERVED.test(name));
  if (header !== undefined) throw refusals.notImplemented(header);
  const acl = headers['x-amz-acl'];
  const grant = Object.keys(headers).find((name) => name.startsWith('x-amz-grant-'));
  if (grant !== undefined || (acl !== undefined && acl !== 'bucket-owner-full-control')) {
    throw new AwsError('AccessControlListNotSupported', 'The bucket does not allow ACLs');
  }
  const storage = headers['x-amz-storage-class'];
  if (storage !== undefined && storage !== 'STANDARD') throw refusals.notImplemented('x-amz-storage-class');
}

const UNSERVED = /^x-amz-(server-side-encryption-customer|website-redirect-location|write-offset-bytes)/;
const METADATA = 'x-amz-meta-';
const MOST_METADATA_BYTES = 2048;
const KEPT = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires'];
const DAY_MS = 24 * 3600 * 1000;
