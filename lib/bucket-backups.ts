import { Aws } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { EncryptionKey } from './encryption-keys.ts';

/**
 * What AWS Backup needs to back up one bucket: AWSBackupServiceRolePolicyForS3Backup, for that bucket and its key instead of
 * all, in this account and Region. Three of its statements have no narrower resource.
 */
export function bucketBackups(id: string, bucket: Bucket, encryptionKey: EncryptionKey): PolicyStatement[] {
  const here = `${Aws.REGION}:${Aws.ACCOUNT_ID}`;
  return [
    new PolicyStatement({
      sid: `BackUp${id}`,
      actions: [
        's3:GetBucketTagging',
        's3:GetInventoryConfiguration',
        's3:ListBucketVersions',
        's3:ListBucket',
        's3:GetBucketVersioning',
        's3:GetBucketLocation',
        's3:GetBucketAcl',
        's3:PutInventoryConfiguration',
        's3:GetBucketNotification',
        's3:PutBucketNotification',
      ],
      resources: [bucket.bucketArn],
    }),
    new PolicyStatement({
      sid: `ReadAll${id}`,
      actions: [
        's3:GetObjectAcl',
        's3:GetObject',
        's3:GetObjectVersionTagging',
        's3:GetObjectVersionAcl',
        's3:GetObjectTagging',
        's3:GetObjectVersion',
      ],
      resources: [bucket.arnForObjects('*')],
    }),
    new PolicyStatement({
      sid: `DecryptForBackupsOf${id}`,
      actions: ['kms:Decrypt', 'kms:DescribeKey'],
      resources: [encryptionKey.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `s3.${Aws.REGION}.amazonaws.com` } },
    }),
    new PolicyStatement({
      sid: `HearOf${id}`,
      actions: [
        'events:DeleteRule',
        'events:PutTargets',
        'events:DescribeRule',
        'events:EnableRule',
        'events:PutRule',
        'events:RemoveTargets',
        'events:ListTargetsByRule',
        'events:DisableRule',
      ],
      resources: [`arn:${Aws.PARTITION}:events:${here}:rule/AwsBackupManagedRule*`],
    }),
    new PolicyStatement({
      sid: `LookAround${id}`,
      actions: ['cloudwatch:GetMetricData', 'events:ListRules', 's3:ListAllMyBuckets'],
      resources: ['*'],
    }),
    new PolicyStatement({
      sid: `TagBackupsOf${id}`,
      actions: ['backup:TagResource'],
      resources: [`arn:${Aws.PARTITION}:backup:${here}:recovery-point:*`],
    }),
  ];
}
