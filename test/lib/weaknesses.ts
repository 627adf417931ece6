import { isDeepStrictEqual } from 'node:util';
import {
  find,
  type Placed,
  type Properties,
  resources,
  type Templates,
  target,
} from '../fixtures/template.ts';
import { abilities } from './abilities.ts';
import { toldByAccessLog } from './access-log.ts';
import {
  assumedByScanner,
  bucketPolicyWeaknesses,
  bucketWeaknesses,
  scanWeaknesses,
  whenFoundClean,
  whenScanned,
} from './attachment-weaknesses.ts';
import {
  databaseWeaknesses,
  namedQueryWeaknesses,
  tableWeaknesses,
  workGroupWeaknesses,
} from './audit-tables.ts';
import auditorAccess from './auditor-access.json' with { type: 'json' };
import { doorBoundary } from './door-boundary.ts';
import { holders } from './holders.ts';
import { keyPolicy } from './key-policy.ts';
import { lockedBucketPolicyWeaknesses, lockedBucketWeaknesses } from './locked-bucket-weaknesses.ts';
import { heldBy } from './statements.ts';
import { told } from './told.ts';
import {
  alarmOfTrail,
  deliveringTrail,
  filterWeaknesses,
  ofTrail,
  ruleOfTrail,
  topicPolicyWeaknesses,
  topicWeaknesses,
  trailWeaknesses,
} from './trail-weaknesses.ts';
import { aKeyOfOurs, aNumber, anything, aString, into, type Wish, wants } from './wishes.ts';

/**
 * Everything that makes these templates weaker than promised, one sentence each; none in a good template. One list for the
 * test of the templates and for the test that takes each property away and wants it missed.
 */
export function weaknesses(templates: Templates): string[] {
  return resources(templates).flatMap((resource) => weaknessesOf(resource, templates));
}

/** Those that show in one resource, whatever they do to others. */
export function weaknessesOf(resource: Placed, templates: Templates): string[] {
  const look = looks[resource.Type];
  const found = look ? look(resource, templates) : ['is of a type that nobody looks at'];
  return found.map((what) => `${resource.stack}/${resource.path} (${resource.Type}) ${what}`);
}

type Look = (resource: Placed, templates: Templates) => string[];

const looks: Readonly<Record<string, Look>> = {
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

  'AWS::Athena::WorkGroup': workGroupWeaknesses,
  'AWS::Athena::NamedQuery': namedQueryWeaknesses,
  'AWS::Glue::Database': databaseWeaknesses,
  'AWS::Glue::Table': tableWeaknesses,

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

  'AWS::Cognito::UserPool': (pool) => [
    ...wants(pool.Properties, {
      MfaConfiguration: 'ON',
      EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
      SmsConfiguration: undefined,
      SmsAuthenticationMessage: undefined,
      DeviceConfiguration: undefined,
      AutoVerifiedAttributes: undefined,
      AliasAttributes: undefined,
      'AdminCreateUserConfig.AllowAdminCreateUserOnly': true,
      'AccountRecoverySetting.RecoveryMechanisms': [{ Name: 'admin_only', Priority: 1 }],
      DeletionProtection: 'ACTIVE',
      UserPoolTier: 'ESSENTIALS',
      'UsernameConfiguration.CaseSensitive': false,
      'LambdaConfig.PreTokenGenerationConfig.LambdaVersion': 'V3_0',
      'LambdaConfig.PreTokenGenerationConfig.LambdaArn': anything,
      'Policies.PasswordPolicy.MinimumLength': 14,
      'Policies.PasswordPolicy.RequireLowercase': true,
      'Policies.PasswordPolicy.RequireUppercase': true,
      'Policies.PasswordPolicy.RequireNumbers': true,
      'Policies.PasswordPolicy.RequireSymbols': true,
      'Policies.PasswordPolicy.TemporaryPasswordValidityDays': 3,
      Schema: [
        {
          AttributeDataType: 'String',
          Mutable: false,
          Name: 'person',
          StringAttributeConstraints: { MaxLength: '64', MinLength: '1' },
        },
      ],
    }),
    ...isKept(pool),
  ],
  'AWS::Cognito::UserPoolClient': (client) =>
    wants(client.Properties, {
      UserPoolId: anything,
      ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH'],
      GenerateSecret: false,
      PreventUserExistenceErrors: 'ENABLED',
      EnableTokenRevocation: true,
      'RefreshTokenRotation.Feature': 'ENABLED',
      'RefreshTokenRotation.RetryGracePeriodSeconds': 60,
      AccessTokenValidity: 15,
      IdTokenValidity: 15,
      RefreshTokenValidity: 720,
      AuthSessionValidity: 3,
      TokenValidityUnits: { AccessToken: 'minutes', IdToken: 'minutes', RefreshToken: 'minutes' },
      AllowedOAuthFlowsUserPoolClient: false,
      AllowedOAuthFlows: undefined,
      SupportedIdentityProviders: ['COGNITO'],
      ReadAttributes: ['custom:person'],
      WriteAttributes: ['locale'], // absent or empty would let users write every standard attribute
    }),

  'AWS::Cognito::UserPoolResourceServer': (server) =>
    wants(server.Properties, {
      UserPoolId: anything,
      Identifier: 'wardline',
      Name: aString,
      Scopes: [
        { ScopeDescription: 'a person who signed in with MFA', ScopeName: 'user' },
        { ScopeDescription: 'a bot that showed its client’s secret', ScopeName: 'bot' },
      ],
    }),
  'AWS::Cognito::UserPoolDomain': (domain) =>
    wants(domain.Properties, {
      UserPoolId: anything,
      Domain: { 'Fn::Join': ['', ['wardline-', { Ref: 'AWS::AccountId' }]] },
      CustomDomainConfig: undefined,
    }),

  'AWS::SQS::Queue': (queue) =>
    wants(queue.Properties, { KmsMasterKeyId: aKeyOfOurs, MessageRetentionPeriod: 1_209_600 }),
  'AWS::SQS::QueuePolicy': (policy) =>
    wants(policy.Properties, {
      'Queues.0': anything,
      'PolicyDocument.Statement.0.Action': 'sqs:*',
      'PolicyDocument.Statement.0.Effect': 'Deny',
      'PolicyDocument.Statement.0.Principal': { AWS: '*' },
      'PolicyDocument.Statement.0.Condition': { Bool: { 'aws:SecureTransport': 'false' } },
      'PolicyDocument.Statement.0.Resource': anything,
      'PolicyDocument.Statement.1.Action': 'sqs:*',
      'PolicyDocument.Statement.1.Effect': 'Deny',
      'PolicyDocument.Statement.1.Principal': { AWS: '*' },
      'PolicyDocument.Statement.1.Condition': {
        StringNotEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } },
        Bool: { 'aws:PrincipalIsAWSService': 'false' },
      },
      'PolicyDocument.Statement.1.Resource': anything,
      'PolicyDocument.Statement.1.Sid': aString,
      'PolicyDocument.Statement.2': undefined, // it refuses plain HTTP and other accounts, and lets nobody in
    }),
  'AWS::Lambda::EventSourceMapping': (mapping) =>
    wants(mapping.Properties, {
      FunctionName: anything,
      EventSourceArn: anything,
      StartingPosition: 'TRIM_HORIZON',
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 20,
      ...feedingOf(mapping),
      'DestinationConfig.OnFailure.Destination': anything,
    }),

  'AWS::Lambda::Function': (door, templates) => [
    ...wants(door.Properties, {
      Architectures: ['arm64'],
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      MemorySize: aNumber,
      Timeout: (seconds) => typeof seconds === 'number' && seconds < longestOf(door, templates),
      Role: anything,
      Code: anything,
      'LoggingConfig.LogGroup': anything,
      VpcConfig: undefined,
      Layers: undefined,
      DeadLetterConfig: undefined,
      ReservedConcurrentExecutions: undefined,
    }),
    ...wrongVariables(door),
  ],
  'AWS::Lambda::EventInvokeConfig': (config) =>
    wants(config.Properties, {
      FunctionName: anything,
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 2,
      'DestinationConfig.OnFailure.Destination': anything,
    }),
  'AWS::CloudTrail::Trail': trailWeaknesses,
  'AWS::SNS::Topic': topicWeaknesses,
  'AWS::SNS::TopicPolicy': topicPolicyWeaknesses,
  'AWS::Logs::MetricFilter': filterWeaknesses,
  'AWS::CloudWatch::Alarm': (alarm) =>
    wants(
      alarm.Properties,
      ofTrail(alarm)
        ? alarmOfTrail(alarm)
        : {
            Namespace: 'Wardline',
            MetricName: alarm.path.split('/')[0],
            'AlarmActions.0': (topic) => /TrailAlarmsTopic/.test(JSON.stringify(topic)),
            'AlarmActions.1': undefined,
            'Dimensions.0': { Name: 'service', Value: 'wardline' },
            'Dimensions.1': undefined,
            Statistic: 'Maximum',
            Period: 300,
            Threshold: 1,
            EvaluationPeriods: 1,
            ComparisonOperator: 'GreaterThanOrEqualToThreshold',
            TreatMissingData: 'notBreaching',
            AlarmDescription: `docs/runbook.md, "${alarm.path.split('/')[0]}"`,
          },
    ),
  'AWS::Events::Rule': (rule) =>
    wants(rule.Properties, {
      ...occasionOf(rule),
      State: 'ENABLED',
      'Targets.0.Arn': anything,
      'Targets.0.Id': anything,
      'Targets.0.Input': undefined,
      'Targets.1': undefined,
    }),
  'AWS::Lambda::Permission': (permission) =>
    wants(permission.Properties, {
      Action: 'lambda:InvokeFunction',
      FunctionName: anything,
      Principal: (service) =>
        ['apigateway', 'cognito-idp', 'events', 'logs'].some((one) => service === `${one}.amazonaws.com`),
      SourceArn: anything,
    }),

  'AWS::Logs::SubscriptionFilter': (filter) =>
    wants(filter.Properties, {
      LogGroupName: (value) => /AccessLog/.test(JSON.stringify(value)),
      DestinationArn: (value) => /RecordGatewayRefusals/.test(JSON.stringify(value)),
      FilterPattern: filter.path.startsWith('SocketRefusals/')
        ? '{ ($.status = "4*") && ($.functionStatus = "-") && ($.status != "403") }'
        : '{ ($.status = "4*") && ($.functionStatus = "-") }',
    }),

  'AWS::IAM::Role': (role, templates) => [
    ...wants(role.Properties, {
      Policies: undefined,
      'AssumeRolePolicyDocument.Statement': isScanner(role)
        ? assumedByScanner
        : isPerson(role)
          ? (given: unknown) => isAssumedForPersons(given, role, templates)
          : [{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: assumerOf(role) } }],
    }),
    ...(ownPolicies(role, templates).length === 1 ? [] : ['has not exactly one policy, of its own stack']),
    ...(isScanner(role) ||
    assumerOf(role) !== 'lambda.amazonaws.com' ||
    /"(DoorBoundary\w+|Wardline-Data:ExportsOutputRefDoorBoundary\w+)"/.test(
      JSON.stringify(role.Properties.PermissionsBoundary ?? null),
    )
      ? []
      : ['is a door’s without the doors’ boundary']),
  ],
  'AWS::IAM::ManagedPolicy': (policy, templates) => {
    if (policy.path === 'DoorBoundary') {
      const { Roles, Users, Groups, PolicyDocument } = policy.Properties;
      if (Roles || Users || Groups) return ['is attached to somebody, whom it would allow all it caps'];
      return isDeepStrictEqual(PolicyDocument, doorBoundary()) ? [] : ['is another boundary'];
    }
    if (policy.path === 'AuditorAccess') {
      const { PolicyDocument } = policy.Properties;
      return isDeepStrictEqual(PolicyDocument, auditorAccess) ? [] : ['gives auditors something else'];
    }
    const held = heldBy(policy, templates);
    const wanted = holders[policy.path] ?? [];
    return [
      ...wanted.filter((name) => !(name in held)).map((name) => `lacks ${name}`),
      ...Object.entries(held).flatMap(([name, ability]) => {
        if (!wanted.includes(name)) return [`may ${name}`];
        return isDeepStrictEqual(ability, abilities[name])
          ? []
          : [`has in ${name} ${JSON.stringify(ability)}`];
      }),
    ];
  },

  'AWS::Logs::LogGroup': (group) => [
    ...wants(group.Properties, { KmsKeyId: aKeyOfOurs, RetentionInDays: 3653 }),
    ...isKept(group),
  ],

  'AWS::ApiGatewayV2::Api': (api) =>
    wants(
      api.Properties,
      api.path.startsWith('SocketApi')
        ? { ProtocolType: 'WEBSOCKET', RouteSelectionExpression: '$request.body.type' }
        : {
            ProtocolType: 'HTTP',
            'CorsConfiguration.AllowOrigins': ['https://app.example.org'],
            'CorsConfiguration.AllowMethods': ['GET', 'POST', 'DELETE'],
            'CorsConfiguration.AllowHeaders': ['authorization', 'content-type', 'wardline-purpose'],
            'CorsConfiguration.AllowCredentials': undefined,
            'CorsConfiguration.MaxAge': 3600,
          },
    ),
  'AWS::ApiGatewayV2::Authorizer': (authorizer) =>
    wants(authorizer.Properties, {
      ApiId: anything,
      ...(authorizer.path.startsWith('SocketApi')
        ? {
            AuthorizerType: 'REQUEST',
            AuthorizerUri: anything,
            IdentitySource: ['route.request.header.Sec-WebSocket-Protocol'],
          }
        : {
            AuthorizerType: 'JWT',
            IdentitySource: ['$request.header.Authorization'],
            'JwtConfiguration.Audience.0': anything,
            'JwtConfiguration.Issuer': anything,
          }),
    }),
  'AWS::ApiGatewayV2::Route': (route, templates) => [
    ...wants(route.Properties, { ApiId: anything, Target: anything, ...routeWants(route.Properties) }),
    ...(answers(route.Properties) && !hasResponse(route, templates) ? ['has no route response'] : []),
  ],
  'AWS::ApiGatewayV2::RouteResponse': (response) =>
    wants(response.Properties, { ApiId: anything, RouteId: anything, RouteResponseKey: '$default' }),
  'AWS::ApiGatewayV2::Integration': (integration) =>
    wants(integration.Properties, {
      ApiId: anything,
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: anything,
      PayloadFormatVersion: integration.path.startsWith('SocketApi') ? undefined : '2.0',
    }),
  'AWS::ApiGatewayV2::Stage': (stage) => [
    ...wants(stage.Properties, {
      ApiId: anything,
      AutoDeploy: true,
      'DefaultRouteSettings.ThrottlingRateLimit': 2000,
      'DefaultRouteSettings.ThrottlingBurstLimit': 2000,
      'AccessLogSettings.DestinationArn': anything,
      'AccessLogSettings.Format': aString,
      ...(stage.path.startsWith('SocketApi')
        ? {
            StageName: 'live',
            'DefaultRouteSettings.LoggingLevel': 'ERROR',
            'DefaultRouteSettings.DataTraceEnabled': false, // true would log message bodies
          }
        : { StageName: '$default' }),
    }),
    ...toldByAccessLog(String(into(stage.Properties.AccessLogSettings, 'Format'))),
  ],
  'AWS::ApiGateway::Account': (account) => wants(account.Properties, { CloudWatchRoleArn: anything }),
};

function occasionOf(rule: Placed): Readonly<Record<string, Wish>> {
  if (ofTrail(rule)) return ruleOfTrail(rule);
  if (rule.path === 'MakePreview/Scanned') return whenFoundClean;
  if (/\/Scanned$/.test(rule.path)) return whenScanned;
  if (rule.path === 'SealRecords/EveryHour') return { ...eachMinute, ScheduleExpression: 'rate(1 hour)' };
  return isDaily(rule) ? daily : eachMinute;
}

/** Which changes a door is told of, and how many at once. */
function feedingOf({ path }: Placed): Readonly<Record<string, Wish>> {
  const inMinutes = { BatchSize: 1000, MaximumBatchingWindowInSeconds: 60 };
  const filters = (...patterns: readonly string[]) => ({
    FilterCriteria: { Filters: patterns.map((Pattern) => ({ Pattern })) },
  });
  if (path === 'SealRecords/TrailStream')
    return { ...inMinutes, ...filters('{"dynamodb":{"Keys":{"pk":{"S":[{"prefix":"P#"}]}}}}') };
  if (path === 'SealRecords/Stream') {
    const entries = '{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"S#"}]}}}}';
    return { ...inMinutes, ...filters(entries) };
  }
  return {
    BatchSize: 100,
    MaximumBatchingWindowInSeconds: 1,
    ...filters(
      '{"eventName":["INSERT","REMOVE"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"S#"}]}}}}',
      '{"eventName":["REMOVE"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"F#"}]}}}}',
    ),
  };
}

/** What is done once a day, and what is looked at each minute. */
const isDaily = ({ path }: Placed) => /^DestroyKeys(Daily)?\//.test(path);
const daily = {
  EventPattern: undefined,
  ScheduleExpression: 'cron(0 3 * * ? *)',
  'Targets.0.RetryPolicy.MaximumEventAgeInSeconds': 21_600,
  'Targets.0.RetryPolicy.MaximumRetryAttempts': 2,
};
const eachMinute = {
  EventPattern: undefined,
  ScheduleExpression: 'rate(1 minute)',
  'Targets.0.RetryPolicy.MaximumRetryAttempts': 0,
};

/** Seconds that a function's run stays below: API Gateway waits 29, and the next minute's run begins after 60. */
function longestOf(door: Placed, templates: Templates): number {
  if (isDaily(door) || door.path.includes('BuildExports')) return 901; // Lambda allows 900; a claim keeps a second run off
  return isScheduled(door, templates) ? 60 : 29;
}

function isKept(resource: Placed): string[] {
  const { DeletionPolicy, UpdateReplacePolicy } = resource;
  return DeletionPolicy === 'Retain' && UpdateReplacePolicy === 'Retain' ? [] : ['goes with its stack'];
}

function sortKey<Part extends object>(table: Placed, part: Part): (Part & { AttributeName: string })[] {
  return table.path.startsWith('Sessions/') ? [] : [{ AttributeName: 'sk', ...part }];
}

const isAttachments = ({ path }: Placed) => path.startsWith('Attachments/');
const isScanner = ({ path }: Placed) => path === 'Attachments/Scanner/Role';

/** Roles that one door assumes for one person each → that door. */
const personRoles: Readonly<Record<string, string>> = {
  'AsPersonCatchUp/Role': 'CatchUp/Role',
  'AsPersonDownload/Role': 'DownloadAttachment/Role',
  'AsPersonExport/Role': 'ExportPatients/Role',
  'AsPersonRead/Role': 'ReadMessages/Role',
};
const isPerson = ({ path }: Placed) => path in personRoles;

/** By its door alone, and only in somebody's name. */
function isAssumedForPersons(given: unknown, role: Placed, templates: Templates): boolean {
  const named = into(into(into(given, '0'), 'Principal'), 'AWS');
  if (find(templates, target(named) ?? '')?.path !== personRoles[role.path]) return false;
  const Condition = { StringLike: { 'sts:SourceIdentity': '*' } };
  return isDeepStrictEqual(
    given,
    ['sts:AssumeRole', 'sts:SetSourceIdentity'].map((Action) => ({
      ...{ Action, Condition, Effect: 'Allow', Principal: { AWS: named } },
    })),
  );
}

function assumerOf(role: Placed): string {
  if (role.path.startsWith('CloudTrail/')) return 'cloudtrail.amazonaws.com';
  if (role.path.startsWith('GatewayLogRole/')) return 'apigateway.amazonaws.com';
  return /^(Key|Audit)?Backups\//.test(role.path) ? 'backup.amazonaws.com' : 'lambda.amazonaws.com';
}

function wrongVariables(door: Placed): string[] {
  const variables = Object.entries(Object(into(door.Properties.Environment, 'Variables')));
  const names = variables.map(([name]) => name).sort();
  const wanted = [...(told[door.path] ?? [])].sort();
  const wrong = variables.filter(([name, value]) => {
    const [, store, kind] = /^([A-Z_]+)_(TABLE|BUCKET)$/.exec(name) ?? [];
    const place = `${store?.replaceAll('_', '')}${kind === 'TABLE' ? 'STORETABLE' : 'BUCKET'}`;
    return store !== undefined && !JSON.stringify(value).toUpperCase().includes(place);
  });
  return [
    ...(isDeepStrictEqual(names, wanted) ? [] : [`is told ${names.join(', ')}`]),
    ...wrong.map(([name]) => `is told another place in ${name}`),
  ];
}

function isScheduled(door: Placed, templates: Templates): boolean {
  return resources(templates, 'AWS::Events::Rule').some(({ Properties }) =>
    JSON.stringify(Properties.Targets).includes(`"${door.id}"`),
  );
}

function ownPolicies(role: Placed, templates: Templates): Placed[] {
  const named = role.Properties.ManagedPolicyArns;
  if (!Array.isArray(named)) return [];
  const own = resources(templates, 'AWS::IAM::ManagedPolicy').filter(({ stack }) => stack === role.stack);
  const found = named.map((one) => own.find(({ id }) => id === target(one)));
  return found.every((one) => one !== undefined) ? found : [];
}

function plansOf(table: Placed, templates: Templates): Placed[] {
  return resources(templates, 'AWS::Backup::BackupSelection').filter(
    (selection) =>
      selection.stack === table.stack &&
      target(into(into(selection.Properties.BackupSelection, 'Resources'), '0')) === table.id,
  );
}

const answers = ({ RouteKey }: Properties) =>
  !['$connect', '$disconnect'].includes(String(RouteKey)) && !isHttp(String(RouteKey));
const isHttp = (routeKey: string) => /^[A-Z]+ \//.test(routeKey);

function routeWants(route: Properties): Readonly<Record<string, Wish>> {
  const key = String(route.RouteKey);
  if (key === '$connect') return { AuthorizationType: 'CUSTOM', AuthorizerId: anything };
  if (key === '$disconnect') return { AuthorizationType: 'NONE' };
  if (isHttp(key))
    return { AuthorizationType: 'JWT', AuthorizerId: anything, AuthorizationScopes: ['wardline/user'] };
  return { RouteKey: aString, AuthorizationType: 'NONE', RouteResponseSelectionExpression: '$default' };
}

function hasResponse(route: Placed, templates: Templates): boolean {
  return resources(templates, 'AWS::ApiGatewayV2::RouteResponse').some(
    (response) => target(response.Properties.RouteId) === route.id,
  );
}
