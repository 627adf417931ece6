/** One violation: a resource more, or every resource of a type spoiled. */
export interface Plant {
  /** Where; in every stack where it is absent. */
  readonly stack?: 'Data' | 'Audit' | 'Messaging';
  readonly type?: string;
  readonly spoil?: (properties: Spoiled, resource: Spoiled) => void;
  readonly resource?: { readonly Type: string; readonly Properties?: Record<string, unknown> };
}

// biome-ignore lint/suspicious/noExplicitAny: a template is changed by hand here, wherever its properties lie
type Spoiled = any;

const table = 'AWS::DynamoDB::Table';
const bucket = 'AWS::S3::Bucket';
const key = 'AWS::KMS::Key';
const pool = 'AWS::Cognito::UserPool';
const client = 'AWS::Cognito::UserPoolClient';
const stage = 'AWS::ApiGatewayV2::Stage';
const door = 'AWS::Lambda::Function';

const bareTable = { stack: 'Data', resource: { Type: table } } as const;

/** For each rule of the pack what it must notice. */
export const plants: Readonly<Record<string, Plant>> = {
  'tables-encrypted': {
    type: table,
    spoil: (table) => {
      table.SSESpecification.KMSMasterKeyId = 'alias/aws/dynamodb';
    },
  },
  'tables-recoverable': {
    type: table,
    spoil: (table) => {
      table.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled = false;
    },
  },
  'tables-kept': {
    type: table,
    spoil: (_table, resource) => {
      resource.DeletionPolicy = 'Delete';
    },
  },
  'tables-expire': bareTable,
  'stores-backed-up': bareTable,
  'backups-within-48-hours': {
    type: 'AWS::Backup::BackupPlan',
    spoil: (plan) => {
      plan.BackupPlan.BackupPlanRule[0].ScheduleExpression = 'cron(0 5 ? * SUN *)';
    },
  },
  'vaults-encrypted': {
    type: 'AWS::Backup::BackupVault',
    spoil: (vault) => {
      delete vault.LockConfiguration;
    },
  },
  'buckets-encrypted': {
    type: bucket,
    spoil: (bucket) => {
      bucket.BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.SSEAlgorithm =
        'AES256';
    },
  },
  'buckets-closed': {
    type: bucket,
    spoil: (bucket) => {
      bucket.PublicAccessBlockConfiguration.BlockPublicPolicy = false;
    },
  },
  'queues-and-topics-encrypted': { stack: 'Data', resource: { Type: 'AWS::SNS::Topic' } },
  'logs-encrypted': { stack: 'Messaging', resource: { Type: 'AWS::Logs::LogGroup' } },
  'logs-kept-six-years': {
    type: 'AWS::Logs::LogGroup',
    spoil: (group) => {
      group.RetentionInDays = 365;
    },
  },
  'no-key-of-aws': {
    stack: 'Data',
    resource: { Type: 'AWS::SQS::Queue', Properties: { KmsMasterKeyId: 'alias/aws/sqs' } },
  },
  'keys-rotate': {
    type: key,
    spoil: (key) => {
      delete key.EnableKeyRotation;
    },
  },
  'keys-refuse-deletion': {
    type: key,
    spoil: (key) => {
      key.KeyPolicy.Statement = key.KeyPolicy.Statement.filter(
        ({ Action }: { Action: string }) => Action !== 'kms:ScheduleKeyDeletion',
      );
    },
  },
  'signing-key-is-ours-alone': {
    type: key,
    spoil: (key) => {
      if (key.KeySpec) key.KeySpec = 'RSA_2048';
    },
  },
  'tables-recover-no-longer-than-keys': {
    type: table,
    spoil: (table) => {
      delete table.PointInTimeRecoverySpecification.RecoveryPeriodInDays;
    },
  },
  'mfa-on': {
    type: pool,
    spoil: (pool) => {
      pool.MfaConfiguration = 'OPTIONAL';
    },
  },
  'accounts-by-administrators': {
    type: pool,
    spoil: (pool) => {
      pool.AdminCreateUserConfig.AllowAdminCreateUserOnly = false;
    },
  },
  'accounts-kept': {
    type: pool,
    spoil: (pool) => {
      pool.DeletionProtection = 'INACTIVE';
    },
  },
  'passwords-strong': {
    type: pool,
    spoil: (pool) => {
      pool.Policies.PasswordPolicy.MinimumLength = 8;
    },
  },
  'password-never-sent': {
    type: client,
    spoil: (client) => {
      client.ExplicitAuthFlows.push('ALLOW_USER_PASSWORD_AUTH');
    },
  },
  'tokens-short': {
    type: client,
    spoil: (client) => {
      client.TokenValidityUnits.AccessToken = 'hours';
    },
  },
  'idle-people-signed-out': {
    type: door,
    spoil: ({ Environment }) => {
      if (Environment?.Variables?.IDLE_MINUTES) Environment.Variables.IDLE_MINUTES = '{"default":720}';
    },
  },
  'sockets-authorized': {
    type: 'AWS::ApiGatewayV2::Route',
    spoil: (route) => {
      if (route.RouteKey === '$connect') route.AuthorizationType = 'NONE';
    },
  },
  'requests-authorized': {
    type: 'AWS::ApiGatewayV2::Route',
    spoil: (route) => {
      if (route.RouteKey === 'GET /me') delete route.AuthorizationScopes;
    },
  },
  'requests-recorded': {
    type: stage,
    spoil: (stage) => {
      stage.AccessLogSettings.Format = '{"token":"$context.authorizer.claims.sub"}';
    },
  },
  'traffic-limited': {
    type: stage,
    spoil: (stage) => {
      delete stage.DefaultRouteSettings.ThrottlingRateLimit;
    },
  },
  'tls-only': {
    type: 'AWS::S3::BucketPolicy',
    spoil: (policy) => {
      policy.PolicyDocument.Statement.shift();
    },
  },
  'files-scanned': {
    type: 'AWS::GuardDuty::MalwareProtectionPlan',
    spoil: (plan) => {
      plan.Actions.Tagging.Status = 'DISABLED';
    },
  },
  'no-other-way-in': { stack: 'Messaging', resource: { Type: 'AWS::Lambda::Url' } },
  'no-wildcard-permission': {
    stack: 'Messaging',
    resource: {
      Type: 'AWS::IAM::ManagedPolicy',
      Properties: {
        PolicyDocument: { Statement: [{ Effect: 'Allow', Action: ['dynamodb:*'], Resource: '*' }] },
      },
    },
  },
  'functions-bounded': {
    type: 'AWS::IAM::Role',
    spoil: (role) => {
      delete role.PermissionsBoundary;
    },
  },
  'one-role-a-function': {
    stack: 'Messaging',
    type: door,
    spoil: (door) => {
      door.Role = { 'Fn::GetAtt': ['AuthorizeRoleAF3686BC', 'Arn'] };
    },
  },
  'services-eligible': { stack: 'Messaging', resource: { Type: 'AWS::Pinpoint::App' } },
  'holdings-declared': bareTable,
  'records-locked': {
    stack: 'Audit',
    type: bucket,
    spoil: (bucket) => {
      delete bucket.ObjectLockConfiguration;
    },
  },
  'trail-on': {
    type: 'AWS::CloudTrail::Trail',
    spoil: (trail) => {
      trail.IsMultiRegionTrail = false;
    },
  },
  'trail-of-data': {
    type: 'AWS::CloudTrail::Trail',
    spoil: (trail) => {
      delete trail.AdvancedEventSelectors;
    },
  },
  'trail-watched': {
    stack: 'Audit',
    type: 'AWS::Events::Rule',
    spoil: (rule) => {
      rule.EventPattern = { source: ['aws.nothing'] };
    },
  },
  'audit-table-append-only': {
    stack: 'Messaging',
    type: 'AWS::IAM::ManagedPolicy',
    spoil: ({ PolicyDocument }) => {
      for (const statement of PolicyDocument.Statement)
        if (statement.Sid === 'RecordDecisions')
          statement.Action = ['dynamodb:PutItem', 'dynamodb:DeleteItem'];
    },
  },
};
