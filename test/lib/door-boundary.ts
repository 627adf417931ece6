/** The permissions boundary that each door must have, word for word. */
export function doorBoundary(): object {
  return {
    Version: '2012-10-17',
    Statement: [
      may('UseTables', dynamodb, ofStacks('dynamodb', 'table/')),
      may('ListStreams', 'dynamodb:ListStreams', '*'),
      may('UseQueues', sqs, ofStacks('sqs', '')),
      may('WriteLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], ofStacks('logs', 'log-group:')),
      may('UseKeys', kms, place('kms', 'key/*')),
      may('ReachSockets', 'execute-api:ManageConnections', place('execute-api', '*/@connections/*')),
      may('KeepPeople', cognito, place('cognito-idp', 'userpool/*')),
      may('KeepAttachments', s3, buckets),
      may('ActForPersons', ['sts:AssumeRole', 'sts:SetSourceIdentity'], personRoles),
      may('KeepSealedRecords', ['s3:GetObject', 's3:ListBucket', 's3:PutObject'], lockedBuckets),
      never('RefuseIdentities', ['iam:*', 'organizations:*', 'account:*']),
      { Action: 'sts:*', Effect: 'Deny', NotResource: personRoles, Sid: 'RefuseOtherRoles' },
      never('RefuseKeyAdministration', keyAdministration),
      never('RefuseTableAdministration', tableAdministration),
      never('RefuseToActForPeople', actingForPeople),
      never('RefuseBucketAdministration', bucketAdministration),
      never('RefuseToScan', 'guardduty:*'),
      never('RefuseToBlind', watching),
    ],
  };
}

const dynamodb = [
  'dynamodb:BatchGetItem',
  'dynamodb:BatchWriteItem',
  'dynamodb:ConditionCheckItem',
  'dynamodb:DeleteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:Scan',
  'dynamodb:UpdateItem',
  'dynamodb:DescribeStream',
  'dynamodb:GetRecords',
  'dynamodb:GetShardIterator',
];
const sqs = [
  'sqs:ChangeMessageVisibility',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:ReceiveMessage',
  'sqs:SendMessage',
];
const kms = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GetPublicKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:Sign',
  'kms:Verify',
];
const cognito = [
  'cognito-idp:AdminCreateUser',
  'cognito-idp:AdminDisableUser',
  'cognito-idp:AdminEnableUser',
  'cognito-idp:AdminGetUser',
  'cognito-idp:AdminUserGlobalSignOut',
];
const s3 = [
  's3:AbortMultipartUpload',
  's3:DeleteObject',
  's3:DeleteObjectVersion',
  's3:GetObject',
  's3:GetObjectVersion',
  's3:ListBucketMultipartUploads',
  's3:ListBucketVersions',
  's3:ListMultipartUploadParts',
  's3:PutObject',
];
const keyAdministration = [
  'kms:Create*',
  'kms:Delete*',
  'kms:Disable*',
  'kms:Import*',
  'kms:Put*',
  'kms:Replicate*',
  'kms:Schedule*',
  'kms:Update*',
];
const tableAdministration = [
  'dynamodb:CreateBackup',
  'dynamodb:DeleteBackup',
  'dynamodb:DeleteTable',
  'dynamodb:Export*',
  'dynamodb:PartiQL*',
  'dynamodb:PutResourcePolicy',
  'dynamodb:Restore*',
  'dynamodb:UpdateContinuousBackups',
  'dynamodb:UpdateTable*',
  'dynamodb:UpdateTimeToLive',
];
const actingForPeople = [
  'cognito-idp:AdminInitiateAuth',
  'cognito-idp:AdminLinkProviderForUser',
  'cognito-idp:AdminRespondToAuthChallenge',
  'cognito-idp:AdminSetUser*',
  'cognito-idp:CreateIdentityProvider',
  'cognito-idp:DeleteUserPool',
  'cognito-idp:SetUserPool*',
  'cognito-idp:UpdateUserPool*',
];
const bucketAdministration = [
  's3:BypassGovernanceRetention',
  's3:CreateBucket',
  's3:*AccessPoint*',
  's3:DeleteBucket*',
  's3:PutBucket*',
  's3:Put*Configuration',
  's3:PutAccountPublicAccessBlock',
  's3:PutObject*Acl',
  's3:PutObject*Tagging',
  's3:DeleteObject*Tagging',
  's3:ReplicateObject',
];

const watching = [
  'logs:Associate*',
  'logs:Delete*',
  'logs:Disassociate*',
  'logs:Put*Filter',
  'logs:Put*Policy',
  'cloudtrail:*',
  'cloudwatch:*',
  'events:*',
  'sns:*',
];

function may(Sid: string, Action: string | string[], Resource: unknown): object {
  return { Action, Effect: 'Allow', Resource, Sid };
}

function never(Sid: string, Action: string | string[]): object {
  return { Action, Effect: 'Deny', Resource: '*', Sid };
}

const personRoles = {
  'Fn::Join': [
    '',
    [
      ...['arn:', { Ref: 'AWS::Partition' }, ':iam::', { Ref: 'AWS::AccountId' }],
      ':role/Wardline-Messaging-AsPerson*',
    ],
  ],
};
const buckets = bucketsOf('data');
const lockedBuckets = bucketsOf('audit');

function bucketsOf(stack: string): object {
  return { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:s3:::wardline-${stack}-*`]] };
}

function ofStacks(service: string, prefix: string): object[] {
  return ['Data', 'Audit', 'Messaging'].map((stack) => place(service, `${prefix}Wardline-${stack}-*`));
}

function place(service: string, resource: string): object {
  const [partition, region, account] = ['Partition', 'Region', 'AccountId'].map((name) => ({
    Ref: `AWS::${name}`,
  }));
  return {
    'Fn::Join': ['', ['arn:', partition, `:${service}:`, region, ':', account, `:${resource}`]],
  };
}
