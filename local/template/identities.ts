import { arn } from '../account.ts';
import type { Identify } from './resource.ts';

type Given = Parameters<Identify>[0];

/**
 * Names of the resource types that have no code of their own here, with the attributes that the CloudFormation
 * template reference lists for each ("Return values").
 */
export const genericIdentities: Readonly<Record<string, Identify>> = {
  'AWS::IAM::Role': (given) => {
    const name = nameOf(given, 'RoleName', 64);
    const roleId = `AROA${given.seed.slice(0, 17).toUpperCase()}`;
    return { ref: name, attributes: { Arn: iamArn(given, 'role', name), RoleId: roleId } };
  },
  'AWS::IAM::ManagedPolicy': (given) => {
    const policyArn = iamArn(given, 'policy', nameOf(given, 'ManagedPolicyName', 128));
    return {
      ref: policyArn,
      attributes: { PolicyArn: policyArn, PolicyId: `ANPA${given.seed.slice(0, 17).toUpperCase()}` },
    };
  },
  'AWS::IAM::Policy': (given) => {
    const name = nameOf(given, 'PolicyName', 128);
    return { ref: name, attributes: { Id: name } };
  },

  'AWS::Logs::LogGroup': (given) => {
    const name = nameOf(given, 'LogGroupName', 512);
    return { ref: name, attributes: { Arn: `${arn(given.account, 'logs', `log-group:${name}`)}:*` } };
  },
  'AWS::Logs::MetricFilter': (given) => {
    const name = nameOf(given, 'FilterName', 512);
    return { ref: name, attributes: {} };
  },

  'AWS::Logs::SubscriptionFilter': (given) => ({ ref: nameOf(given, 'FilterName', 512), attributes: {} }),

  'AWS::Lambda::Function': (given) => {
    const name = nameOf(given, 'FunctionName', 64);
    return { ref: name, attributes: { Arn: arn(given.account, 'lambda', `function:${name}`) } };
  },
  'AWS::Lambda::Version': (given) => {
    const named = String(given.property('FunctionName'));
    const functionArn = named.startsWith('arn:') ? named : arn(given.account, 'lambda', `function:${named}`);
    const versionArn = `${functionArn}:1`;
    return { ref: versionArn, attributes: { FunctionArn: versionArn, Version: '1' } };
  },
  'AWS::Lambda::Permission': (given) => {
    const id = generatedName(given, 100);
    return { ref: id, attributes: { Id: id } };
  },
  'AWS::Lambda::EventSourceMapping': (given) => {
    const id = uuidOf(given);
    const mappingArn = arn(given.account, 'lambda', `event-source-mapping:${id}`);
    return { ref: id, attributes: { Id: id, EventSourceMappingArn: mappingArn } };
  },

  'AWS::ApiGatewayV2::Api': (given) => {
    const { account, property } = given;
    const id = given.seed.slice(0, 10);
    const scheme = property('ProtocolType') === 'WEBSOCKET' ? 'wss' : 'https';
    const endpoint = `${scheme}://${id}.execute-api.${account.region}.${account.urlSuffix}`;
    return { ref: id, attributes: { ApiId: id, ApiEndpoint: endpoint } };
  },
  'AWS::ApiGatewayV2::Route': shortId('RouteId'),
  'AWS::ApiGatewayV2::RouteResponse': shortId('RouteResponseId'),
  'AWS::ApiGatewayV2::Integration': shortId('IntegrationId'),
  'AWS::ApiGatewayV2::IntegrationResponse': shortId('IntegrationResponseId'),
  'AWS::ApiGatewayV2::Authorizer': shortId('AuthorizerId'),
  'AWS::ApiGatewayV2::Deployment': shortId('DeploymentId'),
  'AWS::ApiGatewayV2::Stage': ({ property }) => {
    const name = String(property('StageName'));
    return { ref: name, attributes: {} };
  },
  'AWS::ApiGateway::Account': shortId('Id'),

  'AWS::Athena::WorkGroup': ({ property }) => ({ ref: String(property('Name')), attributes: {} }),
  'AWS::Athena::NamedQuery': (given) => ({ ref: uuidOf(given), attributes: { NamedQueryId: uuidOf(given) } }),
  'AWS::Glue::Database': (given) => {
    const { Name } = Object(given.property('DatabaseInput'));
    return { ref: typeof Name === 'string' ? Name : generatedName(given, 255), attributes: {} };
  },
  'AWS::Glue::Table': (given) => {
    const { Name } = Object(given.property('TableInput'));
    return { ref: typeof Name === 'string' ? Name : generatedName(given, 255), attributes: {} };
  },

  'AWS::Backup::BackupPlan': (given) => {
    const id = uuidOf(given);
    const planArn = arn(given.account, 'backup', `backup-plan:${id}`);
    return { ref: id, attributes: { BackupPlanId: id, BackupPlanArn: planArn, VersionId: given.seed } };
  },
  'AWS::Backup::BackupVault': (given) => {
    const name = nameOf(given, 'BackupVaultName', 50);
    const vaultArn = arn(given.account, 'backup', `backup-vault:${name}`);
    return { ref: name, attributes: { BackupVaultName: name, BackupVaultArn: vaultArn } };
  },
  'AWS::Backup::BackupSelection': (given) => {
    const selectionId = uuidOf(given);
    const planId = String(given.property('BackupPlanId'));
    const id = `${selectionId}_${planId}`;
    return { ref: id, attributes: { Id: id, SelectionId: selectionId, BackupPlanId: planId } };
  },

  'AWS::CloudWatch::Alarm': (given) => {
    const name = nameOf(given, 'AlarmName', 255);
    return { ref: name, attributes: { Arn: arn(given.account, 'cloudwatch', `alarm:${name}`) } };
  },

  'AWS::SQS::Queue': (given) => {
    const { account, property } = given;
    const suffix =
      String(property('FifoQueue')) === 'true' && property('QueueName') === undefined ? '.fifo' : '';
    const name = nameOf(given, 'QueueName', 80 - suffix.length) + suffix;
    const url = `https://sqs.${account.region}.${account.urlSuffix}/${account.accountId}/${name}`;
    return { ref: url, attributes: { Arn: arn(account, 'sqs', name), QueueName: name, QueueUrl: url } };
  },
  'AWS::SQS::QueuePolicy': shortId('Id'),

  'AWS::Events::EventBus': (given) => {
    const name = String(given.property('Name'));
    return { ref: name, attributes: { Arn: arn(given.account, 'events', `event-bus/${name}`), Name: name } };
  },
  'AWS::Events::EventBusPolicy': (given) => {
    const id = String(given.property('StatementId'));
    return { ref: id, attributes: {} };
  },
  'AWS::Events::Rule': (given) => {
    const name = nameOf(given, 'Name', 64);
    const bus = String(given.property('EventBusName') ?? 'default').replace(/^arn:.*:event-bus\//, '');
    const path = bus === 'default' ? name : `${bus}/${name}`;
    const ref = bus === 'default' ? name : `${bus}|${name}`;
    return { ref, attributes: { Arn: arn(given.account, 'events', `rule/${path}`) } };
  },
  'AWS::Lambda::EventInvokeConfig': (given) => {
    const id = generatedName(given, 100);
    return { ref: id, attributes: {} };
  },
  'AWS::Scheduler::Schedule': (given) => {
    const name = nameOf(given, 'Name', 64);
    const group = String(given.property('GroupName') ?? 'default');
    return { ref: name, attributes: { Arn: arn(given.account, 'scheduler', `schedule/${group}/${name}`) } };
  },
  'AWS::Scheduler::ScheduleGroup': (given) => {
    const name = nameOf(given, 'Name', 64);
    const groupArn = arn(given.account, 'scheduler', `schedule-group/${name}`);
    return { ref: name, attributes: { Arn: groupArn, State: 'ACTIVE' } };
  },

  'AWS::SNS::Topic': (given) => {
    const name = nameOf(given, 'TopicName', 256);
    const topicArn = arn(given.account, 'sns', name);
    return { ref: topicArn, attributes: { TopicArn: topicArn, TopicName: name } };
  },
  'AWS::SNS::Subscription': (given) => {
    const subscriptionArn = `${String(given.property('TopicArn'))}:${uuidOf(given)}`;
    return { ref: subscriptionArn, attributes: { Arn: subscriptionArn } };
  },
  'AWS::SNS::TopicPolicy': shortId('Id'),

  'AWS::CDK::Metadata': (given) => ({ ref: generatedName(given, 255), attributes: {} }),
};

function nameOf(given: Given, property: string, longest: number): string {
  const name = given.property(property);
  return typeof name === 'string' ? name : generatedName(given, longest);
}

/** `<stack>-<logical id>-<12 letters and digits>`, cut in the middle where a type allows less. */
function generatedName({ stack, logicalId, seed }: Given, longest: number): string {
  const suffix = seed.slice(0, 12);
  const room = longest - suffix.length - 2;
  const ofId = logicalId.slice(0, Math.max(Math.ceil(room / 2), room - stack.length));
  return `${stack.slice(0, room - ofId.length)}-${ofId}-${suffix}`;
}

function shortId(attribute: string): Identify {
  return ({ seed }) => ({ ref: seed.slice(0, 7), attributes: { [attribute]: seed.slice(0, 7) } });
}

function iamArn({ account, property }: Given, kind: string, name: string): string {
  const path = property('Path') ?? '/';
  return `arn:${account.partition}:iam::${account.accountId}:${kind}${String(path)}${name}`;
}

function uuidOf({ seed }: Given): string {
  const digits = Buffer.from(seed).toString('hex').slice(0, 32);
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
