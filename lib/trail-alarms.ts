import { Aws, Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { FilterPattern, type LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { CfnTopicPolicy, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { EncryptionKey } from './encryption-keys.ts';

export interface TrailAlarmsProps {
  readonly encryptionKey: EncryptionKey;
  /** Where the trail's events come as they happen. */
  readonly logGroup: LogGroup;
  /** What the names of the deployment's stacks begin with. */
  readonly deployment: string;
  /** Days that the deployment keeps its log lines. */
  readonly logRetentionDays: number;
}

/**
 * Tells a topic of what an intruder does first, and an operator rarely. What happens in the trail's own Region is told by
 * EventBridge, within seconds; what IAM and the root user do shows in us-east-1, so it is counted in the log group of the trail, where every
 * Region's events come, within about five minutes. Each has a heading of its name in docs/runbook.md.
 */
export class TrailAlarms extends Construct {
  private readonly topic: Topic;

  constructor(scope: Construct, id: string, props: TrailAlarmsProps) {
    super(scope, id);
    const { encryptionKey, logGroup, deployment, logRetentionDays } = props;
    this.topic = new Topic(this, 'Topic', { masterKey: encryptionKey });
    this.letTell(encryptionKey);

    const bucketName = [{ prefix: `${deployment.toLowerCase()}-` }];
    this.tellAtOnce('TrailStopped', 'cloudtrail', { eventName: trailChanges });
    this.tellAtOnce('KeyEnding', 'kms', { eventName: keyEndings });
    this.tellAtOnce('KeyPolicyChanged', 'kms', { eventName: ['PutKeyPolicy'] });
    this.tellAtOnce('BucketPolicyChanged', 's3', {
      eventName: bucketChanges,
      requestParameters: { bucketName },
    });
    const logGroupName = [{ prefix: `${deployment}-` }, { prefix: EXECUTION_LOGS }];
    const retentionInDays = [{ numeric: ['<', logRetentionDays] }];
    this.tellAtOnce('LogsEnding', 'logs', {
      $or: [
        { eventName: logEndings, requestParameters: { logGroupName } },
        { eventName: ['PutRetentionPolicy'], requestParameters: { logGroupName, retentionInDays } },
      ],
    });

    const names = roleChanges.map((name) => `($.eventName = "${name}")`).join(' || ');
    this.tellOfCounted(
      'RolePolicyChanged',
      logGroup,
      `{ ($.eventSource = "iam.amazonaws.com") && (${names}) }`,
      1,
    );
    this.tellOfCounted(
      'RootUsed',
      logGroup,
      '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != "AwsServiceEvent") }',
      1,
    );
    this.tellOfCounted(
      'AccessDeniedBurst',
      logGroup,
      '{ ($.errorCode = "AccessDenied*") || ($.errorCode = "*UnauthorizedOperation") }',
      DENIED_IN_A_MINUTE,
    );
  }

  get topicArn(): string {
    return this.topic.topicArn;
  }

  /** Has an alarm tell the topic. */
  wake(alarm: Alarm): void {
    alarm.addAlarmAction(new SnsAction(this.topic));
  }

  private tellAtOnce(name: string, service: string, detail: object): void {
    new CfnRule(this, name, {
      state: 'ENABLED',
      description: inRunbook(name),
      eventPattern: {
        source: [`aws.${service}`],
        'detail-type': ['AWS API Call via CloudTrail'],
        detail: { eventSource: [`${service}.amazonaws.com`], ...detail },
      },
      targets: [{ id: 'Topic', arn: this.topic.topicArn }],
    });
  }

  private tellOfCounted(name: string, logGroup: LogGroup, pattern: string, threshold: number): void {
    const metricNamespace = 'Wardline/CloudTrail';
    const filter = new MetricFilter(this, `${name}Count`, {
      ...{ logGroup, metricNamespace, metricName: name, metricValue: '1' },
      filterPattern: FilterPattern.literal(pattern),
    });
    const alarm = new Alarm(this, name, {
      alarmDescription: inRunbook(name),
      metric: filter.metric({ statistic: 'Sum', period: Duration.minutes(1) }),
      threshold,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    this.wake(alarm);
  }

  /** Only what is of this account and Region reaches the topic, by EventBridge and CloudWatch, and its key for that. */
  private letTell(key: EncryptionKey): void {
    const tellers = ['events', 'cloudwatch'].map((name) => new ServicePrincipal(`${name}.amazonaws.com`));
    const conditions = { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
    new CfnTopicPolicy(this, 'TopicPolicy', {
      topics: [this.topic.topicArn],
      policyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            ...{ Sid: 'LetAwsTell', Effect: 'Allow', Action: 'sns:Publish', Resource: this.topic.topicArn },
            Principal: { Service: ['events.amazonaws.com', 'cloudwatch.amazonaws.com'] },
            Condition: conditions,
          },
          {
            ...{ Sid: 'RefusePlainHttp', Effect: 'Deny', Action: 'sns:Publish', Principal: '*' },
            ...{ Resource: this.topic.topicArn, Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
          },
        ],
      },
    });
    key.addToResourcePolicy(
      new PolicyStatement({
        ...{ sid: 'LetAlarmsTell', principals: tellers, actions: ['kms:GenerateDataKey*', 'kms:Decrypt'] },
        ...{ resources: ['*'], conditions },
      }),
    );
  }
}

/** Refused calls in a minute before somebody hears of it; a deployment that is well has none. */
const DENIED_IN_A_MINUTE = 5;

const trailChanges = ['StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors'];
const keyEndings = ['DisableKey', 'ScheduleKeyDeletion'];
const bucketChanges = [
  ...['PutBucketPolicy', 'DeleteBucketPolicy', 'PutBucketAcl', 'PutBucketPublicAccessBlock'],
  ...['DeleteBucketPublicAccessBlock', 'PutBucketLifecycle', 'PutBucketVersioning', 'PutBucketEncryption'],
  ...['DeleteBucketEncryption', 'PutBucketReplication', 'PutBucketObjectLockConfiguration', 'DeleteBucket'],
];
/** What API Gateway calls its own groups. */
const EXECUTION_LOGS = 'API-Gateway-Execution-Logs_';
const logEndings = [
  ...['DeleteLogGroup', 'DeleteLogStream', 'DisassociateKmsKey', 'DeleteMetricFilter'],
  ...['DeleteSubscriptionFilter', 'PutSubscriptionFilter'],
];
const roleChanges = [
  ...['AttachRolePolicy', 'DetachRolePolicy', 'PutRolePolicy', 'DeleteRolePolicy', 'UpdateAssumeRolePolicy'],
  ...['PutRolePermissionsBoundary', 'DeleteRolePermissionsBoundary', 'CreatePolicyVersion'],
  ...['SetDefaultPolicyVersion', 'DeletePolicyVersion'],
];

function inRunbook(name: string): string {
  return `docs/runbook.md, "${name}"`;
}
