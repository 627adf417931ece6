import { beforeAll, describe, expect, test } from 'vitest';
import { localAccount } from '../../local/account.ts';
import { evaluate } from '../../local/iam/evaluate.ts';
import type { Principal, Statement } from '../../local/iam/policy.ts';
import { listOf, statementsOf } from '../../local/iam/statement.ts';
import { knownTypes } from '../../local/resource-types.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { principalOf } from '../../local/template/principals.ts';
import { resolveStacks } from '../../local/template/resolve.ts';
import { synthesized } from '../fixtures/synth.ts';

let doors: readonly Principal[];

beforeAll(async () => {
  const { resources } = resolveStacks(readAssembly(await synthesized()), localAccount, knownTypes);
  doors = resources
    .filter(({ type }) => type === 'AWS::Lambda::Function')
    .map(({ ref, properties }) =>
      principalOf(String(properties.Role), resources, localAccount, ref, 'lambda.amazonaws.com'),
    );
}, 120_000);

test('every door has the boundary, and each call that its policy allows lies within it', () => {
  expect(doors.length).toBeGreaterThan(15);
  expect(doors.filter(({ permissionsBoundary }) => !permissionsBoundary)).toEqual([]);
  const lent = doors.flatMap((door) =>
    statementsIn(door).flatMap(({ Action, Resource }) =>
      listOf(Action).flatMap((action) =>
        listOf(Resource).map((resource) => ({ door, action, resource: resource.replaceAll('*', 'x') })),
      ),
    ),
  );
  const outside = lent.filter(({ door, ...asked }) => !evaluate(lentEverything(door), asked).allowed);
  expect(outside.map(({ door, ...asked }) => ({ door: door.arn, ...asked }))).toEqual([]);
  console.log(`door boundary: ${lent.length} calls lent to ${doors.length} doors, all within it`);
});

describe('lent everything by mistake, a door still', () => {
  const { accountId } = localAccount;
  test.each([
    ['makes nobody', 'iam:CreateRole', `arn:aws:iam::${accountId}:role/Wardline-Data-New`],
    ['becomes nobody', 'sts:AssumeRole', `arn:aws:iam::${accountId}:role/Admin`],
    ['becomes nobody of its own', 'sts:AssumeRole', `arn:aws:iam::${accountId}:role/Wardline-Messaging-Sync`],
    ['tells nothing of tokens', 'sts:GetSessionToken', '*'],
    ['lends no key on', 'kms:CreateGrant', `arn:aws:kms:us-east-1:${accountId}:key/k`],
    ['deletes no key', 'kms:ScheduleKeyDeletion', `arn:aws:kms:us-east-1:${accountId}:key/k`],
    ['changes no key policy', 'kms:PutKeyPolicy', `arn:aws:kms:us-east-1:${accountId}:key/k`],
    ['deletes no table', 'dynamodb:DeleteTable', table('Wardline-Data-Conversations')],
    ['exports no table', 'dynamodb:ExportTableToPointInTime', table('Wardline-Data-Conversations')],
    ['reads no other app’s table', 'dynamodb:GetItem', table('Billing')],
    ['scans no other app’s table', 'dynamodb:Scan', table('Billing')],
    ['signs in as nobody', 'cognito-idp:AdminInitiateAuth', pool()],
    ['sets nobody’s password', 'cognito-idp:AdminSetUserPassword', pool()],
    ['sets nobody’s second factor', 'cognito-idp:AdminSetUserMFAPreference', pool()],
    ['runs no other function', 'lambda:InvokeFunction', `arn:aws:lambda:us-east-1:${accountId}:function:f`],
    ['deletes no bucket', 's3:DeleteBucket', 'arn:aws:s3:::wardline-data-attachments'],
    ['opens no bucket', 's3:PutBucketPolicy', 'arn:aws:s3:::wardline-data-attachments'],
    ['changes no bucket’s key', 's3:PutEncryptionConfiguration', 'arn:aws:s3:::wardline-data-attachments'],
    ['copies no bucket', 's3:PutReplicationConfiguration', 'arn:aws:s3:::wardline-data-attachments'],
    ['says of no file that it is clean', 's3:PutObjectTagging', 'arn:aws:s3:::wardline-data-x/files/c/a'],
    ['nor of a version', 's3:PutObjectVersionTagging', 'arn:aws:s3:::wardline-data-x/files/c/a'],
    ['opens no file to everyone', 's3:PutObjectAcl', 'arn:aws:s3:::wardline-data-x/files/c/a'],
    ['reads no other app’s bucket', 's3:GetObject', 'arn:aws:s3:::billing/2026'],
    [
      'deletes no sealed record',
      's3:DeleteObjectVersion',
      'arn:aws:s3:::wardline-audit-x/sealed/heads/1.json',
    ],
    ['hides no sealed record', 's3:DeleteObject', 'arn:aws:s3:::wardline-audit-x/sealed/heads/1.json'],
    [
      'ends no retention of a sealed record',
      's3:PutObjectRetention',
      'arn:aws:s3:::wardline-audit-x/sealed/heads/1.json',
    ],
    [
      'ends no scanning',
      'guardduty:DeleteMalwareProtectionPlan',
      `arn:aws:guardduty:us-east-1:${accountId}:malware-protection-plan/p`,
    ],
    [
      'stops no trail',
      'cloudtrail:StopLogging',
      `arn:aws:cloudtrail:us-east-1:${accountId}:trail/Wardline-Audit-x`,
    ],
    ['deletes no log', 'logs:DeleteLogGroup', logGroup()],
    ['deletes no stream of a log', 'logs:DeleteLogStream', logGroup()],
    ['keeps no log shorter', 'logs:PutRetentionPolicy', logGroup()],
    ['hands no log on', 'logs:PutSubscriptionFilter', logGroup()],
    [
      'silences no alarm',
      'cloudwatch:DisableAlarmActions',
      `arn:aws:cloudwatch:us-east-1:${accountId}:alarm:a`,
    ],
    ['disables no rule', 'events:DisableRule', `arn:aws:events:us-east-1:${accountId}:rule/r`],
    ['reads no log', 'logs:GetLogEvents', logGroup()],
    [
      'reaches no other account',
      'dynamodb:GetItem',
      table('Wardline-Data-x').replace(accountId, '444455556666'),
    ],
  ])('%s', (_, action, resource) => {
    for (const door of doors) {
      expect(evaluate(lentEverything(door), { action, resource }).allowed).toBe(false);
      const free = { ...lentEverything(door), permissionsBoundary: undefined };
      expect(
        evaluate({ ...free, accountId: resource.split(':')[4] ?? '' }, { action, resource }).allowed,
      ).toBe(true);
    }
  });

  test('takes no key from a key policy that names everyone', () => {
    const [door] = doors;
    if (!door) throw new Error('there is no door');
    const open: Statement = { Effect: 'Allow', Principal: '*', Action: 'kms:*' };
    const resourcePolicy = { name: 'Key', document: { Version: '2012-10-17', Statement: open } };
    const resource = `arn:aws:kms:us-east-1:${accountId}:key/k`;
    const asked = { resource, resourcePolicy, resourcePolicyDecides: true };
    expect(evaluate(door, { ...asked, action: 'kms:PutKeyPolicy' })).toMatchObject({
      message: expect.stringMatching(/with an explicit deny in a permissions boundary$/),
    });
  });

  test.each([
    'PutObjectTagging',
    'PutObjectVersionTagging',
    'PutObjectAcl',
    'PutBucketPolicy',
    'DeleteBucket',
  ])('takes no s3:%s from a bucket policy that names everyone', (action) => {
    const [door] = doors;
    if (!door) throw new Error('there is no door');
    const resource = 'arn:aws:s3:::wardline-data-attachments/files/c/a';
    const open: Statement = { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: '*' };
    const resourcePolicy = { name: 'Bucket', document: { Version: '2012-10-17', Statement: open } };
    expect(evaluate(door, { action: `s3:${action}`, resource, resourcePolicy })).toMatchObject({
      message: expect.stringMatching(/with an explicit deny in a permissions boundary$/),
    });
  });

  function table(name: string): string {
    return `arn:aws:dynamodb:us-east-1:${accountId}:table/${name}`;
  }

  function pool(): string {
    return `arn:aws:cognito-idp:us-east-1:${accountId}:userpool/us-east-1_abc`;
  }

  function logGroup(): string {
    return `arn:aws:logs:us-east-1:${accountId}:log-group:Wardline-Data-x`;
  }
});

function lentEverything(door: Principal): Principal {
  const all: Statement = { Effect: 'Allow', Action: '*', Resource: '*' };
  return { ...door, policies: [{ name: 'Mistake', document: { Version: '2012-10-17', Statement: all } }] };
}

function statementsIn(door: Principal): readonly Statement[] {
  return door.policies.flatMap(({ document }) => statementsOf(document));
}
