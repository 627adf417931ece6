import { beforeAll, expect, test } from 'vitest';
import { evaluate } from '../../local/iam/evaluate.ts';
import type { PolicyDocument, Principal } from '../../local/iam/policy.ts';
import { synthesized } from '../fixtures/synth.ts';
import { type Placed, readTemplates, resources } from '../fixtures/template.ts';
import { account, resolved } from './resolved.ts';

let keys: Placed[];

beforeAll(async () => {
  keys = resources(readTemplates(await synthesized()), 'AWS::KMS::Key');
}, 120_000);

/** Somebody whose own policies allow everything. */
function mighty(arn: string): Principal {
  const document = { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } } as const;
  return { arn, identityArn: arn, accountId: account, policies: [{ name: 'Everything', document }] };
}

const role = mighty(`arn:aws:iam::${account}:role/Operator`);
const root = mighty(`arn:aws:iam::${account}:root`);

/** What the policy of a key says to a call, in this account. */
function verdict(key: Placed, who: Principal, action: string, context: Record<string, string> = {}) {
  const document = resolved(key.Properties.KeyPolicy) as PolicyDocument;
  const resource = `arn:aws:kms:us-east-1:${account}:key/${key.id}`;
  return evaluate(who, {
    ...{ action, resource, resourcePolicyDecides: true, resourcePolicy: { name: key.id, document } },
    context: { 'aws:PrincipalArn': who.identityArn, 'aws:PrincipalIsAWSService': 'false', ...context },
  });
}

test('whoever may do everything lends no key of ours and deletes none, and uses them as their own policies say', () => {
  expect(keys.length).toBe(5);
  for (const key of keys) {
    const refused = (statement: string) => ({ allowed: false, kind: 'explicit-deny', by: { statement } });
    const direct = { 'kms:GrantIsForAWSResource': 'false' };
    expect(verdict(key, role, 'kms:CreateGrant', direct)).toMatchObject(
      refused('RefuseGrantsOutsideAwsServices'),
    );
    expect(verdict(key, role, 'kms:CreateGrant')).toMatchObject(refused('RefuseGrantsOutsideAwsServices'));
    expect(verdict(key, root, 'kms:CreateGrant', direct)).toMatchObject({ allowed: false });
    expect(verdict(key, role, 'kms:ScheduleKeyDeletion')).toMatchObject(
      refused('RefuseDeletionExceptByTheRootUser'),
    );
    expect(verdict(key, role, 'kms:Decrypt')).toMatchObject({ allowed: true });
  }
});

test('only what is named may: DynamoDB and Backup take grants for what they encrypt, the root user deletes', () => {
  for (const key of keys) {
    const throughService = {
      'kms:GrantIsForAWSResource': 'true',
      'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com',
    };
    expect(verdict(key, role, 'kms:CreateGrant', throughService)).toMatchObject({ allowed: true });
    expect(verdict(key, root, 'kms:ScheduleKeyDeletion')).toMatchObject({ allowed: true });
  }
});
