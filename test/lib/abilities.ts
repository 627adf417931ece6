import { find, type Placed, type Templates, target } from '../fixtures/template.ts';

/** One statement, told in words that stay the same whatever logical ids CDK makes. */
export interface Ability {
  readonly actions: readonly string[];
  /** What it is for: a table, a key, a log … */
  readonly on: string;
  /** Its condition, as JSON. */
  readonly when?: string;
}

const throughDynamoDb = JSON.stringify({
  StringEquals: { 'kms:ViaService': 'dynamodb.<region>.amazonaws.com' },
});
const throughSqs = JSON.stringify({ StringEquals: { 'kms:ViaService': 'sqs.<region>.amazonaws.com' } });
const throughS3 = JSON.stringify({ StringEquals: { 'kms:ViaService': 's3.<region>.amazonaws.com' } });
const ofFolders = (...folders: readonly string[]) => JSON.stringify({ StringLike: { 's3:prefix': folders } });
const forOrganisationKey = JSON.stringify({
  StringEquals: { 'kms:EncryptionContext:purpose': 'organisation-key' },
});
const ofPartitions = (pattern: string) =>
  JSON.stringify({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': pattern } });
const ofLists = ofPartitions('L#*');
const ofEnds = ofPartitions('ENDS');
const ofRequests = ofPartitions('A#*');
const ofProfiles = ofPartitions('P#*');
const ofQuarters = ofPartitions('R#*');
const reading = ['kms:Decrypt', 'kms:DescribeKey'];
const writing = ['kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];

/** AWSBackupServiceRolePolicyForS3Backup, for one bucket. */
const attachmentBackups: Readonly<Record<string, Ability>> = {
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

const scanRules =
  'arn:<partition>:events:<region>:<account>:rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*';

/** The role of the GuardDuty user guide, "Create or update IAM role policy", for one bucket, one folder and one key. */
const scannerAbilities: Readonly<Record<string, Ability>> = {
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

/** Everything that any role of this app may do on AWS, by the name its statement has in each policy. */
export const abilities: Readonly<Record<string, Ability>> = {
  WriteTrailLog: { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], on: 'own log' },
  WriteOwnLog: { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], on: 'own log' },

  ReadSession: { actions: ['dynamodb:GetItem'], on: 'table Sessions' },
  AdmitCaller: { actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], on: 'table Sessions' },
  ForgetSocket: { actions: ['dynamodb:UpdateItem'], on: 'table Sessions' },
  EndSessions: { actions: ['dynamodb:UpdateItem'], on: 'table Sessions' },
  LookThroughSessions: { actions: ['dynamodb:Scan'], on: 'table Sessions' },
  FindSocketsOfMembers: { actions: ['dynamodb:BatchGetItem'], on: 'table Sessions' },

  RecordDecisions: { actions: ['dynamodb:PutItem'], on: 'table AuditTrail', when: ofProfiles },

  ReadConversations: { actions: ['dynamodb:GetItem', 'dynamodb:Query'], on: 'table Conversations' },
  ReadManyHeads: { actions: ['dynamodb:BatchGetItem'], on: 'table Conversations' },
  AppendToConversations: { actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem'], on: 'table Conversations' },
  ForgetEnds: { actions: ['dynamodb:DeleteItem'], on: 'table Conversations', when: ofEnds },
  SealTitlesAnew: { actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], on: 'table Conversations' },
  MarkShredded: {
    actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    on: 'table Conversations',
  },
  BeginConversations: { actions: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'table Conversations' },

  ReadHolds: { actions: ['dynamodb:Query'], on: 'table Conversations', when: ofPartitions('POLICY#HOLDS') },
  CheckHolds: {
    actions: ['dynamodb:ConditionCheckItem'],
    on: 'table Conversations',
    when: ofPartitions('POLICY'),
  },
  CheckHeads: { actions: ['dynamodb:ConditionCheckItem'], on: 'table Conversations' },
  SettleHolds: {
    actions: ['dynamodb:PutItem'],
    on: 'table Conversations',
    when: ofPartitions('POLICY#HOLDS'),
  },
  SetRetention: {
    actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
    on: 'table Conversations',
    when: ofPartitions('POLICY'),
  },
  KeepHolds: {
    actions: ['dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    on: 'table Conversations',
    when: ofPartitions('POLICY*'),
  },
  FindHeads: { actions: ['dynamodb:GetItem'], on: 'table Conversations' },
  RestampConversations: {
    actions: ['dynamodb:Scan', 'dynamodb:GetItem', 'dynamodb:UpdateItem'],
    on: 'table Conversations',
  },

  ReviewEmergencies: {
    actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:DeleteItem'],
    on: 'table Conversations',
    when: ofPartitions('EMERGENCIES'),
  },
  RestrictPatients: { actions: ['dynamodb:UpdateItem'], on: 'table People', when: ofProfiles },
  AskForAmendments: {
    actions: ['dynamodb:PutItem'],
    on: 'table Conversations',
    when: ofPartitions('AMENDMENTS'),
  },
  AskForExports: {
    actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem'],
    on: 'table Conversations',
    when: ofPartitions('EXPORTS'),
  },
  NoteExports: { actions: ['dynamodb:PutItem'], on: 'table Conversations', when: ofPartitions('EXPORTS') },
  ListExports: { actions: ['dynamodb:Query'], on: 'table Conversations', when: ofPartitions('EXPORTS') },
  ReadPolicy: { actions: ['dynamodb:GetItem'], on: 'table Conversations', when: ofPartitions('POLICY') },
  ReadShreds: { actions: ['dynamodb:GetItem'], on: 'table Conversations', when: ofPartitions('SHREDS') },
  MakeExports: {
    actions: ['s3:PutObject', 's3:AbortMultipartUpload', 's3:DeleteObjectVersion'],
    on: 'bucket Attachments/exports/*',
  },
  FindExports: {
    actions: ['s3:ListBucketVersions'],
    on: 'bucket Attachments',
    when: ofFolders('exports/*'),
  },
  DownloadExports: { actions: ['s3:GetObjectVersion'], on: 'bucket Attachments/exports/*' },
  WatchEmergencies: {
    actions: ['dynamodb:Query', 'dynamodb:UpdateItem'],
    on: 'table Conversations',
    when: ofPartitions('EMERGENCIES'),
  },

  BeginUploads: { actions: ['dynamodb:GetItem', 'dynamodb:PutItem'], on: 'table Conversations' },
  CountUploads: { actions: ['dynamodb:UpdateItem'], on: 'table Conversations', when: ofPartitions('U#*') },
  NoteUploads: {
    actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
    on: 'table Conversations',
  },
  NoteAttachments: { actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'], on: 'table Conversations' },
  ListAttachmentsOver: {
    actions: ['dynamodb:PutItem'],
    on: 'table Conversations',
    when: ofPartitions('OVER'),
  },
  FindAttachmentsOver: { actions: ['dynamodb:Query'], on: 'table Conversations', when: ofPartitions('OVER') },
  ForgetAttachments: { actions: ['dynamodb:DeleteItem'], on: 'table Conversations' },

  ReadPerson: { actions: ['dynamodb:GetItem'], on: 'table People' },
  KeepRequests: {
    actions: ['dynamodb:PutItem', 'dynamodb:DeleteItem'],
    on: 'table People',
    when: ofRequests,
  },
  ReadPeople: { actions: ['dynamodb:BatchGetItem'], on: 'table People' },
  ReadLists: { actions: ['dynamodb:Query'], on: 'table People', when: ofLists },
  MarkOnLists: { actions: ['dynamodb:UpdateItem'], on: 'table People', when: ofLists },
  PutConversationOnLists: { actions: ['dynamodb:PutItem'], on: 'table People', when: ofLists },
  TakeConversationOffLists: { actions: ['dynamodb:DeleteItem'], on: 'table People', when: ofLists },

  ReadDataKeys: { actions: ['dynamodb:GetItem', 'dynamodb:Query'], on: 'table Keys' },
  ReadNamedDataKeys: { actions: ['dynamodb:GetItem'], on: 'table Keys' },
  KeepNewDataKeys: { actions: ['dynamodb:PutItem', 'dynamodb:ConditionCheckItem'], on: 'table Keys' },
  DestroyDataKeys: { actions: ['dynamodb:Scan', 'dynamodb:UpdateItem'], on: 'table Keys' },
  ShredDataKeys: {
    actions: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
    on: 'table Keys',
  },
  AddPerson: { actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem'], on: 'table People', when: ofProfiles },
  ChangePerson: { actions: ['dynamodb:UpdateItem'], on: 'table People', when: ofProfiles },
  LookThroughPeople: { actions: ['dynamodb:Scan'], on: 'table People' },
  KeepQuarterLists: {
    actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:Query'],
    on: 'table People',
    when: ofQuarters,
  },

  UnwrapOrganisationKey: { actions: ['kms:Decrypt'], on: 'key Keys', when: forOrganisationKey },
  MakeOrganisationKey: { actions: ['kms:GenerateDataKey'], on: 'key Keys', when: forOrganisationKey },

  ReadTablesUnderDataKey: { actions: reading, on: 'key Data', when: throughDynamoDb },
  WriteTablesUnderDataKey: { actions: writing, on: 'key Data', when: throughDynamoDb },
  ReadTablesUnderKeysKey: { actions: reading, on: 'key Keys', when: throughDynamoDb },
  KeepSeals: { actions: ['dynamodb:UpdateItem'], on: 'table AuditTrail', when: ofPartitions('SEAL#*') },
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
  RaiseHeads: { actions: ['dynamodb:UpdateItem'], on: 'table Conversations' },
  ParkRecords: { actions: ['sqs:SendMessage'], on: 'queue Parked' },
  EncryptParkedRecords: { actions: ['kms:Decrypt', 'kms:GenerateDataKey'], on: 'key Data', when: throughSqs },

  UploadAttachments: {
    actions: ['s3:PutObject', 's3:ListMultipartUploadParts'],
    on: 'bucket Attachments/files/*',
  },
  CompleteUploads: {
    actions: ['s3:PutObject', 's3:ListMultipartUploadParts', 's3:GetObjectVersion', 's3:DeleteObjectVersion'],
    on: 'bucket Attachments/files/*',
  },
  FindUploaded: { actions: ['s3:ListBucketVersions'], on: 'bucket Attachments', when: ofFolders('files/*') },
  DownloadAttachments: {
    actions: ['s3:GetObjectVersion'],
    on: 'bucket Attachments/files/* and bucket Attachments/previews/*',
  },
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
  ReadAttachments: { actions: ['s3:GetObjectVersion'], on: 'bucket Attachments/files/*' },
  WritePreviews: { actions: ['s3:PutObject'], on: 'bucket Attachments/previews/*' },
  FindPreviews: {
    actions: ['s3:ListBucketVersions'],
    on: 'bucket Attachments',
    when: ofFolders('previews/*'),
  },
  FindAttachments: {
    actions: ['s3:ListBucketVersions'],
    on: 'bucket Attachments',
    when: ofFolders('files/*', 'previews/*'),
  },
  DeleteAttachments: {
    actions: ['s3:DeleteObjectVersion'],
    on: 'bucket Attachments/files/* and bucket Attachments/previews/*',
  },
  FindShredded: {
    actions: ['s3:ListBucketVersions'],
    on: 'bucket Attachments',
    when: ofFolders('files/*', 'previews/*', 'exports/*'),
  },
  DeleteShredded: {
    actions: ['s3:DeleteObjectVersion'],
    on: 'bucket Attachments/files/* and bucket Attachments/previews/* and bucket Attachments/exports/*',
  },
  FindUploads: {
    actions: ['s3:ListBucketMultipartUploads'],
    on: 'bucket Attachments',
  },
  AbortUploads: { actions: ['s3:AbortMultipartUpload'], on: 'bucket Attachments/files/*' },
  EncryptAttachments: { actions: ['kms:GenerateDataKey'], on: 'key Data', when: throughS3 },
  DecryptAttachments: { actions: ['kms:Decrypt'], on: 'key Data', when: throughS3 },

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
  ...backupAbilities('Backups', 'key Data', ['Conversations', 'People', 'Sessions']),
  ...backupAbilities('KeyBackups', 'key Keys', ['Keys']),
  ...backupAbilities('AuditBackups', 'key Audit', ['AuditTrail']),
  ...attachmentBackups,
  ...scannerAbilities,
};

const recording = ['RecordDecisions', 'ReadTablesUnderAuditKey', 'WriteTablesUnderAuditKey'];
const admitted = [
  ...recording,
  'WriteOwnLog',
  'AdmitCaller',
  'ReadTablesUnderDataKey',
  'WriteTablesUnderDataKey',
];
const openingByName = ['ReadNamedDataKeys', 'ReadTablesUnderKeysKey', 'UnwrapOrganisationKey'];
const opening = ['ReadDataKeys', 'ReadTablesUnderKeysKey', 'UnwrapOrganisationKey'];
const sealing = [...opening, 'KeepNewDataKeys', 'WriteTablesUnderKeysKey', 'MakeOrganisationKey'];

const deletingAttachments = ['FindAttachments', 'DeleteAttachments', 'FindUploads', 'AbortUploads'];

const endingSessions = [
  'EndSessions',
  'ReadPerson',
  'SignOutEverywhere',
  'SignReceipts',
  'PushToSockets',
  'CloseSockets',
];

/** Which role has which abilities, by the construct path of its policy. */
export const holders: Readonly<Record<string, readonly string[]>> = {
  'SignIn/AddClaims/Policy': ['WriteOwnLog', 'ReadPerson', 'ReadTablesUnderDataKey'],
  'Authorize/Policy': [...recording, 'WriteOwnLog', 'ReadSession', 'ReadTablesUnderDataKey'],
  'Connect/Policy': ['WriteOwnLog'],
  'RecordGatewayRefusals/Policy': [...recording, 'WriteOwnLog'],
  'Disconnect/Policy': [
    ...recording,
    'WriteOwnLog',
    'ForgetSocket',
    'ReadTablesUnderDataKey',
    'WriteTablesUnderDataKey',
  ],
  'OpenSession/Policy': admitted,
  'RenewSession/Policy': admitted,
  'KeepSession/Policy': admitted,
  'SweepSessions/Policy': [
    'WriteOwnLog',
    'LookThroughSessions',
    'ReadSession',
    'ForgetSocket',
    'ReadTablesUnderDataKey',
    'WriteTablesUnderDataKey',
    'PushToSockets',
    'CloseSockets',
  ],
  'UnknownFrame/Policy': admitted,
  'SendMessage/Policy': [
    ...admitted,
    'FindSocketsOfMembers',
    'ReadConversations',
    'AppendToConversations',
    'ReadPeople',
    ...sealing,
    'PushToSockets',
  ],
  'CatchUp/Policy': [...admitted, 'ReadConversations', ...opening, 'AssumeAsPersonCatchUp'],
  'AsPersonCatchUp/Policy': openingByName,
  'Sync/Policy': [...admitted, 'ReadLists', 'ReadConversations', 'ReadManyHeads', ...opening],
  'MarkRead/Policy': [...admitted, 'ReadConversations', 'MarkOnLists', 'PushToSockets'],
  'ListConversations/Policy': [...admitted, 'ReadLists', 'ReadConversations', 'ReadManyHeads', ...opening],
  'ReadMessages/Policy': [...admitted, 'ReadConversations', ...opening, 'AssumeAsPersonRead'],
  'AsPersonRead/Policy': openingByName,
  'CreateConversation/Policy': [
    ...admitted,
    'BeginConversations',
    'ReadHolds',
    'ReadPeople',
    'PutConversationOnLists',
    ...sealing,
  ],
  'ChangeMembers/Policy': [
    ...admitted,
    'FindSocketsOfMembers',
    'ReadConversations',
    'AppendToConversations',
    'CheckHolds',
    'ReadPeople',
    'PutConversationOnLists',
    'TakeConversationOffLists',
    'PushToSockets',
  ],
  'EndGrants/Policy': [
    'WriteOwnLog',
    'ForgetSocket',
    'FindSocketsOfMembers',
    'ReadTablesUnderDataKey',
    'WriteTablesUnderDataKey',
    'ReadConversations',
    'AppendToConversations',
    'CheckHolds',
    'ForgetEnds',
    'TakeConversationOffLists',
    'PushToSockets',
  ],
  'OpenEmergency/Policy': [
    ...admitted,
    'ReadPeople',
    'FindSocketsOfMembers',
    'LookThroughSessions',
    'ReadConversations',
    'AppendToConversations',
    ...sealing,
    'PushToSockets',
  ],
  'ReviewEmergencies/Policy': [...admitted, 'ReviewEmergencies', ...sealing],
  'WatchEmergencies/Policy': [
    'WriteOwnLog',
    'LookThroughSessions',
    'ForgetSocket',
    'ReadTablesUnderDataKey',
    'WriteTablesUnderDataKey',
    'WatchEmergencies',
    'PushToSockets',
  ],
  'RestrictPatients/Policy': [...admitted, 'ReadPeople', 'RestrictPatients'],
  'AskAmendments/Policy': [...admitted, 'ReadConversations', 'AskForAmendments', ...sealing],
  'DecideAmendments/Policy': [
    ...admitted,
    'FindSocketsOfMembers',
    'ReadConversations',
    'AppendToConversations',
    ...sealing,
    'PushToSockets',
  ],
  'ExportPatients/Policy': [
    ...admitted,
    'ReadPerson',
    'KeepRequests',
    'AskForExports',
    'ReadPolicy',
    'ReadShreds',
    'AssumeAsPersonExport',
  ],
  'AsPersonExport/Policy': ['DownloadExports', 'DecryptAttachments'],
  'BuildExports/Policy': [
    'WriteOwnLog',
    'ReadTablesUnderDataKey',
    'WriteTablesUnderDataKey',
    'ReadConversations',
    'NoteExports',
    'ReadPerson',
    'ReadLists',
    ...opening,
    'ReadAttachments',
    'MakeExports',
    'FindExports',
    'EncryptAttachments',
    'DecryptAttachments',
  ],
  'RevokeSession/Policy': [
    ...admitted,
    'EndSessions',
    'ReadPerson',
    'SignOutEverywhere',
    'SignReceipts',
    'PushToSockets',
    'CloseSockets',
  ],
  'ShredConversation/Policy': [
    ...admitted,
    'ReadPerson',
    'KeepRequests',
    'MarkShredded',
    'ListExports',
    'ReadHolds',
    'CheckHolds',
    'ShredDataKeys',
    'ReadTablesUnderKeysKey',
    'WriteTablesUnderKeysKey',
    'SignReceipts',
    'FindShredded',
    'DeleteShredded',
    'FindUploads',
    'AbortUploads',
  ],
  'DestroyKeys/Policy': [
    'WriteOwnLog',
    'DestroyDataKeys',
    ...sealing,
    'SealTitlesAnew',
    'ReadHolds',
    'CheckHeads',
    'ReadTablesUnderDataKey',
    'WriteTablesUnderDataKey',
    'ParkRecords',
    'EncryptParkedRecords',
  ],
  'ChangeRetention/Policy': [...admitted, 'SetRetention', 'ReadPerson', 'KeepRequests'],
  'KeepHolds/Policy': [...admitted, 'FindHeads', 'KeepHolds', 'ReadPeople', 'ReadPerson', 'KeepRequests'],
  'Restamp/Policy': [
    'WriteOwnLog',
    'ReadTablesUnderDataKey',
    'WriteTablesUnderDataKey',
    'RestampConversations',
    'ReadHolds',
    'SettleHolds',
  ],
  'CreatePerson/Policy': [...admitted, 'ReadPeople', 'AddPerson', 'CreateUsers'],
  'ChangePerson/Policy': [
    ...admitted,
    ...endingSessions,
    'ReadPeople',
    'ChangePerson',
    'DisableUsers',
    'EnableUsers',
  ],
  'ListSessions/Policy': [...admitted, 'ReadPerson'],
  'Recertify/Policy': [
    ...admitted,
    ...endingSessions,
    'ChangePerson',
    'LookThroughPeople',
    'KeepQuarterLists',
    'DisableUsers',
  ],
  'ShowMe/Policy': admitted,
  'RaiseHeads/Policy': [
    'WriteOwnLog',
    'ReadStream',
    'ListStreams',
    'ReadTablesUnderDataKey',
    'ParkRecords',
    'EncryptParkedRecords',
    'RaiseHeads',
    'ListAttachmentsOver',
    'WriteTablesUnderDataKey',
  ],
  'UploadAttachment/Policy': [
    ...admitted,
    'BeginUploads',
    'CountUploads',
    'UploadAttachments',
    'EncryptAttachments',
    'DecryptAttachments',
  ],
  'CompleteUpload/Policy': [
    ...admitted,
    'NoteUploads',
    'CompleteUploads',
    'FindUploaded',
    'DecryptAttachments',
  ],
  'DownloadAttachment/Policy': [...admitted, 'ReadConversations', 'AssumeAsPersonDownload'],
  'AsPersonDownload/Policy': ['DownloadAttachments', 'DecryptAttachments'],
  'RecordScan/Policy': [
    ...recording,
    'WriteOwnLog',
    'ForgetSocket',
    'FindSocketsOfMembers',
    'ReadTablesUnderDataKey',
    'WriteTablesUnderDataKey',
    'NoteAttachments',
    'ParkRecords',
    'EncryptParkedRecords',
    'PushToSockets',
  ],
  'MakePreview/Policy': [
    'WriteOwnLog',
    'ReadTablesUnderDataKey',
    'WriteTablesUnderDataKey',
    'NoteAttachments',
    'ListAttachmentsOver',
    'ReadAttachments',
    'WritePreviews',
    'FindPreviews',
    'EncryptAttachments',
    'DecryptAttachments',
    'ParkRecords',
    'EncryptParkedRecords',
  ],
  'DeleteAttachments/Policy': [
    'WriteOwnLog',
    'FindAttachmentsOver',
    'ForgetAttachments',
    'ReadTablesUnderDataKey',
    'WriteTablesUnderDataKey',
    ...deletingAttachments,
  ],
  'SealRecords/Policy': [
    'WriteOwnLog',
    'ReadTrailStream',
    'ReadStream',
    'ListStreams',
    'ReadTablesUnderDataKey',
    'ReadTablesUnderAuditKey',
    'WriteTablesUnderAuditKey',
    'KeepSeals',
    'WriteSealedRecords',
    'ReadSealedRecords',
    'MissSealedRecords',
    'EncryptSealedRecords',
    'DecryptSealedRecords',
    'SignReceipts',
    'ParkRecords',
    'EncryptParkedRecords',
  ],
  'GatewayLogRole/Policy': ['WriteGatewayLogs'],
  'CloudTrail/Policy': ['WriteTrailLog'],
  'Backups/Policy': Object.keys({
    ...backupAbilities('Backups', 'key Data', ['Conversations', 'People', 'Sessions']),
    ...attachmentBackups,
  }),
  'Attachments/Scanner/Policy': Object.keys(scannerAbilities),
  'KeyBackups/Policy': Object.keys(backupAbilities('KeyBackups', 'key Keys', ['Keys'])),
  'AuditBackups/Policy': Object.keys(backupAbilities('AuditBackups', 'key Audit', ['AuditTrail'])),
};

const keys = ['KEYS_TABLE', 'ORGANISATION_KEY_ARN'];
/** When sign-ins end by themselves goes with the table that says when they began. */
const sessionTimes = ['SESSIONS_TABLE', 'IDLE_MINUTES', 'SIGN_IN_HOURS'];
/** Who admits callers records what was decided about them. */
const sessions = [...sessionTimes, 'AUDIT_TRAIL_TABLE'];
const bucket = ['ATTACHMENTS_BUCKET', 'ATTACHMENTS_KEY_ARN'];
const verifying = ['USER_POOL_ID', 'USER_POOL_CLIENT_ID'];

const ending = ['PEOPLE_TABLE', 'USER_POOL_ID', 'SIGNING_KEY_ARN', 'SOCKET_CALLBACK_URL'];

/** Which function is told which environment variables. */
export const told: Readonly<Record<string, readonly string[]>> = {
  'SignIn/AddClaims/Function': ['PEOPLE_TABLE'],
  'Authorize/Function': [...sessions, 'ALLOWED_ORIGINS', ...verifying],
  'Connect/Function': [],
  'RecordGatewayRefusals/Function': ['AUDIT_TRAIL_TABLE'],
  'Disconnect/Function': [...sessions],
  'OpenSession/Function': [...sessions],
  'RenewSession/Function': [...sessions, ...verifying],
  'UnknownFrame/Function': [...sessions],
  'KeepSession/Function': [...sessions],
  'SweepSessions/Function': [...sessionTimes, 'SOCKET_CALLBACK_URL'],
  'EndGrants/Function': [
    'RETENTION_DAYS',
    ...sessionTimes,
    'PEOPLE_TABLE',
    'CONVERSATIONS_TABLE',
    'SOCKET_CALLBACK_URL',
  ],
  'SendMessage/Function': [
    'RETENTION_DAYS',
    ...sessions,
    'SOCKET_CALLBACK_URL',
    'CONVERSATIONS_TABLE',
    'PEOPLE_TABLE',
    ...keys,
  ],
  'CatchUp/Function': ['RETENTION_DAYS', ...sessions, 'CONVERSATIONS_TABLE', 'EMERGENCY_ROLE_ARN', ...keys],
  'Sync/Function': ['RETENTION_DAYS', ...sessions, 'PEOPLE_TABLE', 'CONVERSATIONS_TABLE', ...keys],
  'MarkRead/Function': [...sessions, 'PEOPLE_TABLE', 'CONVERSATIONS_TABLE', 'SOCKET_CALLBACK_URL'],
  'ListConversations/Function': [
    'RETENTION_DAYS',
    ...sessions,
    'PEOPLE_TABLE',
    'CONVERSATIONS_TABLE',
    ...keys,
  ],
  'ReadMessages/Function': [
    'RETENTION_DAYS',
    ...sessions,
    'CONVERSATIONS_TABLE',
    'EMERGENCY_ROLE_ARN',
    ...keys,
  ],
  'CreateConversation/Function': [
    'RETENTION_DAYS',
    ...sessions,
    'PEOPLE_TABLE',
    'CONVERSATIONS_TABLE',
    ...keys,
  ],
  'ChangeMembers/Function': [
    'RETENTION_DAYS',
    ...sessions,
    'PEOPLE_TABLE',
    'CONVERSATIONS_TABLE',
    'SOCKET_CALLBACK_URL',
  ],
  'OpenEmergency/Function': [
    'RETENTION_DAYS',
    'PEOPLE_TABLE',
    ...sessions,
    'CONVERSATIONS_TABLE',
    ...keys,
    'EMERGENCY_EXCLUDED_SITES',
    'SOCKET_CALLBACK_URL',
  ],
  'ReviewEmergencies/Function': [...sessions, 'CONVERSATIONS_TABLE', ...keys],
  'WatchEmergencies/Function': [...sessionTimes, 'CONVERSATIONS_TABLE', 'SOCKET_CALLBACK_URL'],
  'RestrictPatients/Function': [...sessions, 'PEOPLE_TABLE'],
  'AskAmendments/Function': ['RETENTION_DAYS', ...sessions, 'CONVERSATIONS_TABLE', ...keys],
  'DecideAmendments/Function': [
    'RETENTION_DAYS',
    ...sessions,
    'CONVERSATIONS_TABLE',
    ...keys,
    'SOCKET_CALLBACK_URL',
  ],
  'ExportPatients/Function': [
    ...sessions,
    'PEOPLE_TABLE',
    'CONVERSATIONS_TABLE',
    'RETENTION_DAYS',
    'EXPORT_ROLE_ARN',
    ...bucket,
  ],
  'BuildExports/Function': ['RETENTION_DAYS', 'CONVERSATIONS_TABLE', 'PEOPLE_TABLE', ...keys, ...bucket],
  'RevokeSession/Function': [
    ...sessions,
    'PEOPLE_TABLE',
    'USER_POOL_ID',
    'SIGNING_KEY_ARN',
    'SOCKET_CALLBACK_URL',
  ],
  'ShredConversation/Function': [
    ...sessions,
    'PEOPLE_TABLE',
    'CONVERSATIONS_TABLE',
    'KEYS_TABLE',
    'KEYS_RECOVERY_DAYS',
    'SIGNING_KEY_ARN',
    'ATTACHMENTS_BUCKET',
    'BACKUP_DAYS',
  ],
  'DestroyKeys/Function': ['RETENTION_DAYS', 'CONVERSATIONS_TABLE', ...keys],
  'ShowMe/Function': [...sessions],
  'ChangeRetention/Function': ['RETENTION_DAYS', ...sessions, 'CONVERSATIONS_TABLE', 'PEOPLE_TABLE'],
  'KeepHolds/Function': [...sessions, 'CONVERSATIONS_TABLE', 'PEOPLE_TABLE'],
  'Restamp/Function': ['RETENTION_DAYS', 'CONVERSATIONS_TABLE'],
  'CreatePerson/Function': [...sessions, 'PEOPLE_TABLE', 'USER_POOL_ID'],
  'ChangePerson/Function': [...sessions, ...ending],
  'ListSessions/Function': [...sessions, 'PEOPLE_TABLE'],
  'Recertify/Function': [...sessions, ...ending],
  'RaiseHeads/Function': ['CONVERSATIONS_TABLE'],
  'UploadAttachment/Function': [...sessions, 'CONVERSATIONS_TABLE', ...bucket, 'UPLOAD_QUOTA'],
  'CompleteUpload/Function': [...sessions, 'CONVERSATIONS_TABLE', ...bucket],
  'DownloadAttachment/Function': [
    'RETENTION_DAYS',
    ...sessions,
    'CONVERSATIONS_TABLE',
    'DOWNLOAD_ROLE_ARN',
    ...bucket,
  ],
  'RecordScan/Function': [...sessionTimes, 'AUDIT_TRAIL_TABLE', 'CONVERSATIONS_TABLE', 'SOCKET_CALLBACK_URL'],
  'MakePreview/Function': ['CONVERSATIONS_TABLE', ...bucket],
  'SealRecords/Function': [
    'AUDIT_TRAIL_TABLE',
    'SEALED_RECORDS_BUCKET',
    'SEALED_RECORDS_KEY_ARN',
    'SIGNING_KEY_ARN',
  ],
  'DeleteAttachments/Function': ['CONVERSATIONS_TABLE', 'ATTACHMENTS_BUCKET'],
};

function backupAbilities(plan: string, key: string, tables: readonly string[]): Record<string, Ability> {
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

interface Statement {
  readonly Sid?: string;
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly Resource?: unknown;
  readonly Condition?: unknown;
}

/** The statements of a policy by their names, each in the words of `abilities`. */
export function heldBy(
  policy: Placed,
  templates: Templates,
): Record<string, Ability & { readonly effect?: string }> {
  const document = policy.Properties.PolicyDocument as
    | { readonly Statement?: readonly Statement[] }
    | undefined;
  return Object.fromEntries(
    (document?.Statement ?? []).map(({ Sid, Effect, Action, Resource, Condition }) => [
      Sid ?? '(no Sid)',
      {
        actions: [Action ?? []].flat(),
        on: nameOf(Resource, policy, templates),
        ...(Condition === undefined ? {} : { when: inWords(Condition) }),
        ...(Effect === 'Allow' ? {} : { effect: String(Effect) }),
      },
    ]),
  );
}

/** A resource by what it is, from the construct path of the resource it names, in whichever stack that stands. */
function nameOf(resource: unknown, policy: Placed, templates: Templates): string {
  if (resource === '*') return 'everything';
  if (Array.isArray(resource)) return resource.map((one) => nameOf(one, policy, templates)).join(' and ');
  const text = inWords(resource);
  const sockets = /:execute-api:.*,"\/(live\/[^"]+)"/.exec(text);
  if (sockets) return `sockets ${sockets[1]}`;

  const [, here, elsewhere] =
    /"Fn::GetAtt":\["(\w+)"|OutputFnGetAtt(\w+?)(?:Stream)?Arn[0-9A-F]{8}"/.exec(text) ?? [];
  const named = find(templates, here ?? elsewhere ?? '');
  const [first, second] = named?.path.split('/') ?? [];
  if (named?.Type === 'AWS::DynamoDB::Table') {
    if (/StreamArn/.test(text)) return `stream of ${first}`;
    return `${text.includes('"/backup/*"') ? 'backups of ' : ''}table ${first}`;
  }
  if (named?.Type === 'AWS::S3::Bucket') {
    const [, objects = ''] = /,"(\/[^"]+)"\]\]\}$/.exec(text) ?? [];
    return `bucket ${first}${objects}`;
  }
  if (named?.Type === 'AWS::KMS::Key') return `key ${second}`;
  if (named?.Type === 'AWS::Cognito::UserPool') return 'user pool';
  if (named?.Type === 'AWS::SQS::Queue') return `queue ${first}`;
  if (named?.Type === 'AWS::Backup::BackupVault') return `vault ${first}`;
  const isOwnLog = named?.Type === 'AWS::Logs::LogGroup' && named.stack === policy.stack;
  if (isOwnLog && target(resource) === named.id && named.path === policy.path.replace(/Policy$/, 'Log'))
    return 'own log';
  return plainArn(resource) ?? text;
}

/** An ARN of nothing in the templates, where nothing stands in it but the place of the deployment. */
function plainArn(resource: unknown): string | undefined {
  const [, parts] = /^\{"Fn::Join":\["",\[(.*)\]\]\}$/.exec(JSON.stringify(resource)) ?? [];
  const spelt = parts
    ?.replaceAll('{"Ref":"AWS::Partition"}', '"<partition>"')
    .replaceAll('{"Ref":"AWS::Region"}', '"<region>"')
    .replaceAll('{"Ref":"AWS::AccountId"}', '"<account>"');
  return spelt === undefined || spelt.includes('{') ? undefined : JSON.parse(`[${spelt}]`).join('');
}

function inWords(value: unknown): string {
  return JSON.stringify(value ?? null)
    .replaceAll('{"Ref":"AWS::Region"}', '"<region>"')
    .replaceAll(/\{"Fn::Join":\["",\["([^"]*)","<region>","([^"]*)"\]\]\}/g, '"$1<region>$2"');
}
