import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import { evaluate } from '../../../local/iam/evaluate.ts';
import type { Statement } from '../../../local/iam/policy.ts';
import { KmsService } from '../../../local/kms/service.ts';
import { callOf } from '../dynamodb/served.ts';
import { role } from '../front-door/open-front-door.ts';

const account = localAccount.accountId;
const keyArn = `arn:aws:kms:us-east-1:${account}:key/k-1`;
const toAccount = allow('Account', `arn:aws:iam::${account}:root`);
const toWriter = allow('Writer', `arn:aws:iam::${account}:role/Writer`);
const everything: Statement = { Sid: 'All', Effect: 'Allow', Action: 'kms:*', Resource: '*' };
const onWards = { StringEquals: { 'kms:EncryptionContext:ward': 'w-1' } };

test.each<[string, Statement[], Statement[], string]>([
  ['leaves it to the account: an identity policy is enough', [toAccount], [everything], 'allowed by All'],
  ['leaves it to the account: without one it is closed', [toAccount], [], 'no identity-based policy'],
  ['names the role: no identity policy is needed', [toWriter], [], 'allowed by Writer'],
  [
    'names neither: an identity policy opens nothing',
    [allow('Other', '999988887777')],
    [everything],
    'no resource-based policy',
  ],
  [
    'denies: whatever allows',
    [toAccount, toWriter, deny({})],
    [everything],
    'explicit deny in a resource-based policy',
  ],
  [
    'denies another action',
    [toAccount, { ...deny({}), Action: 'kms:Decrypt' }],
    [everything],
    'allowed by All',
  ],
  ['allows one encryption context, this one', [{ ...toWriter, Condition: onWards }], [], 'allowed by Writer'],
  [
    'allows one encryption context, another one',
    [{ ...toWriter, Condition: { StringEquals: { 'kms:EncryptionContext:ward': 'w-2' } } }],
    [],
    'no resource-based policy',
  ],
  [
    'allows only contexts of these keys',
    [{ ...toWriter, Condition: { 'ForAllValues:StringEquals': { 'kms:EncryptionContextKeys': ['bed'] } } }],
    [],
    'no resource-based policy',
  ],
  [
    'allows only callers of the account',
    [{ ...toWriter, Condition: { StringEquals: { 'kms:CallerAccount': account } } }],
    [],
    'allowed by Writer',
  ],
  [
    'allows only through another service, and this call is direct',
    [{ ...toAccount, Condition: { StringEquals: { 'kms:ViaService': 'sqs.us-east-1.amazonaws.com' } } }],
    [everything],
    'no resource-based policy',
  ],
  [
    'denies what comes through no service',
    [toAccount, deny({ Null: { 'kms:ViaService': 'true' } })],
    [everything],
    'explicit deny in a resource-based policy',
  ],
])('a key policy %s', (_, keyPolicy, identityPolicy, said) => {
  const service = keyUnder(keyPolicy);
  const input = { KeyId: 'k-1', Plaintext: 'c2VjcmV0', EncryptionContext: { ward: 'w-1' } };
  const [asked] = service.authorizations(callOf('kms', 'Encrypt', input));
  if (!asked) throw new Error('Encrypt asks for nothing');
  const verdict = evaluate(role('Writer', ...identityPolicy), asked);
  expect(verdict.allowed ? `allowed by ${verdict.by.statement}` : verdict.message).toContain(said);
});

test.each([
  [
    'an operator that IAM does not have',
    { ...toAccount, Condition: { StringIs: { a: 'b' } } },
    'operator StringIs',
  ],
  ['no principal', { ...toAccount, Principal: undefined }, 'needs a principal'],
  ['an element that IAM does not have', { ...toAccount, Conditions: {} }, 'unknown element Conditions'],
])('a key policy with %s stops the start by its name', (_, statement, reason) => {
  expect(() => keyUnder([statement as Statement])).toThrow('policy Key key policy: statement Account: ');
  expect(() => keyUnder([statement as Statement])).toThrow(reason);
});

function keyUnder(statements: readonly Statement[]): KmsService {
  const folder = mkdtempSync(join(tmpdir(), 'kms-'));
  const clock = new Clock();
  const service = new KmsService({ account: localAccount, clock, stateFile: join(folder, 'kms.json') });
  onTestFinished(() => {
    service.close();
    clock.stop();
    rmSync(folder, { recursive: true });
  });
  service.addKey({
    ...{ stack: 'S', logicalId: 'Key', type: 'AWS::KMS::Key', ref: 'k-1', attributes: { Arn: keyArn } },
    properties: { KeyPolicy: { Version: '2012-10-17', Statement: statements } },
  });
  return service;
}

function allow(Sid: string, AWS: string): Statement {
  return { Sid, Effect: 'Allow', Principal: { AWS }, Action: 'kms:*', Resource: '*' };
}

function deny(Condition: Statement['Condition']): Statement {
  return { Sid: 'Never', Effect: 'Deny', Principal: '*', Action: 'kms:*', Resource: '*', Condition };
}
