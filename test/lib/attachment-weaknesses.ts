import { isDeepStrictEqual } from 'node:util';
import type { Placed, Properties } from '../fixtures/template.ts';
import { bucketPolicy } from './bucket-policy.ts';
import { aKeyOfOurs, anything, into, type Wish, wants } from './wishes.ts';

/** What the bucket of attachments lacks of what is promised, one sentence each. */
export function bucketWeaknesses(bucket: Properties): string[] {
  const encryption = 'BucketEncryption.ServerSideEncryptionConfiguration.0';
  const cors = 'CorsConfiguration.CorsRules.0';
  const lifecycle = 'LifecycleConfiguration.Rules.0';
  return wants(bucket, {
    BucketName: undefined,
    [`${encryption}.BucketKeyEnabled`]: true,
    [`${encryption}.ServerSideEncryptionByDefault.SSEAlgorithm`]: 'aws:kms',
    [`${encryption}.ServerSideEncryptionByDefault.KMSMasterKeyID`]: aKeyOfOurs,
    'BucketEncryption.ServerSideEncryptionConfiguration.1': undefined,
    'VersioningConfiguration.Status': 'Enabled',
    'OwnershipControls.Rules': [{ ObjectOwnership: 'BucketOwnerEnforced' }],
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    AccessControl: undefined,
    WebsiteConfiguration: undefined,
    ReplicationConfiguration: undefined, // a copy that no destruction reaches
    NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    [`${cors}.AllowedOrigins`]: ['https://app.example.org'],
    [`${cors}.AllowedMethods`]: ['PUT', 'GET', 'HEAD'],
    [`${cors}.AllowedHeaders`]: ['content-type', 'content-length', 'if-none-match', 'range', 'x-amz-*'],
    [`${cors}.ExposedHeaders`]: ['ETag', 'x-amz-version-id', 'x-amz-checksum-sha256'],
    [`${cors}.MaxAge`]: 3600,
    'CorsConfiguration.CorsRules.1': undefined,
    [`${lifecycle}.Status`]: 'Enabled',
    [`${lifecycle}.AbortIncompleteMultipartUpload.DaysAfterInitiation`]: 2,
    [`${lifecycle}.NoncurrentVersionExpiration`]: { NoncurrentDays: 1 },
    [`${lifecycle}.ExpiredObjectDeleteMarker`]: true,
    [`${lifecycle}.Prefix`]: undefined, // for everything in it
    [`${lifecycle}.ExpirationInDays`]: undefined, // nothing that is wanted ends by itself
    'LifecycleConfiguration.Rules.1.Status': 'Enabled',
    'LifecycleConfiguration.Rules.1.Prefix': 'exports/', // a day after the door that deletes them
    'LifecycleConfiguration.Rules.1.ExpirationInDays': 8,
    'LifecycleConfiguration.Rules.2': undefined,
  });
}

/** Whether what the bucket refuses is what it must refuse, word for word. */
export function bucketPolicyWeaknesses(policy: Properties): string[] {
  return [
    ...wants(policy, { Bucket: anything }),
    ...(isDeepStrictEqual(named(policy.PolicyDocument), bucketPolicy()) ? [] : ['has another bucket policy']),
  ];
}

/** What the scanning lacks: of one bucket, its files, with tags, and not before the bucket's policy stands. */
export function scanWeaknesses(plan: Placed): string[] {
  return [
    ...wants(plan.Properties, {
      Actions: { Tagging: { Status: 'ENABLED' } },
      'ProtectedResource.S3Bucket.BucketName': anything,
      'ProtectedResource.S3Bucket.ObjectPrefixes': ['files/'],
      Role: anything,
    }),
    ...(plan.DependsOn?.some((id) => /^AttachmentsBucketPolicy/.test(id))
      ? []
      : ['does not wait for the bucket policy']),
  ];
}

const RESULT = 'GuardDuty Malware Protection Object Scan Result';

/** The rule that runs a door with each verdict, and where its tag was not written. */
export const whenScanned: Readonly<Record<string, Wish>> = {
  ScheduleExpression: undefined,
  'EventPattern.source': ['aws.guardduty'],
  'EventPattern.detail-type': [RESULT, 'GuardDuty Malware Protection Post Scan Action Failed'],
  'EventPattern.detail.s3ObjectDetails.bucketName.0': anything,
  'Targets.0.RetryPolicy.MaximumEventAgeInSeconds': 86_400,
  'Targets.0.RetryPolicy.MaximumRetryAttempts': 185,
};

/** When a preview is made. */
export const whenFoundClean: Readonly<Record<string, Wish>> = {
  ...whenScanned,
  'EventPattern.detail-type': [RESULT],
  'EventPattern.detail.scanResultDetails.scanResultStatus': ['NO_THREATS_FOUND'],
};

/** Who may take the scanner's role: GuardDuty, for a plan of this account and Region. */
export const assumedByScanner = [
  {
    Action: 'sts:AssumeRole',
    Condition: {
      StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
      ArnLike: {
        'aws:SourceArn': {
          'Fn::Join': [
            '',
            [
              'arn:',
              { Ref: 'AWS::Partition' },
              ':guardduty:',
              { Ref: 'AWS::Region' },
              ':',
              { Ref: 'AWS::AccountId' },
              ':malware-protection-plan/*',
            ],
          ],
        },
      },
    },
    Effect: 'Allow',
    Principal: { Service: 'malware-protection-plan.guardduty.amazonaws.com' },
  },
];

/** The document with what it names by reference in plain words, `<Bucket>`, `<Key>` … */
export function named(document: unknown): unknown {
  if (typeof document !== 'object' || document === null) return document;
  if (Array.isArray(document)) return document.map(named);
  const [attribute, reference] = [into(document, 'Fn::GetAtt'), into(document, 'Ref')];
  if (Array.isArray(attribute)) {
    const [id = '', name] = attribute.map(String);
    return name === 'Arn' ? `<${id.replace(/[0-9A-F]{8}$/, '')}>` : `<${id}.${name}>`;
  }
  if (reference !== undefined) return `<${String(reference)}>`;
  const join = into(document, 'Fn::Join');
  if (Array.isArray(join)) return (named(join[1]) as string[]).join(join[0]);
  return Object.fromEntries(Object.entries(document).map(([key, value]) => [key, named(value)]));
}
