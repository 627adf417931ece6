import { beforeAll, expect, test } from 'vitest';
import { evaluate } from '../../local/iam/evaluate.ts';
import type { NamedPolicy, PolicyDocument } from '../../local/iam/policy.ts';
import { synthesized } from '../fixtures/synth.ts';
import { readTemplates, resources } from '../fixtures/template.ts';
import { account, resolved } from './resolved.ts';

let auditor: NamedPolicy;
const everything: NamedPolicy = {
  name: 'AdministratorAccess',
  document: { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } },
};

const bucket = (name: string) => `arn:aws:s3:::${name}`;
const key = (name: string) => `arn:aws:kms:us-east-1:${account}:key/${name}`;
const table = (name: string) => `arn:aws:dynamodb:us-east-1:${account}:table/${name}`;

beforeAll(async () => {
  const found = resources(readTemplates(await synthesized()), 'AWS::IAM::ManagedPolicy').find(
    ({ path }) => path === 'AuditorAccess',
  );
  const nameOf = (id: string) => {
    if (/Bucket/.test(id)) return bucket(id.replace(/Bucket.*/, ''));
    return key(id.replace(/^EncryptionKeys|[0-9A-F]{8}$/g, ''));
  };
  auditor = {
    name: 'AuditorAccess',
    document: resolved(found?.Properties.PolicyDocument, nameOf) as PolicyDocument,
  };
}, 120_000);

function may(policies: readonly NamedPolicy[], action: string, resource: string, context = {}) {
  const arn = `arn:aws:iam::${account}:role/Auditor`;
  const caller = { arn, identityArn: arn, accountId: account, policies };
  return evaluate(caller, { action, resource, context }).allowed;
}

const throughS3 = { 'kms:ViaService': 's3.us-east-1.amazonaws.com' };

test.each([
  ['s3:GetObject', `${bucket('SealedRecords')}/sealed/heads/000000000001.json`, {}],
  ['s3:ListBucket', bucket('SealedRecords'), {}],
  ['kms:Decrypt', key('Audit'), throughS3],
  ['kms:GetPublicKey', key('SigningKeySigning'), {}],
  ['athena:StartQueryExecution', `arn:aws:athena:us-east-1:${account}:workgroup/Wardline-audit`, {}],
  ['cloudtrail:GetTrailStatus', '*', {}],
])('an auditor may: %s on %s', (action, resource, context) => {
  expect(may([auditor], action, resource, context)).toBe(true);
});

test.each([
  ['dynamodb:GetItem', table('Wardline-Data-Conversations')],
  ['dynamodb:Query', table('Wardline-Data-Keys')],
  ['dynamodb:Scan', table('Wardline-Audit-AuditTrail')],
  ['dynamodb:PartiQLSelect', table('Wardline-Data-Conversations')],
  ['s3:GetObject', `${bucket('Attachments')}/files/a/b`],
  ['s3:GetObjectVersion', `${bucket('Attachments')}/previews/a/b`],
  ['kms:Decrypt', key('Data')],
  ['kms:Decrypt', key('Keys')],
  ['kms:Sign', key('SigningKeySigning')],
  ['s3:PutObject', `${bucket('SealedRecords')}/sealed/heads/000000000001.json`],
  ['s3:DeleteObjectVersion', `${bucket('SealedRecords')}/sealed/heads/000000000001.json`],
  ['s3:BypassGovernanceRetention', `${bucket('SealedRecords')}/sealed/heads/000000000001.json`],
  ['lambda:InvokeFunction', `arn:aws:lambda:us-east-1:${account}:function:Wardline-Messaging-ReadMessages`],
])('an auditor may not, whatever else their role is given: %s on %s', (action, resource) => {
  expect(may([everything], action, resource)).toBe(true); // the refusal below is this policy's
  expect(may([auditor, everything], action, resource, throughS3)).toBe(false);
});
