import { beforeAll, expect, test } from 'vitest';
import { synthesized } from '../fixtures/synth.ts';
import { find, readTemplates, resources, type Templates } from '../fixtures/template.ts';
import { weaknesses, weaknessesOf } from './weaknesses.ts';

let templates: Templates;

beforeAll(async () => {
  templates = readTemplates(await synthesized());
}, 120_000);

test('no resource of any stack is weaker than promised', () => {
  expect(resources(templates).length).toBeGreaterThan(100);
  expect(weaknesses(templates)).toEqual([]);
});

/** What may be absent: names and texts for people, and what a deployment cannot do without anyway. */
const indifferent = new Set([
  'AWS::KMS::Key Description',
  'AWS::Backup::BackupPlan BackupPlan.BackupPlanName',
  'AWS::Backup::BackupPlan BackupPlan.BackupPlanRule.0.RuleName',
  'AWS::Backup::BackupSelection BackupSelection.SelectionName',
  'AWS::Cognito::UserPool EmailVerificationMessage',
  'AWS::Cognito::UserPool EmailVerificationSubject',
  'AWS::Cognito::UserPool SmsVerificationMessage',
  'AWS::Cognito::UserPool VerificationMessageTemplate',
  'AWS::Cognito::UserPool VerificationMessageTemplate.DefaultEmailOption',
  'AWS::Cognito::UserPool VerificationMessageTemplate.EmailMessage',
  'AWS::Cognito::UserPool VerificationMessageTemplate.EmailSubject',
  'AWS::Cognito::UserPool VerificationMessageTemplate.SmsMessage',
  'AWS::Events::Rule Description',
  'AWS::IAM::ManagedPolicy Description',
  'AWS::IAM::ManagedPolicy Path',
  'AWS::IAM::ManagedPolicy PolicyDocument.Version',
  'AWS::IAM::Role AssumeRolePolicyDocument.Version',
  'AWS::IAM::Role Description',
  'AWS::KMS::Key KeyPolicy.Version',
  'AWS::SQS::QueuePolicy PolicyDocument.Version',
  'AWS::S3::Bucket LifecycleConfiguration.Rules.0.Id',
  'AWS::S3::Bucket LifecycleConfiguration.Rules.1.Id',
  'AWS::Lambda::Function Code.S3Bucket',
  'AWS::Lambda::Function Code.S3Key',
  'AWS::Lambda::Function Description',
  'AWS::Logs::LogGroup LogGroupName',
  'AWS::ApiGatewayV2::Api Name',
  'AWS::ApiGatewayV2::Authorizer Name',
  'AWS::Events::Rule Description',
]);

test('whatever property is taken away from a resource, it is missed', () => {
  const unmissed = new Set<string>();
  let taken = 0;
  for (const [stack, template] of Object.entries(templates)) {
    for (const [id, resource] of Object.entries(template.Resources)) {
      for (const path of pathsOf(resource.Properties)) {
        const name = `${resource.Type} ${path.join('.')}`;
        if (indifferent.has(name)) continue;
        const weaker = structuredClone(resource);
        remove(weaker.Properties, path);
        taken += 1;
        const changed = {
          ...templates,
          [stack]: { ...template, Resources: { ...template.Resources, [id]: weaker } },
        };
        const placed = find(changed, id);
        const isMissed =
          (placed && weaknessesOf(placed, changed).length > 0) || weaknesses(changed).length > 0;
        if (!isMissed) unmissed.add(name);
      }
    }
  }
  expect([...unmissed]).toEqual([]);
  expect(taken).toBeGreaterThan(1_500);
  console.log(`hardening: ${taken} properties taken away, each missed`);
}, 120_000);

/** The ways to each property, each property within it, each element of a list, and so on down to plain values. */
function pathsOf(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .filter(([key]) => !/^(Ref|Fn::)/.test(key))
    .flatMap(([key, inner]) => [[key], ...pathsOf(inner).map((path) => [key, ...path])]);
}

function remove(from: unknown, [first, ...rest]: readonly string[]): void {
  if (typeof from !== 'object' || from === null || first === undefined) return;
  if (rest.length > 0) remove(Reflect.get(from, first), rest);
  else if (Array.isArray(from)) from.splice(Number(first), 1);
  else Reflect.deleteProperty(from, first);
}

test.each<[string, string, (properties: Record<string, never>) => void]>([
  ['a token’s claim in an access log', 'AWS::ApiGatewayV2::Stage', logs('$context.authorizer.principalId')],
  ['a path in an access log', 'AWS::ApiGatewayV2::Stage', logs('$context.path')],
  ['a body in an access log', 'AWS::ApiGatewayV2::Stage', logs('$input.body')],
  [
    'message bodies in the execution log',
    'AWS::ApiGatewayV2::Stage',
    sets('DefaultRouteSettings.DataTraceEnabled', true),
  ],
  [
    'every action on a table',
    'AWS::IAM::ManagedPolicy',
    sets('PolicyDocument.Statement.1.Action', 'dynamodb:*'),
  ],
  ['one action on every table', 'AWS::IAM::ManagedPolicy', sets('PolicyDocument.Statement.1.Resource', '*')],
  ['an inline policy', 'AWS::IAM::Role', sets('Policies', [{ PolicyName: 'more' }])],
  [
    'a policy of AWS',
    'AWS::IAM::Role',
    sets('ManagedPolicyArns.1', 'arn:aws:iam::aws:policy/AdministratorAccess'),
  ],
  ['codes by SMS', 'AWS::Cognito::UserPool', sets('EnabledMfas.1', 'SMS_MFA')],
  ['remembered devices', 'AWS::Cognito::UserPool', sets('DeviceConfiguration', {})],
  [
    'passwords sent in the clear',
    'AWS::Cognito::UserPoolClient',
    sets('ExplicitAuthFlows.1', 'ALLOW_USER_PASSWORD_AUTH'),
  ],
  ['names that users may write', 'AWS::Cognito::UserPoolClient', sets('WriteAttributes.1', 'name')],
  ['any web page as a client', 'AWS::ApiGatewayV2::Api', sets('CorsConfiguration.AllowOrigins', ['*'])],
  ['anybody as a caller of a function', 'AWS::Lambda::Permission', sets('Principal', '*')],
  [
    'a data key used outside DynamoDB',
    'AWS::IAM::ManagedPolicy',
    sets('PolicyDocument.Statement.2.Condition', undefined),
  ],
  [
    'any web page at the attachments',
    'AWS::S3::Bucket',
    sets('CorsConfiguration.CorsRules.0.AllowedOrigins', ['*']),
  ],
  [
    'attachments that end by themselves',
    'AWS::S3::Bucket',
    sets('LifecycleConfiguration.Rules.0.ExpirationInDays', 30),
  ],
  [
    'sealed records that governance could delete',
    'AWS::S3::Bucket',
    sets('ObjectLockConfiguration.Rule.DefaultRetention.Mode', 'GOVERNANCE'),
  ],
  [
    'sealed records for a year alone',
    'AWS::S3::Bucket',
    sets('ObjectLockConfiguration.Rule.DefaultRetention.Days', 365),
  ],
  [
    'a copy of the attachments',
    'AWS::S3::Bucket',
    sets('ReplicationConfiguration', { Role: 'r', Rules: [] }),
  ],
  [
    'one more reader of what was not scanned',
    'AWS::S3::BucketPolicy',
    sets('PolicyDocument.Statement.9.Condition.ArnNotLike.aws:PrincipalArn', ['arn:aws:iam::1:role/*']),
  ],
  [
    'one more who deletes what is held',
    'AWS::S3::BucketPolicy',
    sets('PolicyDocument.Statement.13.Condition.ArnNotLike.aws:PrincipalArn', ['arn:aws:iam::1:role/*']),
  ],
  [
    'a bucket policy that lets somebody in',
    'AWS::S3::BucketPolicy',
    sets('PolicyDocument.Statement.10', { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*' }),
  ],
  [
    'a scan of a part of the files',
    'AWS::GuardDuty::MalwareProtectionPlan',
    sets('ProtectedResource.S3Bucket.ObjectPrefixes', ['files/a']),
  ],
  [
    'verdicts without tags',
    'AWS::GuardDuty::MalwareProtectionPlan',
    sets('Actions.Tagging.Status', 'DISABLED'),
  ],
])('%s would be noticed', (_what, type, weaken) => {
  for (const { stack, id } of resources(templates, type)) {
    const weaker = structuredClone(templates);
    const properties = weaker[stack as keyof Templates].Resources[id]?.Properties;
    if (!properties || !applies(weaken, properties)) continue;
    expect(weaknesses(weaker)).not.toEqual([]);
    return;
  }
  throw new Error(`nothing of type ${type} could be weakened so`);
});

function sets(path: string, value: unknown) {
  return (properties: Record<string, never>) => {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const inner = keys.reduce<object>((from, key) => Reflect.get(from, key) ?? {}, properties);
    Reflect.set(inner, last, value);
  };
}

function logs(variable: string) {
  return sets('AccessLogSettings.Format', `{"requestId":"$context.requestId","more":"${variable}"}`);
}

function applies(weaken: (properties: Record<string, never>) => void, properties: object): boolean {
  const before = JSON.stringify(properties);
  weaken(properties as Record<string, never>);
  return JSON.stringify(properties) !== before;
}
