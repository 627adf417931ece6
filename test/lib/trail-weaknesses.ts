import { isDeepStrictEqual } from 'node:util';
import type { Placed, Properties } from '../fixtures/template.ts';
import { aKeyOfOurs, anything, aString, type Wish, wants } from './wishes.ts';

/** What the trail and its alarms must be, beside what other resources of their types must be. */
export const ofTrail = ({ path }: Placed) => path.startsWith('TrailAlarms/');

const here = (service: string, rest: string) => ({
  'Fn::Join': [
    '',
    [
      ...['arn:', { Ref: 'AWS::Partition' }, `:${service}:`, { Ref: 'AWS::Region' }, ':'],
      ...[{ Ref: 'AWS::AccountId' }, rest],
    ],
  ],
});
const trails = { ArnLike: { 'aws:SourceArn': here('cloudtrail', ':trail/Wardline-Audit-*') } };
const cloudTrail = { Service: 'cloudtrail.amazonaws.com' };

/** What the trail's bucket lets in, beside what every locked bucket refuses; buckets by their ids. */
export const deliveringTrail = [
  {
    ...{ Sid: 'LetCloudTrailLook', Effect: 'Allow', Principal: cloudTrail, Action: 's3:GetBucketAcl' },
    ...{ Resource: '<CloudTrailFilesBucket>', Condition: trailsNamed() },
  },
  {
    ...{ Sid: 'LetCloudTrailDeliver', Effect: 'Allow', Principal: cloudTrail, Action: 's3:PutObject' },
    Resource: '<CloudTrailFilesBucket>/AWSLogs/<AWS::AccountId>/*',
    Condition: {
      ...trailsNamed(),
      StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' },
    },
  },
];

/** What the audit key's policy says beside that of every key. */
export const auditKeyStatements = [
  {
    ...{ Sid: 'LetCloudTrailEncrypt', Effect: 'Allow', Principal: cloudTrail },
    ...{ Action: ['kms:GenerateDataKey*', 'kms:DescribeKey'], Resource: '*', Condition: trails },
  },
  {
    ...{ Sid: 'LetAlarmsTell', Effect: 'Allow' },
    Principal: { Service: ['events.amazonaws.com', 'cloudwatch.amazonaws.com'] },
    ...{ Action: ['kms:GenerateDataKey*', 'kms:Decrypt'], Resource: '*' },
    Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
  },
];

export function trailWeaknesses({ Properties: trail }: Placed): string[] {
  return [
    ...wants(trail, {
      TrailName: undefined,
      S3BucketName: { Ref: 'CloudTrailFilesBucket2BADAD46' },
      KMSKeyId: aKeyOfOurs,
      IsLogging: true,
      IsMultiRegionTrail: true,
      IncludeGlobalServiceEvents: true,
      EnableLogFileValidation: true,
      CloudWatchLogsLogGroupArn: anything,
      CloudWatchLogsRoleArn: anything,
      EventSelectors: undefined,
      'AdvancedEventSelectors.0': {
        FieldSelectors: [{ Equals: ['Management'], Field: 'eventCategory' }],
        Name: 'Management events',
      },
    }),
    ...(isDeepStrictEqual(selectorsOf(trail), watched) ? [] : ['takes other data events']),
  ];
}

/** The data events that a trail takes, a line each: type, of what, of whom. */
const watched = [
  'AWS::S3::Object of CloudTrail by arn:',
  'AWS::DynamoDB::Table of Keys',
  'AWS::DynamoDB::Table of AuditTrail',
  'AWS::DynamoDB::Stream of AuditTrail not by Data, Audit, Messaging',
  'AWS::S3::Object of Attachments',
  'AWS::DynamoDB::Table of Conversations not by Data, Audit, Messaging',
  'AWS::DynamoDB::Stream of Conversations not by Data, Audit, Messaging',
  'AWS::DynamoDB::Table of People not by Data, Audit, Messaging',
  'AWS::DynamoDB::Table of Sessions not by Data, Audit, Messaging',
  'AWS::S3::Object of SealedRecords',
];

function selectorsOf(trail: Properties): string[] {
  const selectors = (trail.AdvancedEventSelectors ?? []) as readonly {
    readonly FieldSelectors?: readonly Field[];
  }[];
  return selectors.slice(1).map(({ FieldSelectors = [] }) => {
    const of = (field: string) => FieldSelectors.find(({ Field }) => Field === field) ?? {};
    const category = of('eventCategory').Equals?.[0] === 'Data' ? '' : 'no data: ';
    const resource = of('resources.ARN');
    const [, id] =
      /(?:FnGetAtt|GetAtt":\[")(\w+?)(?:StoreTable|FilesBucket|Bucket)/.exec(
        JSON.stringify(resource.Equals ?? resource.StartsWith ?? null),
      ) ?? [];
    const by = of('userIdentity.arn');
    const except = by.NotStartsWith?.map(
      (one) => /assumed-role\/Wardline-(\w+)-"/.exec(JSON.stringify(one))?.[1],
    );
    const folder =
      resource.StartsWith && !JSON.stringify(resource.StartsWith).includes('"/"') ? ' no folder' : '';
    return [
      `${category}${String(of('resources.type').Equals?.[0])} of ${id}${folder}`,
      ...(by.StartsWith ? [`by ${by.StartsWith.join()}`] : []),
      ...(except ? [`not by ${except.join(', ')}`] : []),
    ].join(' ');
  });
}

interface Field {
  readonly Field?: string;
  readonly Equals?: readonly unknown[];
  readonly StartsWith?: readonly unknown[];
  readonly NotStartsWith?: readonly unknown[];
}

export function topicWeaknesses({ Properties: topic }: Placed): string[] {
  return wants(topic, { TopicName: undefined, KmsMasterKeyId: aKeyOfOurs });
}

export function topicPolicyWeaknesses({ Properties: policy }: Placed): string[] {
  const Resource = { Ref: 'TrailAlarmsTopic0B43DDF3' };
  return wants(policy, {
    Topics: [Resource],
    PolicyDocument: (document) =>
      isDeepStrictEqual(document, {
        Version: '2012-10-17',
        Statement: [
          {
            ...{ Sid: 'LetAwsTell', Effect: 'Allow', Action: 'sns:Publish', Resource },
            Principal: { Service: ['events.amazonaws.com', 'cloudwatch.amazonaws.com'] },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          },
          {
            ...{ Sid: 'RefusePlainHttp', Effect: 'Deny', Action: 'sns:Publish', Principal: '*', Resource },
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      }),
  });
}

/** Which events a rule or a filter takes is for test/lib/trail-alarms.test.ts; here only that it is one of those. */
export function ruleOfTrail({ path }: Placed): Readonly<Record<string, Wish>> {
  const [name = ''] = path.split('/').slice(1);
  const [service, detail] = rules[name] ?? [];
  return {
    Description: aString,
    EventPattern: (pattern) =>
      isDeepStrictEqual(pattern, {
        source: [`aws.${service}`],
        'detail-type': ['AWS API Call via CloudTrail'],
        detail: { eventSource: [`${service}.amazonaws.com`], ...detail },
      }),
    ScheduleExpression: undefined,
    'Targets.0.Arn': { Ref: 'TrailAlarmsTopic0B43DDF3' },
  };
}

const ourLogs = { logGroupName: [{ prefix: 'Wardline-' }, { prefix: 'API-Gateway-Execution-Logs_' }] };
const rules: Readonly<Record<string, readonly [service: string, detail: object]>> = {
  TrailStopped: [
    'cloudtrail',
    { eventName: ['StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors'] },
  ],
  KeyEnding: ['kms', { eventName: ['DisableKey', 'ScheduleKeyDeletion'] }],
  KeyPolicyChanged: ['kms', { eventName: ['PutKeyPolicy'] }],
  BucketPolicyChanged: [
    's3',
    {
      eventName: [
        ...['PutBucketPolicy', 'DeleteBucketPolicy', 'PutBucketAcl', 'PutBucketPublicAccessBlock'],
        ...['DeleteBucketPublicAccessBlock', 'PutBucketLifecycle', 'PutBucketVersioning'],
        ...['PutBucketEncryption', 'DeleteBucketEncryption', 'PutBucketReplication'],
        ...['PutBucketObjectLockConfiguration', 'DeleteBucket'],
      ],
      requestParameters: { bucketName: [{ prefix: 'wardline-' }] },
    },
  ],
  LogsEnding: [
    'logs',
    {
      $or: [
        {
          eventName: [
            ...['DeleteLogGroup', 'DeleteLogStream', 'DisassociateKmsKey', 'DeleteMetricFilter'],
            ...['DeleteSubscriptionFilter', 'PutSubscriptionFilter'],
          ],
          requestParameters: ourLogs,
        },
        {
          eventName: ['PutRetentionPolicy'],
          requestParameters: { ...ourLogs, retentionInDays: [{ numeric: ['<', 3653] }] },
        },
      ],
    },
  ],
};

export function filterWeaknesses({ Properties: filter, path }: Placed): string[] {
  const name = path.split('/')[1]?.replace('Count', '');
  return wants(filter, {
    FilterPattern: aString,
    LogGroupName: anything,
    MetricTransformations: [{ MetricName: name, MetricNamespace: 'Wardline/CloudTrail', MetricValue: '1' }],
  });
}

export function alarmOfTrail({ path }: Placed): Readonly<Record<string, Wish>> {
  const [name = ''] = path.split('/').slice(1);
  return {
    AlarmActions: [{ Ref: 'TrailAlarmsTopic0B43DDF3' }],
    AlarmDescription: (text) => String(text).includes('docs/runbook.md'),
    ...{ Namespace: 'Wardline/CloudTrail', MetricName: name, Statistic: 'Sum', Period: 60 },
    ...{ Threshold: name === 'AccessDeniedBurst' ? 5 : 1, EvaluationPeriods: 1 },
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    TreatMissingData: 'notBreaching',
    ActionsEnabled: (value) => value !== false,
  };
}

function trailsNamed(): object {
  return {
    ArnLike: {
      'aws:SourceArn':
        'arn:<AWS::Partition>:cloudtrail:<AWS::Region>:<AWS::AccountId>:trail/Wardline-Audit-*',
    },
  };
}
