import {
  DescribeUserPoolClientCommand,
  DescribeUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeKeyCommand, GetKeyRotationStatusCommand } from '@aws-sdk/client-kms';
import {
  GetBucketEncryptionCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { atLeast, atMost, type Question } from './question.ts';

const table = ['AWS::DynamoDB::Table'];
const bucket = ['AWS::S3::Bucket'];
const key = ['AWS::KMS::Key'];

/** Everything that a running deployment is asked. What no client is here for is told with the command that asks it. */
export const questions: readonly Question[] = [
  {
    id: 'table-state',
    says: 'A table is there, encrypted under a key of KMS, and refuses deletion.',
    types: table,
    call: 'dynamodb:DescribeTable',
    byHand: 'aws dynamodb describe-table --table-name NAME',
    ask: ({ tables }, TableName) => tables.send(new DescribeTableCommand({ TableName })),
    wants: {
      'Table.TableStatus': 'ACTIVE',
      'Table.SSEDescription.Status': 'ENABLED',
      'Table.SSEDescription.SSEType': 'KMS',
      'Table.DeletionProtectionEnabled': true,
    },
  },
  {
    id: 'table-recovery',
    says: 'A table can be restored to any second of its recovery period.',
    types: table,
    call: 'dynamodb:DescribeContinuousBackups',
    byHand: 'aws dynamodb describe-continuous-backups --table-name NAME',
    ask: ({ tables }, TableName) => tables.send(new DescribeContinuousBackupsCommand({ TableName })),
    wants: {
      'ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus': 'ENABLED',
    },
  },
  {
    id: 'table-expiry',
    says: 'A table deletes what its retention has ended.',
    types: table,
    call: 'dynamodb:DescribeTimeToLive',
    byHand: 'aws dynamodb describe-time-to-live --table-name NAME',
    ask: ({ tables }, TableName) => tables.send(new DescribeTimeToLiveCommand({ TableName })),
    wants: { 'TimeToLiveDescription.TimeToLiveStatus': 'ENABLED' },
  },
  {
    id: 'key-state',
    says: 'A key is enabled, ours and not AWS’s, and replicable.',
    types: key,
    call: 'kms:DescribeKey',
    byHand: 'aws kms describe-key --key-id NAME',
    ask: ({ keys }, KeyId) => keys.send(new DescribeKeyCommand({ KeyId })),
    wants: {
      'KeyMetadata.KeyState': 'Enabled',
      'KeyMetadata.KeyManager': 'CUSTOMER',
      'KeyMetadata.MultiRegion': true,
    },
  },
  {
    id: 'key-rotation',
    says: 'A key that encrypts is replaced each year.',
    types: key,
    among: ({ properties }) => properties.KeyUsage !== 'SIGN_VERIFY',
    call: 'kms:GetKeyRotationStatus',
    byHand: 'aws kms get-key-rotation-status --key-id NAME',
    ask: ({ keys }, KeyId) => keys.send(new GetKeyRotationStatusCommand({ KeyId })),
    wants: { KeyRotationEnabled: true },
  },
  {
    id: 'signing-key',
    says: 'The signing key is an elliptic-curve key that signs and nothing else.',
    types: key,
    among: ({ properties }) => properties.KeyUsage === 'SIGN_VERIFY',
    call: 'kms:DescribeKey',
    byHand: 'aws kms describe-key --key-id NAME',
    ask: ({ keys }, KeyId) => keys.send(new DescribeKeyCommand({ KeyId })),
    wants: {
      'KeyMetadata.KeyState': 'Enabled',
      'KeyMetadata.KeyUsage': 'SIGN_VERIFY',
      'KeyMetadata.KeySpec': 'ECC_NIST_P256',
      'KeyMetadata.Origin': 'AWS_KMS',
    },
  },
  {
    id: 'user-pool',
    says: 'MFA is on for everybody, administrators alone make accounts, and the pool refuses deletion.',
    types: ['AWS::Cognito::UserPool'],
    call: 'cognito-idp:DescribeUserPool',
    byHand: 'aws cognito-idp describe-user-pool --user-pool-id NAME',
    ask: ({ pool }, UserPoolId) => pool.send(new DescribeUserPoolCommand({ UserPoolId })),
    wants: {
      'UserPool.MfaConfiguration': 'ON',
      'UserPool.AdminCreateUserConfig.AllowAdminCreateUserOnly': true,
      'UserPool.DeletionProtection': 'ACTIVE',
      'UserPool.Policies.PasswordPolicy.MinimumLength': atLeast(14),
    },
  },
  {
    id: 'user-pool-client',
    says: 'People sign in by SRP alone, for 15 minutes a token and 12 hours a sign-in at most.',
    types: ['AWS::Cognito::UserPoolClient'],
    call: 'cognito-idp:DescribeUserPoolClient',
    byHand: 'aws cognito-idp describe-user-pool-client --user-pool-id POOL --client-id NAME',
    ask: ({ pool }, ClientId, UserPoolId) =>
      pool.send(new DescribeUserPoolClientCommand({ UserPoolId, ClientId })),
    wants: {
      'UserPoolClient.ExplicitAuthFlows': ['ALLOW_USER_SRP_AUTH'],
      'UserPoolClient.PreventUserExistenceErrors': 'ENABLED',
      'UserPoolClient.EnableTokenRevocation': true,
      'UserPoolClient.TokenValidityUnits.AccessToken': 'minutes',
      'UserPoolClient.AccessTokenValidity': atMost(15),
      'UserPoolClient.RefreshTokenValidity': atMost(720),
    },
  },
  {
    id: 'bucket-versions',
    says: 'A bucket keeps versions.',
    types: bucket,
    call: 's3:GetBucketVersioning',
    byHand: 'aws s3api get-bucket-versioning --bucket NAME',
    ask: ({ buckets }, Bucket) => buckets.send(new GetBucketVersioningCommand({ Bucket })),
    wants: { Status: 'Enabled' },
  },
  {
    id: 'bucket-encryption',
    says: 'A bucket encrypts what it stores under a key of KMS.',
    types: bucket,
    call: 's3:GetBucketEncryption',
    byHand: 'aws s3api get-bucket-encryption --bucket NAME',
    ask: ({ buckets }, Bucket) => buckets.send(new GetBucketEncryptionCommand({ Bucket })),
    wants: {
      'ServerSideEncryptionConfiguration.Rules.0.ApplyServerSideEncryptionByDefault.SSEAlgorithm': 'aws:kms',
    },
  },
  {
    id: 'bucket-closed',
    says: 'A bucket cannot be made public.',
    types: bucket,
    call: 's3:GetPublicAccessBlock',
    byHand: 'aws s3api get-public-access-block --bucket NAME',
    ask: ({ buckets }, Bucket) => buckets.send(new GetPublicAccessBlockCommand({ Bucket })),
    wants: {
      'PublicAccessBlockConfiguration.BlockPublicAcls': true,
      'PublicAccessBlockConfiguration.BlockPublicPolicy': true,
      'PublicAccessBlockConfiguration.IgnorePublicAcls': true,
      'PublicAccessBlockConfiguration.RestrictPublicBuckets': true,
    },
  },
  {
    id: 'bucket-lock',
    says: 'What is sealed for auditors is locked as it is written.',
    types: bucket,
    among: ({ properties }) => properties.ObjectLockEnabled === true,
    call: 's3:GetObjectLockConfiguration',
    byHand: 'aws s3api get-object-lock-configuration --bucket NAME',
    ask: ({ buckets }, Bucket) => buckets.send(new GetObjectLockConfigurationCommand({ Bucket })),
    wants: {
      'ObjectLockConfiguration.ObjectLockEnabled': 'Enabled',
      'ObjectLockConfiguration.Rule.DefaultRetention.Mode': 'COMPLIANCE',
    },
  },
  byHandAlone(
    'trail-status',
    'CloudTrail is logging, and has delivered its newest files.',
    ['AWS::CloudTrail::Trail'],
    'cloudtrail:GetTrailStatus',
    'aws cloudtrail get-trail-status --name NAME',
  ),
  byHandAlone(
    'recovery-points',
    'A vault’s newest backup is at most 48 hours old.',
    ['AWS::Backup::BackupVault'],
    'backup:ListRecoveryPointsByBackupVault',
    'aws backup list-recovery-points-by-backup-vault --backup-vault-name NAME',
  ),
  byHandAlone(
    'log-retention',
    'A log group is kept as long as the template says.',
    ['AWS::Logs::LogGroup'],
    'logs:DescribeLogGroups',
    'aws logs describe-log-groups --log-group-name-prefix NAME',
  ),
  byHandAlone(
    'stages',
    'A stage logs and throttles as the template says.',
    ['AWS::ApiGatewayV2::Stage'],
    'apigateway:GetStages',
    'aws apigatewayv2 get-stages --api-id API',
  ),
  byHandAlone(
    'malware-plan',
    'The malware protection plan is active, without a warning.',
    ['AWS::GuardDuty::MalwareProtectionPlan'],
    'guardduty:GetMalwareProtectionPlan',
    'aws guardduty get-malware-protection-plan --malware-protection-plan-id NAME',
  ),
];

/** A setting of a service that this command brings no client of: an auditor asks it by hand. */
function byHandAlone(
  id: string,
  says: string,
  types: readonly string[],
  call: string,
  byHand: string,
): Question {
  return { id, says, types, call, byHand, wants: {} };
}
