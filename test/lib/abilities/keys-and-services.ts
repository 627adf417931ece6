import {
  type Ability,
  forOrganisationKey,
  reading,
  throughDynamoDb,
  throughS3,
  throughSqs,
  writing,
} from './ability.ts';

/** What may be done with logs, keys, sealed records, streams, queues, users, sockets and the roles of persons. */
export const onKeysAndServices: Readonly<Record<string, Ability>> = {
  WriteTrailLog: { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], on: 'own log' },
  WriteOwnLog: { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], on: 'own log' },
  UnwrapOrganisationKey: { actions: ['kms:Decrypt'], on: 'key Keys', when: forOrganisationKey },
  MakeOrganisationKey: { actions: ['kms:GenerateDataKey'], on: 'key Keys', when: forOrganisationKey },
  ReadTablesUnderDataKey: { actions: reading, on: 'key Data', when: throughDynamoDb },
  WriteTablesUnderDataKey: { actions: writing, on: 'key Data', when: throughDynamoDb },
  ReadTablesUnderKeysKey: { actions: reading, on: 'key Keys', when: throughDynamoDb },
  ReadTrailStream: {
    actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
    on: 'stream of AuditTrail',
  },
  WriteSealedRecords: { actions: ['s3:PutObject'], on: 'bucket SealedRecords/sealed/*' },
  ReadSealedRecords: { actions: ['s3:GetObject'], on: 'bucket SealedRecords/sealed/*' },
  MissSealedRecords: { actions: ['s3:ListBucket'], on: 'bucket SealedRecords' },
  EncryptSealedRecords: { actions: ['kms:GenerateDataKey'], on: 'key Audit', when: throughS3 },
  DecryptSealedRecords: { actions: ['kms:Decrypt'], on: 'key Audit', when: throughS3 },
  ReadTablesUnderAuditKey: { actions: reading, on: 'key Audit', when: throughDynamoDb },
  WriteTablesUnderAuditKey: { actions: writing, on: 'key Audit', when: throughDynamoDb },
  WriteTablesUnderKeysKey: { actions: writing, on: 'key Keys', when: throughDynamoDb },
  SignOutEverywhere: { actions: ['cognito-idp:AdminUserGlobalSignOut'], on: 'user pool' },
  CreateUsers: {
    actions: ['cognito-idp:AdminCreateUser', 'cognito-idp:AdminGetUser'],
    on: 'user pool',
  },
  DisableUsers: { actions: ['cognito-idp:AdminDisableUser'], on: 'user pool' },
  EnableUsers: { actions: ['cognito-idp:AdminEnableUser'], on: 'user pool' },
  SignReceipts: { actions: ['kms:Sign'], on: 'key Signing' },
  CloseSockets: { actions: ['execute-api:ManageConnections'], on: 'sockets live/DELETE/@connections/*' },
  PushToSockets: { actions: ['execute-api:ManageConnections'], on: 'sockets live/POST/@connections/*' },
  ReadStream: {
    actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
    on: 'stream of Conversations',
  },
  ListStreams: { actions: ['dynamodb:ListStreams'], on: 'everything' }, // has no narrower resource
  ParkRecords: { actions: ['sqs:SendMessage'], on: 'queue Parked' },
  EncryptParkedRecords: { actions: ['kms:Decrypt', 'kms:GenerateDataKey'], on: 'key Data', when: throughSqs },
  AssumeAsPersonDownload: {
    actions: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
    on: 'arn:<partition>:iam::<account>:role/Wardline-Messaging-AsPersonDownload*',
  },
  AssumeAsPersonCatchUp: {
    actions: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
    on: 'arn:<partition>:iam::<account>:role/Wardline-Messaging-AsPersonCatchUp*',
  },
  AssumeAsPersonRead: {
    actions: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
    on: 'arn:<partition>:iam::<account>:role/Wardline-Messaging-AsPersonRead*',
  },
  AssumeAsPersonExport: {
    actions: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
    on: 'arn:<partition>:iam::<account>:role/Wardline-Messaging-AsPersonExport*',
  },
  WriteGatewayLogs: {
    actions: [
      'logs:CreateLogGroup',
      'logs:CreateLogStream',
      'logs:DescribeLogGroups',
      'logs:DescribeLogStreams',
      'logs:PutLogEvents',
      'logs:GetLogEvents',
      'logs:FilterLogEvents',
    ],
    on: 'everything', // API Gateway refuses a role that is narrower
  },
};
