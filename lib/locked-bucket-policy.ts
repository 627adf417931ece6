import { Aws } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { EncryptionKey } from './encryption-keys.ts';

/**
 * What a locked bucket refuses, whatever anybody's own policy allows. It allows nothing. Plain HTTP is refused beside it
 * (`enforceSSL`). Object Lock itself holds the versions; this holds what Object Lock leaves open: delete markers that hide an
 * object, deletion once the retention is over, and what is written under no key or another's.
 */
export function lockedBucketPolicy(
  bucket: Bucket,
  key: EncryptionKey,
  { protect, writtenOnce }: { readonly protect: boolean; readonly writtenOnce: readonly string[] },
): readonly PolicyStatement[] {
  const objects = [bucket.arnForObjects('*')];
  const all = [bucket.bucketArn, ...objects];
  return [
    // Whatever a later statement lets in, it is nobody of another account; AWS's services have none of their own.
    refuse('RefuseOtherAccounts', ['s3:*'], all, {
      StringNotEquals: { 'aws:PrincipalAccount': Aws.ACCOUNT_ID },
      Bool: { 'aws:PrincipalIsAWSService': 'false' },
    }),
    // A negated condition holds where the key is missing, so that a request without the header is refused as well.
    refuse('RefuseOtherEncryption', ['s3:PutObject'], objects, {
      StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' },
    }),
    refuse('RefuseOtherEncryptionKeys', ['s3:PutObject'], objects, {
      StringNotEquals: { 's3:x-amz-server-side-encryption-aws-kms-key-id': key.keyArn },
    }),
    ...(writtenOnce.length > 0 ? [refuseOverwriting(bucket, writtenOnce)] : []),
    ...(protect ? [refuse('RefuseDeletion', deletion, all)] : []),
  ];
}

/** Deleting without naming a version only hides an object behind a marker, which no lock stops (S3 user guide, "Object Lock considerations"). */
const deletion = [
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:DeleteBucket',
  's3:BypassGovernanceRetention',
];

/** Nothing here is written in parts, so that each put can carry the header. */
function refuseOverwriting(bucket: Bucket, folders: readonly string[]): PolicyStatement {
  const resources = folders.map((folder) => bucket.arnForObjects(`${folder}*`));
  return refuse('RefuseOverwriting', ['s3:PutObject'], resources, { Null: { 's3:if-none-match': 'true' } });
}

type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

function refuse(
  sid: string,
  actions: readonly string[],
  resources: readonly string[],
  conditions?: Conditions,
): PolicyStatement {
  return new PolicyStatement({
    sid,
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: [...actions],
    resources: [...resources],
    ...(conditions && { conditions }),
  });
}
