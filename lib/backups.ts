import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { BackupPlan, BackupPlanRule, BackupResource, BackupVault } from 'aws-cdk-lib/aws-backup';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { bucketBackups } from './bucket-backups.ts';
import type { EncryptionKey } from './encryption-keys.ts';

export interface BackupsProps {
  readonly encryptionKey: EncryptionKey;
  /** Days that each daily backup is kept, and not one longer. */
  readonly keepDays: number;
  readonly protect: boolean;
}

/** Daily backups of the tables and buckets they are told to cover, in a vault of their own that keeps none past its day. */
export class Backups extends Construct {
  /** Days that each daily backup is kept. */
  readonly keepDays: number;
  private readonly plan: BackupPlan;
  private readonly role: Role;
  private readonly policy: ManagedPolicy;
  private readonly encryptionKey: EncryptionKey;

  constructor(scope: Construct, id: string, props: BackupsProps) {
    super(scope, id);
    this.keepDays = props.keepDays;
    this.encryptionKey = props.encryptionKey;
    const vault = new BackupVault(this, 'Vault', {
      encryptionKey: props.encryptionKey,
      lockConfiguration: props.protect
        ? { minRetention: Duration.days(1), maxRetention: Duration.days(props.keepDays) }
        : undefined,
      removalPolicy: props.protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.plan = new BackupPlan(this, 'Plan', {
      backupPlanName: `${Stack.of(this).stackName}-${id}`,
      backupVault: vault,
    });
    this.plan.addRule(
      new BackupPlanRule({
        ruleName: 'Daily',
        scheduleExpression: Schedule.cron({ hour: '5', minute: '0' }),
        deleteAfter: Duration.days(props.keepDays),
      }),
    );

    this.policy = new ManagedPolicy(this, 'Policy', {
      description: `What AWS Backup may do for ${id}`,
      statements: [
        new PolicyStatement({
          sid: `Keep${id}`,
          actions: ['backup:DescribeBackupVault', 'backup:CopyIntoBackupVault'],
          resources: [vault.backupVaultArn],
        }),
      ],
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('backup.amazonaws.com'),
      managedPolicies: [this.policy],
      description: `Role of AWS Backup for ${id}`,
    });
    this.lendKey(id);
  }

  /** Puts `table` into the plan by its name. */
  cover(table: Table): void {
    const id = table.node.scope?.node.scope?.node.id ?? table.node.id;
    this.select(id, BackupResource.fromDynamoDbTable(table));
    this.policy.addStatements(
      new PolicyStatement({
        sid: `BackUp${id}`,
        actions: [
          'dynamodb:DescribeTable',
          'dynamodb:CreateBackup',
          'dynamodb:StartAwsBackupJob',
          'dynamodb:ListTagsOfResource',
        ],
        resources: [table.tableArn],
      }),
      new PolicyStatement({
        sid: `EndBackupsOf${id}`,
        actions: ['dynamodb:DescribeBackup', 'dynamodb:DeleteBackup'],
        resources: [`${table.tableArn}/backup/*`],
      }),
    );
  }

  /** Puts `bucket` into the plan by its name. AWS Backup asks for versions and for notice of new objects by EventBridge. */
  coverBucket(bucket: Bucket): void {
    const id = bucket.node.scope?.node.id ?? bucket.node.id;
    this.select(id, BackupResource.fromArn(bucket.bucketArn));
    this.policy.addStatements(...bucketBackups(id, bucket, this.encryptionKey));
  }

  /** The ARN of the role with which AWS Backup reads. */
  get roleArn(): string {
    return this.role.roleArn;
  }

  private select(id: string, resource: BackupResource): void {
    this.plan.addSelection(id, {
      backupSelectionName: id,
      resources: [resource],
      role: this.role.withoutPolicyUpdates() as Role,
      disableDefaultBackupPolicy: true,
    });
  }

  /** The key statements of AWSBackupServiceRolePolicyForBackup, for one key and through DynamoDB and Backup only. */
  private lendKey(id: string): void {
    this.policy.addStatements(
      new PolicyStatement({
        sid: `Encrypt${id}`,
        actions: ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [this.encryptionKey.keyArn],
        conditions: {
          StringEquals: {
            'kms:ViaService': [`dynamodb.${Aws.REGION}.amazonaws.com`, `backup.${Aws.REGION}.amazonaws.com`],
          },
        },
      }),
      new PolicyStatement({
        sid: `LetServicesEncrypt${id}`,
        actions: ['kms:CreateGrant'],
        resources: [this.encryptionKey.keyArn],
        conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
      }),
    );
  }
}
