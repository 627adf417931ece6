import { isDeepStrictEqual } from 'node:util';
import { type Placed, resources, type Templates } from '../../fixtures/template.ts';
import { whenFoundClean, whenScanned } from '../attachment-weaknesses.ts';
import { told } from '../told.ts';
import { ofTrail, ruleOfTrail } from '../trail-weaknesses.ts';
import { aKeyOfOurs, aNumber, anything, aString, into, type Wish, wants } from '../wishes.ts';
import type { Look } from './look.ts';

/** Of functions, what calls them and where their failures go. */
export const ofDoors: Readonly<Record<string, Look>> = {
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

  'AWS::Lambda::Permission': (permission) =>
    wants(permission.Properties, {
      Action: 'lambda:InvokeFunction',
      FunctionName: anything,
      Principal: (service) =>
        ['apigateway', 'cognito-idp', 'events', 'logs'].some((one) => service === `${one}.amazonaws.com`),
      SourceArn: anything,
    }),

  'AWS::Events::Rule': (rule) =>
    wants(rule.Properties, {
      ...occasionOf(rule),
      State: 'ENABLED',
      'Targets.0.Arn': anything,
      'Targets.0.Id': anything,
      'Targets.0.Input': undefined,
      'Targets.1': undefined,
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
