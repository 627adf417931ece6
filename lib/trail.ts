import { Annotations, Aws, CfnOutput, Stack } from 'aws-cdk-lib';
import { CfnTrail } from 'aws-cdk-lib/aws-cloudtrail';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { EncryptionKey } from './encryption-keys.ts';
import { LockedBucket } from './locked-bucket.ts';
import type { Logs } from './logs.ts';
import type { Settings } from './settings.ts';
import { bucketEvents, managementEvents, type Selector, streamEvents, tableEvents } from './trail-events.ts';
import { priceOf } from './trail-price.ts';

export interface TrailProps {
  readonly encryptionKey: EncryptionKey;
  readonly logs: Logs;
  readonly settings: Settings;
}

/** Whose calls on something are recorded one by one: everybody's, or those of whoever is not one of this deployment's own roles. */
export type Watched = 'everybody' | 'outsiders';

const service = new ServicePrincipal('cloudtrail.amazonaws.com');

/**
 * What AWS itself says of this account, beside what this app says of itself: a trail of every Region, with management events and
 * with the data events of what is watched, its files locked, encrypted, and told of in a chain of signed digests.
 */
export class Trail extends Construct {
  /** Where CloudTrail delivers: log files and digests. */
  readonly files: LockedBucket;
  /** The same events as they come, for alarms. */
  readonly logGroup: LogGroup;
  private readonly trail: CfnTrail;
  private readonly selectors: Selector[] = [managementEvents];
  private readonly settings: Settings;

  constructor(scope: Construct, id: string, { encryptionKey, logs, settings }: TrailProps) {
    super(scope, id);
    this.settings = settings;
    this.files = new LockedBucket(this, 'Files', {
      encryptionKey,
      retentionDays: settings.auditRetentionDays,
      protect: settings.protect,
    });
    this.letDeliver(encryptionKey);
    this.logGroup = logs.group(this, 'Log');
    this.trail = new CfnTrail(this, 'Trail', {
      s3BucketName: this.files.bucketName,
      kmsKeyId: encryptionKey.keyArn,
      isLogging: true,
      isMultiRegionTrail: true,
      includeGlobalServiceEvents: true,
      enableLogFileValidation: true,
      cloudWatchLogsLogGroupArn: this.logGroup.logGroupArn,
      cloudWatchLogsRoleArn: this.logRole().roleArn,
      advancedEventSelectors: this.selectors,
    });
    this.files.standBefore(this.trail);
    this.watchBucket(this.files.bucketArn, { withServices: false }); // its own deliveries would be told of for ever
    Annotations.of(this).addInfoV2('wardline:cloudtrail-price', priceOf(settings.cloudTrailDataEvents));
    new CfnOutput(Stack.of(this), 'TrailFilesBucket', {
      value: this.files.bucketName,
      description: 'Bucket of what CloudTrail delivers: wardline audit export',
    });
    new CfnOutput(Stack.of(this), 'TrailArn', {
      value: this.trail.attrArn,
      description: 'The trail: aws cloudtrail validate-logs',
    });
  }

  /** Records calls on a table, and on its stream where it has one. The setting `cloudTrailDataEvents: all` makes outsiders everybody. */
  watchTable(table: { readonly arn: string; readonly streamArn?: string | undefined }, whose: Watched): void {
    const { name, cloudTrailDataEvents } = this.settings;
    const except = whose === 'outsiders' && cloudTrailDataEvents === 'outsiders' ? name : undefined;
    this.selectors.push(tableEvents(table.arn, except));
    if (table.streamArn) this.selectors.push(streamEvents(table.streamArn, name)); // pollers of ours look each second
  }

  /** Records everybody's calls on a bucket's objects; those of AWS's own services too, unless told otherwise. */
  watchBucket(bucketArn: string, { withServices = true } = {}): void {
    this.selectors.push(bucketEvents(bucketArn, withServices));
  }

  /** CloudTrail user guide, "Amazon S3 bucket policy for CloudTrail" and "Configure AWS KMS key policies for CloudTrail". */
  private letDeliver(key: EncryptionKey): void {
    const ours = { ArnLike: { 'aws:SourceArn': this.trailArns() } };
    const principals = [service];
    this.files.say(
      new PolicyStatement({
        ...{ sid: 'LetCloudTrailLook', principals, actions: ['s3:GetBucketAcl'] },
        ...{ resources: [this.files.bucketArn], conditions: ours },
      }),
    );
    this.files.say(
      new PolicyStatement({
        ...{ sid: 'LetCloudTrailDeliver', principals, actions: ['s3:PutObject'] },
        resources: [`${this.files.bucketArn}/AWSLogs/${Aws.ACCOUNT_ID}/*`],
        conditions: { ...ours, StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' } },
      }),
    );
    key.addToResourcePolicy(
      new PolicyStatement({
        ...{ sid: 'LetCloudTrailEncrypt', principals, actions: ['kms:GenerateDataKey*', 'kms:DescribeKey'] },
        ...{ resources: ['*'], conditions: ours },
      }),
    );
  }

  private logRole(): Role {
    const policy = new ManagedPolicy(this, 'Policy', {
      description: 'What CloudTrail may do to write events into its log group',
      statements: [
        new PolicyStatement({
          sid: 'WriteTrailLog',
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [this.logGroup.logGroupArn],
        }),
      ],
    });
    return new Role(this, 'Role', {
      description: 'Role of CloudTrail for its log group',
      assumedBy: service,
      managedPolicies: [policy],
    });
  }

  /** By the beginning of the name that CloudFormation gives it: the trail itself waits for these policies. */
  private trailArns(): string {
    const { stackName } = Stack.of(this);
    return `arn:${Aws.PARTITION}:cloudtrail:${Aws.REGION}:${Aws.ACCOUNT_ID}:trail/${stackName}-*`;
  }
}
