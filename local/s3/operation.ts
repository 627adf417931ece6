import type { Address } from './address.ts';

/**
 * The operation that a request means, by what it speaks of, its method and the one parameter or header that tells
 * operations apart (S3 API reference). Undefined for one that is not served.
 */
export function operationOf(
  { bucket, key }: Address,
  method: string,
  query: URLSearchParams,
  headers: Readonly<Record<string, string>>,
): string | undefined {
  if (bucket === undefined) return method === 'GET' ? 'ListBuckets' : undefined;
  const table = key === undefined ? ofBucket : ofObject;
  const asked = SUBRESOURCES.filter((name) => query.has(name));
  if (asked.length > 1) return undefined;
  const named = table[`${method} ?${asked[0] ?? ''}`];
  if (named === 'PutObject' && headers['x-amz-copy-source'] !== undefined) return 'CopyObject';
  if (named === 'ListObjects' && query.get('list-type') === '2') return 'ListObjectsV2';
  return named;
}

/** Parameters that name a part of a bucket or an object, or an operation on it. */
const SUBRESOURCES = [
  ...[
    'accelerate',
    'acl',
    'analytics',
    'attributes',
    'cors',
    'delete',
    'encryption',
    'inventory',
    'legal-hold',
  ],
  ...['lifecycle', 'location', 'logging', 'metrics', 'notification', 'object-lock', 'ownershipControls'],
  ...[
    'policy',
    'policyStatus',
    'publicAccessBlock',
    'renameObject',
    'replication',
    'requestPayment',
    'restore',
  ],
  ...[
    'retention',
    'select',
    'tagging',
    'torrent',
    'uploadId',
    'uploads',
    'versioning',
    'versions',
    'website',
  ],
];

const ofBucket: Readonly<Record<string, string>> = {
  'HEAD ?': 'HeadBucket',
  'GET ?': 'ListObjects',
  'GET ?versions': 'ListObjectVersions',
  'GET ?uploads': 'ListMultipartUploads',
  'GET ?location': 'GetBucketLocation',
  'GET ?versioning': 'GetBucketVersioning',
  'POST ?delete': 'DeleteObjects',
};

const ofObject: Readonly<Record<string, string>> = {
  'PUT ?': 'PutObject',
  'GET ?': 'GetObject',
  'HEAD ?': 'HeadObject',
  'DELETE ?': 'DeleteObject',
  'GET ?tagging': 'GetObjectTagging',
  'PUT ?tagging': 'PutObjectTagging',
  'DELETE ?tagging': 'DeleteObjectTagging',
  'GET ?attributes': 'GetObjectAttributes',
  'GET ?retention': 'GetObjectRetention',
  'PUT ?retention': 'PutObjectRetention',
  'GET ?legal-hold': 'GetObjectLegalHold',
  'PUT ?legal-hold': 'PutObjectLegalHold',
  'POST ?uploads': 'CreateMultipartUpload',
  'PUT ?uploadId': 'UploadPart',
  'GET ?uploadId': 'ListParts',
  'POST ?uploadId': 'CompleteMultipartUpload',
  'DELETE ?uploadId': 'AbortMultipartUpload',
};
