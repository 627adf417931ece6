import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { readPattern } from '../../local/events/event-pattern.ts';
import { ruleOperators } from '../../local/events/pattern-operators.ts';
import { synthesized } from '../fixtures/synth.ts';
import { type Placed, readTemplates, resources } from '../fixtures/template.ts';
import { matchesPattern } from './filter-pattern.ts';

let alarms: readonly Placed[];

beforeAll(async () => {
  alarms = resources(readTemplates(await synthesized())).filter(({ path }) =>
    path.startsWith('TrailAlarms/'),
  );
}, 120_000);

/** An event as CloudTrail writes it, as far as alarms look. */
const call = (service: string, eventName: string, more: object = {}) => ({
  ...{ eventVersion: '1.11', eventSource: `${service}.amazonaws.com`, eventName, eventType: 'AwsApiCall' },
  userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::111122223333:assumed-role/Admin/eve' },
  ...more,
});
const told = (service: string, detail: object) => ({
  ...{ source: `aws.${service}`, 'detail-type': 'AWS API Call via CloudTrail', detail },
});
const root = { userIdentity: { type: 'Root', arn: 'arn:aws:iam::111122223333:root' } };
const ours = { requestParameters: { bucketName: 'wardline-audit-cloudtrailfilesbucket-abc' } };

const ourLog = (more: object = {}) => ({
  requestParameters: { logGroupName: 'Wardline-Audit-TrailLogGroupABC-xyz', ...more },
});

describe('what EventBridge tells at once', () => {
  test.each<[string, string, string, object?]>([
    ['TrailStopped', 'cloudtrail', 'StopLogging'],
    ['TrailStopped', 'cloudtrail', 'DeleteTrail'],
    ['TrailStopped', 'cloudtrail', 'UpdateTrail'],
    ['TrailStopped', 'cloudtrail', 'PutEventSelectors'],
    ['KeyEnding', 'kms', 'DisableKey'],
    ['KeyEnding', 'kms', 'ScheduleKeyDeletion'],
    ['KeyPolicyChanged', 'kms', 'PutKeyPolicy'],
    ['BucketPolicyChanged', 's3', 'PutBucketPolicy', ours],
    ['BucketPolicyChanged', 's3', 'DeleteBucketPublicAccessBlock', ours],
    ['BucketPolicyChanged', 's3', 'PutBucketObjectLockConfiguration', ours],
    ['LogsEnding', 'logs', 'DeleteLogGroup', ourLog()],
    ['LogsEnding', 'logs', 'DeleteLogStream', ourLog()],
    ['LogsEnding', 'logs', 'DeleteMetricFilter', ourLog()],
    ['LogsEnding', 'logs', 'PutSubscriptionFilter', ourLog()],
    ['LogsEnding', 'logs', 'PutRetentionPolicy', ourLog({ retentionInDays: 1 })],
  ])('%s hears of %s %s', (name, service, eventName, more) => {
    expect(heardBy(told(service, call(service, eventName, more)))).toEqual([name]);
  });

  test.each<[string, string, object?]>([
    ['cloudtrail', 'StartLogging'],
    ['cloudtrail', 'GetTrailStatus'],
    ['kms', 'Decrypt'],
    ['kms', 'DescribeKey'],
    ['s3', 'GetBucketPolicy', ours],
    ['s3', 'PutBucketPolicy', { requestParameters: { bucketName: 'billing' } }],
    ['logs', 'CreateLogStream', ourLog()],
    ['logs', 'PutRetentionPolicy', ourLog({ retentionInDays: 3653 })],
    ['logs', 'DeleteLogGroup', { requestParameters: { logGroupName: '/aws/lambda/billing' } }],
  ])('nobody hears of %s %s', (service, eventName, more) => {
    expect(heardBy(told(service, call(service, eventName, more)))).toEqual([]);
  });

  test('an event that only claims to be CloudTrail’s is not heard', () => {
    const claimed = told('cloudtrail', call('cloudtrail', 'StopLogging'));
    expect(heardBy({ ...claimed, source: 'app.cloudtrail' })).toEqual([]);
    expect(heardBy({ ...claimed, 'detail-type': 'StopLogging' })).toEqual([]);
  });
});

describe('what is counted in the trail’s log group', () => {
  test.each<[string, object]>([
    ['RolePolicyChanged', call('iam', 'AttachRolePolicy')],
    ['RolePolicyChanged', call('iam', 'UpdateAssumeRolePolicy')],
    ['RolePolicyChanged', call('iam', 'CreatePolicyVersion')],
    ['RootUsed', call('signin', 'ConsoleLogin', { ...root, eventType: 'AwsConsoleSignIn' })],
    ['RootUsed', call('s3', 'ListBuckets', root)],
    ['AccessDeniedBurst', call('dynamodb', 'Scan', { errorCode: 'AccessDenied' })],
    ['AccessDeniedBurst', call('kms', 'Decrypt', { errorCode: 'AccessDeniedException' })],
    ['AccessDeniedBurst', call('ec2', 'RunInstances', { errorCode: 'Client.UnauthorizedOperation' })],
  ])('%s counts it', (name, event) => {
    expect(countedBy(event)).toEqual([name]);
  });

  test.each<[string, object]>([
    ['a role that is looked at', call('iam', 'GetRole')],
    ['a policy of another service', call('sns', 'CreatePolicyVersion')],
    [
      'what a service does for the root user',
      call('kms', 'CreateKey', { userIdentity: { type: 'Root', invokedBy: 'x' } }),
    ],
    ['an event of a service', call('kms', 'RotateKey', { ...root, eventType: 'AwsServiceEvent' })],
    ['a key that is not there', call('s3', 'GetObject', { errorCode: 'NoSuchKey' })],
    ['a call that succeeded', call('dynamodb', 'Scan')],
  ])('%s is not counted', (_, event) => {
    expect(countedBy(event)).toEqual([]);
  });

  test('each count has an alarm that rings within a minute of it', () => {
    const counts = of('AWS::Logs::MetricFilter').map(({ path }) => path.replace('Count', ''));
    expect(of('AWS::CloudWatch::Alarm').map(({ path }) => path)).toEqual(counts);
    for (const { Properties } of of('AWS::CloudWatch::Alarm'))
      expect(Properties).toMatchObject({ Period: 60 });
  });
});

test('each alarm tells the topic, and has a heading of its name in the runbook', () => {
  const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
  const rules = [...of('AWS::Events::Rule'), ...of('AWS::CloudWatch::Alarm')];
  expect(rules).toHaveLength(8);
  for (const { path, Properties } of rules) {
    const name = path.split('/')[1] ?? '';
    expect(String(Properties.Description ?? Properties.AlarmDescription)).toBe(`docs/runbook.md, "${name}"`);
    expect(runbook).toContain(`\n## ${name}\n`);
    expect(JSON.stringify(Properties.Targets ?? Properties.AlarmActions)).toMatch(/"Ref":"TrailAlarmsTopic/);
  }
});

function of(type: string): readonly Placed[] {
  return alarms.filter(({ Type }) => Type === type);
}

/** Names of the rules that an event fits. */
function heardBy(event: object): string[] {
  return of('AWS::Events::Rule')
    .filter(({ Properties }) => {
      const matches = readPattern(
        Properties.EventPattern as Record<string, unknown>,
        ruleOperators,
        (why) => {
          throw new Error(why);
        },
      );
      return matches(event);
    })
    .map(({ path }) => path.split('/')[1] ?? '');
}

function countedBy(event: object): string[] {
  return of('AWS::Logs::MetricFilter')
    .filter(({ Properties }) => matchesPattern(String(Properties.FilterPattern), event))
    .map(({ path }) => path.split('/')[1]?.replace('Count', '') ?? '');
}
