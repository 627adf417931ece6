import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, onTestFinished, test } from 'vitest';
import { DataStack } from '../../lib/data-stack.ts';
import { Door } from '../../lib/door.ts';
import { EncryptionKey } from '../../lib/encryption-keys.ts';
import { LockedBucket } from '../../lib/locked-bucket.ts';
import { readSettings } from '../../lib/settings.ts';
import { checkPolicy } from '../../local/iam/check-policy.ts';
import { evaluate } from '../../local/iam/evaluate.ts';
import type { PolicyDocument, Principal, Statement } from '../../local/iam/policy.ts';
import { account, resolved } from './resolved.ts';

const bucket = 'arn:aws:s3:::wardline-audit-records';
const object = `${bucket}/sealed/heads/000000000001.json`;
const key = `arn:aws:kms:us-east-1:${account}:key/audit`;

const encrypted = {
  's3:x-amz-server-side-encryption': 'aws:kms',
  's3:x-amz-server-side-encryption-aws-kms-key-id': key,
};
const first = { ...encrypted, 's3:if-none-match': '*' };

test.each<[string, string, string, Record<string, string>]>([
  ['an object that is the first of its name', 's3:PutObject', object, first],
  ['reading', 's3:GetObject', object, {}],
  ['an object elsewhere, over another', 's3:PutObject', `${bucket}/AWSLogs/1.json.gz`, encrypted],
  ['a longer retention', 's3:PutObjectRetention', object, {}],
])('a locked bucket takes %s', (_, action, resource, context) => {
  expect(verdict({ protect: true }, mighty(), action, resource, context)).toMatchObject({ allowed: true });
});

test.each<[string, string, string, string, Record<string, string>]>([
  ['plain HTTP', '#0', 's3:GetObject', object, { 'aws:SecureTransport': 'false' }],
  [
    'what says nothing of encryption',
    'RefuseOtherEncryption',
    's3:PutObject',
    object,
    { 's3:if-none-match': '*' },
  ],
  [
    'what is under S3’s own key',
    'RefuseOtherEncryption',
    's3:PutObject',
    object,
    { ...first, 's3:x-amz-server-side-encryption': 'AES256' },
  ],
  [
    'what is under somebody’s key',
    'RefuseOtherEncryptionKeys',
    's3:PutObject',
    object,
    { ...first, 's3:x-amz-server-side-encryption-aws-kms-key-id': `${key}2` },
  ],
  ['an object over one of its name', 'RefuseOverwriting', 's3:PutObject', object, encrypted],
  ['hiding an object', 'RefuseDeletion', 's3:DeleteObject', object, {}],
  ['deleting a version', 'RefuseDeletion', 's3:DeleteObjectVersion', object, {}],
  ['passing the retention by', 'RefuseDeletion', 's3:BypassGovernanceRetention', object, {}],
  ['deleting itself', 'RefuseDeletion', 's3:DeleteBucket', bucket, {}],
])('a locked bucket refuses %s, even to the root user', (_, statement, action, resource, context) => {
  for (const who of [mighty(), mighty(`arn:aws:iam::${account}:root`)]) {
    expect(verdict({ protect: true }, who, action, resource, context)).toMatchObject({
      allowed: false,
      kind: 'explicit-deny',
      by: { policy: 'Bucket', statement },
    });
  }
});

test('a locked bucket refuses whoever is of another account, and lets nobody in', () => {
  const stranger = mighty('arn:aws:iam::444455556666:role/Backup', '444455556666');
  expect(verdict({ protect: true }, stranger, 's3:GetObject', object, {})).toMatchObject({
    by: { statement: 'RefuseOtherAccounts' },
  });
  const { Statement: said } = policyOf({ protect: true });
  expect((said as readonly Statement[]).filter(({ Effect }) => Effect !== 'Deny')).toEqual([]);
});

test('what is protected is locked in compliance mode for the days of the setting, and a throw-away bucket can be emptied and goes', () => {
  const lock = (settings: object) => {
    const [made] = Object.values(templateOf(settings).findResources('AWS::S3::Bucket'));
    return [made?.Properties.ObjectLockConfiguration.Rule.DefaultRetention, made?.DeletionPolicy];
  };
  expect(lock({ protect: true })).toEqual([{ Mode: 'COMPLIANCE', Days: 3000 }, 'Retain']);
  expect(lock({ protect: false })).toEqual([{ Mode: 'GOVERNANCE', Days: 3000 }, 'Delete']);
  expect(verdict({ protect: false }, mighty(), 's3:DeleteObjectVersion', object, {})).toMatchObject({
    allowed: true,
  });
});

test('a door is lent one action in one folder, the key through S3 alone, and their names', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'locked-'));
  onTestFinished(() => rmSync(outdir, { recursive: true, force: true }));
  const app = new App({ outdir, postCliContext: { 'aws:cdk:bundling-stacks': [] } });
  const data = new DataStack(app, 'Wardline-Data', readSettings('test', {}));
  const stack = new Stack(app, 'Wardline-Audit');
  const made = lockedBucket(stack, { protect: true });
  const door = new Door(stack, 'ShowMe', { pace: 'page', logs: data.logs });
  const lent = { of: 'Records', folder: 'sealed/', bucketVariable: 'PLACE', keyVariable: 'KEY' };
  made.letWrite(door, lent);
  made.letRead(door, lent);

  const template = Template.fromStack(stack);
  const [policy] = Object.values(template.findResources('AWS::IAM::ManagedPolicy'));
  const { Statement: statements } = resolved(policy?.Properties.PolicyDocument, nameOf) as {
    Statement: Statement[];
  };
  const throughS3 = { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } };
  const statement = (Sid: string, Action: string, Resource: string) => ({
    Sid,
    Effect: 'Allow',
    Action,
    Resource,
  });
  expect(statements.filter(({ Sid }) => Sid !== 'WriteOwnLog')).toEqual([
    statement('WriteRecords', 's3:PutObject', `${bucket}/sealed/*`),
    { ...statement('EncryptRecords', 'kms:GenerateDataKey', key), Condition: throughS3 },
    statement('ReadRecords', 's3:GetObject', `${bucket}/sealed/*`),
    statement('MissRecords', 's3:ListBucket', bucket),
    { ...statement('DecryptRecords', 'kms:Decrypt', key), Condition: throughS3 },
  ]);
  const [lambda] = Object.values(template.findResources('AWS::Lambda::Function'));
  expect(Object.keys(lambda?.Properties.Environment.Variables)).toEqual(['PLACE', 'KEY']);
});

function lockedBucket(stack: Stack, settings: { readonly protect: boolean }): LockedBucket {
  const encryptionKey = new EncryptionKey(stack, 'EncryptionKey', { description: 'audit', protect: true });
  return new LockedBucket(stack, 'Records', {
    ...{ encryptionKey, retentionDays: 3_000, writtenOnce: ['sealed/'] },
    ...settings,
  });
}

const templates = new Map<string, Template>();

function templateOf(settings: object): Template {
  const known = templates.get(JSON.stringify(settings)) ?? made(settings);
  templates.set(JSON.stringify(settings), known);
  return known;
}

function made(settings: object): Template {
  const stack = new Stack(new App(), 'Wardline-Audit');
  lockedBucket(stack, { protect: true, ...settings });
  return Template.fromStack(stack);
}

function policyOf(settings: object): PolicyDocument {
  const [policy] = Object.values(templateOf(settings).findResources('AWS::S3::BucketPolicy'));
  return resolved(policy?.Properties.PolicyDocument, nameOf) as PolicyDocument;
}

function nameOf(id: string): string {
  if (id.startsWith('RecordsBucket')) return bucket;
  return id.startsWith('EncryptionKey') ? key : id;
}

/** What the bucket's policy says to somebody whose own policies allow everything. */
function verdict(
  settings: object,
  who: Principal,
  action: string,
  resource: string,
  context: Record<string, string>,
) {
  const resourcePolicy = { name: 'Bucket', document: policyOf(settings) };
  checkPolicy(resourcePolicy, 'resource');
  return evaluate(who, {
    ...{ action, resource, resourcePolicy },
    context: { 'aws:SecureTransport': 'true', ...context },
  });
}

function mighty(arn = `arn:aws:iam::${account}:role/Administrator`, accountId = account): Principal {
  const everything = { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } } as const;
  return { arn, identityArn: arn, accountId, policies: [{ name: 'Everything', document: everything }] };
}
