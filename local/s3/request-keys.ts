import type { BucketCall } from './object-call.ts';
import { isPresigned } from './signature-claim.ts';
import { tagsInHeader } from './tags.ts';

type Keys = Record<string, string | readonly string[]>;

/** Condition keys of S3 that follow from the request (Service Authorization Reference, "Condition keys for Amazon S3"). */
export function requestKeysOf({ call, headers, query, bucket }: BucketCall, now: number): Keys {
  const { head } = call.streamed ?? {};
  const keys: Keys = {
    's3:authType': head && isPresigned(head) ? 'REST-QUERY-STRING' : 'REST-HEADER',
    's3:signatureversion': 'AWS4-HMAC-SHA256',
    's3:signatureAge': String(
      Math.max(0, now - signedAt(call.query.get('X-Amz-Date') ?? headers['x-amz-date'] ?? '')),
    ),
    's3:TlsVersion': '1.3', // in an account it is at least 1.2: see aws:SecureTransport
    's3:ResourceAccount': call.principal?.accountId ?? '',
    's3:ObjectCreationOperation': String(CREATING.has(call.operation)),
  };
  for (const name of HEADERS) {
    const value = headers[name.replace(/^s3:/, '').replace(/^object-lock/, 'x-amz-object-lock')];
    if (value !== undefined) keys[name] = value;
  }
  for (const [parameter, name] of PARAMETERS) {
    const value = query.get(parameter);
    const isKey = parameter === 'versionId' || LISTING.has(call.operation);
    if (value !== null && isKey) keys[name] = value;
  }
  return { ...keys, ...tagKeys(headers), ...retentionKeys(headers, bucket.settings.lock !== undefined, now) };
}

/** S3 user guide, "Enforce conditional writes": beginning an upload in parts and sending one create no object yet. */
const CREATING = new Set(['PutObject', 'CopyObject', 'CompleteMultipartUpload']);

const HEADERS = [
  ...['s3:x-amz-server-side-encryption', 's3:x-amz-server-side-encryption-aws-kms-key-id', 's3:x-amz-acl'],
  ...[
    's3:x-amz-storage-class',
    's3:x-amz-content-sha256',
    's3:x-amz-copy-source',
    's3:x-amz-metadata-directive',
  ],
  ...['s3:if-none-match', 's3:if-match', 's3:object-lock-mode', 's3:object-lock-retain-until-date'],
  's3:object-lock-legal-hold',
];

const PARAMETERS: readonly (readonly [string, string])[] = [
  ['versionId', 's3:VersionId'],
  ['prefix', 's3:prefix'],
  ['delimiter', 's3:delimiter'],
  ['max-keys', 's3:max-keys'],
];

/** Listing uploads takes the same parameters, and has none of these keys (Service Authorization Reference, `ListBucketMultipartUploads`). */
const LISTING = new Set(['ListObjects', 'ListObjectsV2', 'ListObjectVersions']);

function tagKeys(headers: BucketCall['headers']): Keys {
  const tags = Object.entries(tagsInHeader(headers['x-amz-tagging']));
  if (tags.length === 0) return {};
  return {
    's3:RequestObjectTagKeys': tags.map(([name]) => name),
    ...Object.fromEntries(tags.map(([name, value]) => [`s3:RequestObjectTag/${name}`, value])),
  };
}

function retentionKeys(headers: BucketCall['headers'], hasLock: boolean, now: number): Keys {
  const until = Date.parse(headers['x-amz-object-lock-retain-until-date'] ?? '');
  if (!hasLock || Number.isNaN(until)) return {};
  return { 's3:object-lock-remaining-retention-days': String(Math.ceil((until - now) / DAY_MS)) };
}

function signedAt(date: string): number {
  return Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

const DAY_MS = 24 * 3600 * 1000;
