import { type Ability, throughS3 } from './ability.ts';

const scanRules =
  'arn:<partition>:events:<region>:<account>:rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*';

/** The role of the GuardDuty user guide, "Create or update IAM role policy", for one bucket, one folder and one key. */
export const scannerAbilities: Readonly<Record<string, Ability>> = {
  SendNewObjectsToScan: {
    actions: ['events:PutRule', 'events:DeleteRule', 'events:PutTargets', 'events:RemoveTargets'],
    on: scanRules,
    when: JSON.stringify({
      StringLike: { 'events:ManagedBy': 'malware-protection-plan.guardduty.amazonaws.com' },
    }),
  },
  WatchRuleOfScans: { actions: ['events:DescribeRule', 'events:ListTargetsByRule'], on: scanRules },
  TellEventBridgeOfObjects: {
    actions: ['s3:PutBucketNotification', 's3:GetBucketNotification'],
    on: 'bucket Attachments',
  },
  PutValidationObject: {
    actions: ['s3:PutObject'],
    on: 'bucket Attachments/malware-protection-resource-validation-object',
  },
  CheckBucketOwnership: { actions: ['s3:ListBucket'], on: 'bucket Attachments' },
  ReadToScan: { actions: ['s3:GetObject', 's3:GetObjectVersion'], on: 'bucket Attachments/files/*' },
  TagWithVerdict: {
    actions: [
      's3:PutObjectTagging',
      's3:GetObjectTagging',
      's3:PutObjectVersionTagging',
      's3:GetObjectVersionTagging',
    ],
    on: 'bucket Attachments/files/*',
  },
  DecryptToScan: { actions: ['kms:GenerateDataKey', 'kms:Decrypt'], on: 'key Data', when: throughS3 },
};
