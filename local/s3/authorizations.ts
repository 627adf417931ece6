import type { Account } from '../account.ts';
import type { Authorization, NamedPolicy } from '../iam/policy.ts';
import type { KeyPolicyOf } from '../sqs/authorizations.ts';
import type { Bucket } from './bucket.ts';
import { encryptionIn } from './described.ts';
import type { BucketCall } from './object-call.ts';
import { requestKeysOf } from './request-keys.ts';
import { tagsInHeader } from './tags.ts';
import type { Upload, Uploads } from './uploads.ts';
import type { Described, Version } from './version.ts';

export interface Deciding {
  readonly account: Account;
  readonly keyPolicyOf: KeyPolicyOf;
  readonly policyOf: (bucket: string) => NamedPolicy | undefined;
  readonly keyArnOf: (named: string) => string;
  readonly now: () => number;
  readonly uploads: Uploads;
}

/** Everything that a call on a bucket or an object must be allowed (Service Authorization Reference, "Amazon S3"). */
export function authorizationsFor(given: BucketCall, parts: Deciding): readonly Authorization[] {
  const { call, bucket, key, query, headers } = given;
  const versionId = query.get('versionId') ?? undefined;
  const found =
    key === '' ? undefined : versionId === undefined ? bucket.newest(key) : bucket.version(key, versionId);
  const on = (action: string) => onBucketOrObject(action, given, found, parts);
  const action = (ACTIONS[call.operation] ?? call.operation).split('|')[versionId === undefined ? 0 : 1];
  const first = on(action ?? ACTIONS[call.operation] ?? call.operation);
  const more = (MORE[call.operation]?.(headers) ?? []).map(on);
  const hidden = READING.has(call.operation) && (!found || (found.isDeleteMarker && versionId === undefined));
  return [
    first,
    ...more,
    // whether an object exists is told only to those who may list (S3 API reference, GetObject, "Permissions")
    ...(hidden ? [onBucketOrObject('ListBucket', { ...given, key: '' }, undefined, parts)] : []),
    ...keyUses(given, found, parts),
  ];
}

function onBucketOrObject(
  action: string,
  given: BucketCall,
  found: Version | undefined,
  parts: Deciding,
): Authorization {
  const { settings } = given.bucket;
  const policy = parts.policyOf(settings.name);
  const onBucket = given.key === '';
  return {
    action: `s3:${action}`,
    resource: onBucket ? settings.arn : `${settings.arn}/${given.key}`,
    context: {
      ...requestKeysOf(given, parts.now()),
      ...ofUpload(uploadOf(given, parts)),
      ...(found && !onBucket ? existingTags(found) : {}),
    },
    ...(policy ? { resourcePolicy: policy } : {}),
  };
}

/** S3 user guide, "Using server-side encryption with AWS KMS keys": which call needs which use of the object's key. */
function keyUses(given: BucketCall, found: Version | undefined, parts: Deciding): readonly Authorization[] {
  const { call, bucket, headers, key } = given;
  const ofObject = found?.described;
  switch (call.operation) {
    case 'PutObject':
    case 'CopyObject':
    case 'CreateMultipartUpload':
      return onKey(
        ['kms:GenerateDataKey'],
        encryptionIn(headers, bucket.settings, parts.keyArnOf),
        bucket,
        key,
        parts,
      );
    case 'UploadPart':
      return onKeyOf(uploadOf(given, parts), given, parts);
    case 'CompleteMultipartUpload': {
      const upload = uploadOf(given, parts); // S3 API reference, CompleteMultipartUpload: with an additional checksum
      return upload?.checksum ? onKeyOf(upload, given, parts) : [];
    }
    case 'GetObject':
      return ofObject ? onKey(['kms:Decrypt'], ofObject, bucket, key, parts) : [];
    case 'HeadObject':
      return ofObject && headers['x-amz-checksum-mode'] === 'ENABLED'
        ? onKey(['kms:Decrypt'], ofObject, bucket, key, parts)
        : [];
    default:
      return [];
  }
}

function onKey(
  actions: readonly string[],
  {
    keyArn,
    usesBucketKey,
    encryptionContext = {},
  }: Pick<Described, 'keyArn' | 'usesBucketKey' | 'encryptionContext'>,
  { settings }: Bucket,
  key: string,
  { account, keyPolicyOf }: Pick<Deciding, 'account' | 'keyPolicyOf'>,
): readonly Authorization[] {
  if (keyArn === undefined) return [];
  return actions.map((action) => ({
    action,
    resource: keyArn,
    context: {
      'kms:ViaService': `s3.${account.region}.${account.urlSuffix}`,
      'kms:CallerAccount': account.accountId,
      'kms:EncryptionContext:aws:s3:arn': usesBucketKey ? settings.arn : `${settings.arn}/${key}`,
      ...Object.fromEntries(
        Object.entries(encryptionContext).map(([name, value]) => [`kms:EncryptionContext:${name}`, value]),
      ),
      'kms:EncryptionContextKeys': ['aws:s3:arn', ...Object.keys(encryptionContext)],
    },
    resourcePolicy: keyPolicyOf(keyArn).policy,
    resourcePolicyDecides: true,
  }));
}

/** S3 API reference, UploadPart: parts are decrypted again before the upload is completed. */
function onKeyOf(
  upload: Upload | undefined,
  { bucket, key }: BucketCall,
  parts: Deciding,
): readonly Authorization[] {
  return upload ? onKey(['kms:Decrypt'], upload.described, bucket, key, parts) : [];
}

/** The upload that a call names, where it names one; throws NoSuchUpload for one that is over. */
function uploadOf({ bucket, key, query }: BucketCall, { uploads }: Deciding): Upload | undefined {
  const id = query.get('uploadId');
  return id === null ? undefined : uploads.find(bucket.settings.name, key, id);
}

/** Parts and completions carry no headers of encryption: it is that with which the upload began. */
function ofUpload(upload: Upload | undefined): Record<string, string> {
  if (!upload) return {};
  const { keyArn } = upload.described;
  if (keyArn === undefined) return { 's3:x-amz-server-side-encryption': 'AES256' };
  return {
    's3:x-amz-server-side-encryption': 'aws:kms',
    's3:x-amz-server-side-encryption-aws-kms-key-id': keyArn,
  };
}

function existingTags({ described }: Version): Record<string, string> {
  return Object.fromEntries(
    Object.entries(described.tags).map(([name, value]) => [`s3:ExistingObjectTag/${name}`, value]),
  );
}

/** The action of an operation; behind the bar, that on a named version. */
const ACTIONS: Readonly<Record<string, string>> = {
  HeadBucket: 'ListBucket|ListBucket',
  ListObjects: 'ListBucket|ListBucket',
  ListObjectsV2: 'ListBucket|ListBucket',
  ListObjectVersions: 'ListBucketVersions|ListBucketVersions',
  ListMultipartUploads: 'ListBucketMultipartUploads|ListBucketMultipartUploads',
  ListParts: 'ListMultipartUploadParts|ListMultipartUploadParts',
  GetBucketLocation: 'GetBucketLocation|GetBucketLocation',
  GetBucketVersioning: 'GetBucketVersioning|GetBucketVersioning',
  GetObject: 'GetObject|GetObjectVersion',
  HeadObject: 'GetObject|GetObjectVersion',
  GetObjectAttributes: 'GetObjectAttributes|GetObjectVersionAttributes',
  DeleteObject: 'DeleteObject|DeleteObjectVersion',
  GetObjectTagging: 'GetObjectTagging|GetObjectVersionTagging',
  PutObjectTagging: 'PutObjectTagging|PutObjectVersionTagging',
  DeleteObjectTagging: 'DeleteObjectTagging|DeleteObjectVersionTagging',
  GetObjectRetention: 'GetObjectRetention|GetObjectRetention',
  PutObjectRetention: 'PutObjectRetention|PutObjectRetention',
  GetObjectLegalHold: 'GetObjectLegalHold|GetObjectLegalHold',
  PutObjectLegalHold: 'PutObjectLegalHold|PutObjectLegalHold',
  AbortMultipartUpload: 'AbortMultipartUpload|AbortMultipartUpload',
  PutObject: 'PutObject|PutObject',
  CreateMultipartUpload: 'PutObject|PutObject',
  UploadPart: 'PutObject|PutObject',
  CompleteMultipartUpload: 'PutObject|PutObject',
  CopyObject: 'PutObject|PutObject',
};

type Headers = Readonly<Record<string, string>>;

/** What headers ask for beyond the operation itself. */
const MORE: Readonly<Record<string, (headers: Headers) => readonly string[]>> = {
  PutObject: ofNewObject,
  CreateMultipartUpload: ofNewObject,
  CopyObject: ofNewObject,
  GetObjectAttributes: () => ['GetObject'],
};

const READING = new Set(['GetObject', 'HeadObject', 'GetObjectAttributes']);

function ofNewObject(headers: Headers): readonly string[] {
  return [
    ...(Object.keys(tagsInHeader(headers['x-amz-tagging'])).length > 0 ? ['PutObjectTagging'] : []),
    ...(headers['x-amz-object-lock-mode'] !== undefined ? ['PutObjectRetention'] : []),
    ...(headers['x-amz-object-lock-legal-hold'] !== undefined ? ['PutObjectLegalHold'] : []),
  ];
}
