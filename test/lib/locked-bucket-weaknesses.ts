import { isDeepStrictEqual } from 'node:util';
import type { Placed, Properties } from '../fixtures/template.ts';
import { named } from './attachment-weaknesses.ts';
import { aKeyOfOurs, anything, wants } from './wishes.ts';

/** What a bucket with Object Lock lacks of what is promised, one sentence each. */
export function lockedBucketWeaknesses(bucket: Properties): string[] {
  const encryption = 'BucketEncryption.ServerSideEncryptionConfiguration.0';
  return wants(bucket, {
    BucketName: undefined,
    [`${encryption}.BucketKeyEnabled`]: true,
    [`${encryption}.ServerSideEncryptionByDefault.SSEAlgorithm`]: 'aws:kms',
    [`${encryption}.ServerSideEncryptionByDefault.KMSMasterKeyID`]: aKeyOfOurs,
    'BucketEncryption.ServerSideEncryptionConfiguration.1': undefined,
    'VersioningConfiguration.Status': 'Enabled',
    ObjectLockEnabled: true,
    ObjectLockConfiguration: {
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Days: 2192, Mode: 'COMPLIANCE' } },
    },
    'OwnershipControls.Rules': [{ ObjectOwnership: 'BucketOwnerEnforced' }],
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    AccessControl: undefined,
    WebsiteConfiguration: undefined,
    ReplicationConfiguration: undefined,
    LifecycleConfiguration: undefined, // nothing ends by itself
    CorsConfiguration: undefined,
  });
}

/** Whether a locked bucket refuses what it must, word for word, and lets in only the `admitted` statements. */
export function lockedBucketPolicyWeaknesses(
  policy: Placed,
  writtenOnce: readonly string[],
  admitted: readonly object[] = [],
): string[] {
  const wanted = {
    Version: '2012-10-17',
    Statement: [...lockedBucketPolicy(policy, writtenOnce), ...admitted],
  };
  return [
    ...wants(policy.Properties, { Bucket: anything }),
    ...(isDeepStrictEqual(named(policy.Properties.PolicyDocument), wanted)
      ? []
      : ['has another bucket policy']),
  ];
}

function lockedBucketPolicy({ path }: Placed, writtenOnce: readonly string[]): object[] {
  const bucket = `<${path.replace(/\/Bucket\/.*$/, '').replaceAll('/', '')}Bucket>`;
  const objects = `${bucket}/*`;
  const encryption = 's3:x-amz-server-side-encryption';
  return [
    never(undefined, 's3:*', [bucket, objects], { Bool: { 'aws:SecureTransport': 'false' } }),
    never('RefuseOtherAccounts', 's3:*', [bucket, objects], {
      StringNotEquals: { 'aws:PrincipalAccount': '<AWS::AccountId>' },
      Bool: { 'aws:PrincipalIsAWSService': 'false' },
    }),
    never('RefuseOtherEncryption', 's3:PutObject', objects, { StringNotEquals: { [encryption]: 'aws:kms' } }),
    never('RefuseOtherEncryptionKeys', 's3:PutObject', objects, {
      StringNotEquals: { [`${encryption}-aws-kms-key-id`]: '<EncryptionKeysAudit>' },
    }),
    ...writtenOnce.map((folder) =>
      never('RefuseOverwriting', 's3:PutObject', `${bucket}/${folder}*`, {
        Null: { 's3:if-none-match': 'true' },
      }),
    ),
    never('RefuseDeletion', deletion, [bucket, objects]),
  ];
}

const deletion = [
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:DeleteBucket',
  's3:BypassGovernanceRetention',
];

function never(Sid: string | undefined, Action: unknown, Resource: unknown, Condition?: object): object {
  return {
    ...(Sid && { Sid }),
    Action,
    ...(Condition && { Condition }),
    Effect: 'Deny',
    Principal: { AWS: '*' },
    Resource,
  };
}
