import { type Ability, throughS3 } from './ability.ts';

/** AWSBackupServiceRolePolicyForS3Backup, for one bucket. */
export const attachmentBackups: Readonly<Record<string, Ability>> = {
  BackUpAttachments: {
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
    on: 'bucket Attachments',
  },
  ReadAllAttachments: {
    actions: [
      's3:GetObjectAcl',
      's3:GetObject',
      's3:GetObjectVersionTagging',
      's3:GetObjectVersionAcl',
      's3:GetObjectTagging',
      's3:GetObjectVersion',
    ],
    on: 'bucket Attachments/*',
  },
  DecryptForBackupsOfAttachments: {
    actions: ['kms:Decrypt', 'kms:DescribeKey'],
    on: 'key Data',
    when: throughS3,
  },
  HearOfAttachments: {
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
    on: 'arn:<partition>:events:<region>:<account>:rule/AwsBackupManagedRule*',
  },
  LookAroundAttachments: {
    actions: ['cloudwatch:GetMetricData', 'events:ListRules', 's3:ListAllMyBuckets'],
    on: 'everything', // have no narrower resource
  },
  TagBackupsOfAttachments: {
    actions: ['backup:TagResource'],
    on: 'arn:<partition>:backup:<region>:<account>:recovery-point:*',
  },
};

/** What AWS Backup may do for one plan and its tables, under one key. */
export function backupAbilities(
  plan: string,
  key: string,
  tables: readonly string[],
): Record<string, Ability> {
  const found: Record<string, Ability> = {
    [`Keep${plan}`]: {
      actions: ['backup:DescribeBackupVault', 'backup:CopyIntoBackupVault'],
      on: `vault ${plan}`,
    },
    [`Encrypt${plan}`]: {
      actions: ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKey'],
      on: key,
      when: JSON.stringify({
        StringEquals: {
          'kms:ViaService': ['dynamodb.<region>.amazonaws.com', 'backup.<region>.amazonaws.com'],
        },
      }),
    },
    [`LetServicesEncrypt${plan}`]: {
      actions: ['kms:CreateGrant'],
      on: key,
      when: JSON.stringify({ Bool: { 'kms:GrantIsForAWSResource': 'true' } }),
    },
  };
  for (const table of tables) {
    found[`BackUp${table}`] = {
      actions: [
        'dynamodb:DescribeTable',
        'dynamodb:CreateBackup',
        'dynamodb:StartAwsBackupJob',
        'dynamodb:ListTagsOfResource',
      ],
      on: `table ${table}`,
    };
    found[`EndBackupsOf${table}`] = {
      actions: ['dynamodb:DescribeBackup', 'dynamodb:DeleteBackup'],
      on: `backups of table ${table}`,
    };
  }
  return found;
}
