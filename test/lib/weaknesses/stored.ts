import { isDeepStrictEqual } from 'node:util';
import { type Placed, resources, type Templates, target } from '../../fixtures/template.ts';
import { bucketPolicyWeaknesses, bucketWeaknesses, scanWeaknesses } from '../attachment-weaknesses.ts';
import {
  databaseWeaknesses,
  namedQueryWeaknesses,
  tableWeaknesses,
  workGroupWeaknesses,
} from '../audit-tables.ts';
import { keyPolicy } from '../key-policy.ts';
import { lockedBucketPolicyWeaknesses, lockedBucketWeaknesses } from '../locked-bucket-weaknesses.ts';
import { deliveringTrail } from '../trail-weaknesses.ts';
import { aKeyOfOurs, anything, aString, into, wants } from '../wishes.ts';
import { isKept, type Look } from './look.ts';

/** Of keys, tables, buckets, backups and what is asked of the trail. */
export const ofStores: Readonly<Record<string, Look>> = {
  'AWS::KMS::Key': (key) => [
    ...wants(key.Properties, {
      MultiRegion: true,
      PendingWindowInDays: 30,
      ...(key.path.startsWith('SigningKey')
        ? { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', EnableKeyRotation: undefined }
        : { KeySpec: undefined, KeyUsage: undefined, EnableKeyRotation: true }),
    }),
    ...isKept(key),
    ...(isDeepStrictEqual(key.Properties.KeyPolicy, keyPolicy(key.path)) ? [] : ['has another key policy']),
  ],

  'AWS::DynamoDB::Table': (table, templates) => [
    ...wants(table.Properties, {
      BillingMode: 'PAY_PER_REQUEST',
      DeletionProtectionEnabled: true,
      'SSESpecification.SSEEnabled': true,
      'SSESpecification.SSEType': 'KMS',
      'SSESpecification.KMSMasterKeyId': aKeyOfOurs,
      'PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled': true,
      'PointInTimeRecoverySpecification.RecoveryPeriodInDays': table.path.startsWith('Keys/') ? 7 : 35,
      'StreamSpecification.StreamViewType': /^(Conversations|AuditTrail)\//.test(table.path)
        ? 'NEW_AND_OLD_IMAGES'
        : undefined,
      'TimeToLiveSpecification.Enabled': true,
      'TimeToLiveSpecification.AttributeName': 'expiresAt',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }, ...sortKey(table, { KeyType: 'RANGE' })],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        ...sortKey(table, { AttributeType: 'S' }),
      ],
    }),
    ...isKept(table),
    ...(plansOf(table, templates).length === 1 ? [] : ['is not in exactly one backup plan']),
  ],

  'AWS::Backup::BackupVault': (vault) => [
    ...wants(vault.Properties, {
      BackupVaultName: aString,
      EncryptionKeyArn: aKeyOfOurs,
      'LockConfiguration.MinRetentionDays': 1,
      'LockConfiguration.MaxRetentionDays': vault.path.startsWith('KeyBackups') ? 7 : 35,
    }),
    ...isKept(vault),
  ],

  'AWS::Backup::BackupPlan': (plan) => {
    const rule = 'BackupPlan.BackupPlanRule.0';
    return wants(plan.Properties, {
      [`${rule}.ScheduleExpression`]: 'cron(0 5 * * ? *)',
      [`${rule}.TargetBackupVault`]: anything,
      [`${rule}.Lifecycle.DeleteAfterDays`]: plan.path.startsWith('KeyBackups') ? 7 : 35,
    });
  },

  'AWS::Backup::BackupSelection': (selection) =>
    wants(selection.Properties, {
      BackupPlanId: anything,
      'BackupSelection.IamRoleArn': anything,
      'BackupSelection.Resources.0': anything,
    }),

  'AWS::S3::Bucket': (bucket, templates) => [
    ...isKept(bucket),
    ...(isAttachments(bucket)
      ? [
          ...bucketWeaknesses(bucket.Properties),
          ...(plansOf(bucket, templates).length === 1 ? [] : ['is not in exactly one backup plan']),
        ]
      : lockedBucketWeaknesses(bucket.Properties)),
  ],

  'AWS::S3::BucketPolicy': (policy) => [
    ...isKept(policy),
    ...(isAttachments(policy)
      ? bucketPolicyWeaknesses(policy.Properties)
      : policy.path.startsWith('SealedRecords/')
        ? lockedBucketPolicyWeaknesses(policy, ['sealed/'])
        : lockedBucketPolicyWeaknesses(policy, [], deliveringTrail)),
  ],

  'AWS::GuardDuty::MalwareProtectionPlan': scanWeaknesses,

  'AWS::Athena::WorkGroup': workGroupWeaknesses,

  'AWS::Athena::NamedQuery': namedQueryWeaknesses,

  'AWS::Glue::Database': databaseWeaknesses,

  'AWS::Glue::Table': tableWeaknesses,
};

function sortKey<Part extends object>(table: Placed, part: Part): (Part & { AttributeName: string })[] {
  return table.path.startsWith('Sessions/') ? [] : [{ AttributeName: 'sk', ...part }];
}

const isAttachments = ({ path }: Placed) => path.startsWith('Attachments/');

function plansOf(table: Placed, templates: Templates): Placed[] {
  return resources(templates, 'AWS::Backup::BackupSelection').filter(
    (selection) =>
      selection.stack === table.stack &&
      target(into(into(selection.Properties.BackupSelection, 'Resources'), '0')) === table.id,
  );
}
