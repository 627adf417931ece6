import { beforeAll, describe, expect, test } from 'vitest';
import { checkPolicy } from '../../local/iam/check-policy.ts';
import { evaluate } from '../../local/iam/evaluate.ts';
import type { NamedPolicy, PolicyDocument, Principal, Statement } from '../../local/iam/policy.ts';
import { synthesized } from '../fixtures/synth.ts';
import { readTemplates, resources } from '../fixtures/template.ts';
import { attachmentArn, bucket, file, key, preview } from './attachment-arns.ts';
import { account, resolved } from './resolved.ts';

let bucketPolicy: NamedPolicy;

beforeAll(async () => {
  const [policy] = resources(readTemplates(await synthesized()), 'AWS::S3::BucketPolicy');
  const document = resolved(policy?.Properties.PolicyDocument, attachmentArn) as PolicyDocument;
  bucketPolicy = { name: 'Bucket', document };
  checkPolicy(bucketPolicy, 'resource');
}, 120_000);

describe('the bucket', () => {
  const role = (name: string) => mighty(`arn:aws:iam::${account}:role/${name}`);
  const administrator = role('Administrator');
  const scanner = role('Wardline-Data-AttachmentsScannerRole-1234');
  const backups = role('Wardline-Data-BackupsRole-1234');
  const uploading = role('Wardline-Messaging-UploadAttachmentRole1A2B3C4D-5678');
  const completing = role('Wardline-Messaging-CompleteUploadRole1A2B3C4D-5678');
  const downloading = role('Wardline-Messaging-AsPersonDownloadRole1A2B3C4D-5678');
  const building = role('Wardline-Messaging-BuildExportsRole1A2B3C4D-5678');
  const handingOut = role('Wardline-Messaging-AsPersonExportRole1A2B3C4D-5678');
  const deleting = role('Wardline-Messaging-DeleteAttachmentsRole1A2B3C4D-5678');
  const shredding = role('Wardline-Messaging-ShredConversationRole1A2B3C4D-5678');
  const exported = `${bucket}/exports/${'e'.repeat(26)}`;
  const pretending = role('NotWardline-Messaging-CompleteUploadRole1A2B3C4D-5678');

  const encrypted = {
    's3:x-amz-server-side-encryption': 'aws:kms',
    's3:x-amz-server-side-encryption-aws-kms-key-id': key,
  };
  const whole = { ...encrypted, 's3:if-none-match': '*', 's3:ObjectCreationOperation': 'true' };
  const part = { ...encrypted, 's3:ObjectCreationOperation': 'false' };
  const tagged = (status: string) => ({ 's3:ExistingObjectTag/GuardDutyMalwareScanStatus': status });
  const clean = tagged('NO_THREATS_FOUND');

  test.each<[string, Principal, string, string, Record<string, string>]>([
    ['a whole file', uploading, 's3:PutObject', file, whole],
    ['the beginning of one in parts, and a part', uploading, 's3:PutObject', file, part],
    ['the joining of its parts', completing, 's3:PutObject', file, whole],
    [
      'a preview, made again',
      downloading,
      's3:PutObject',
      preview,
      { ...encrypted, 's3:ObjectCreationOperation': 'true' },
    ],
    ['a look at what nobody scanned yet, before it is complete', completing, 's3:GetObjectVersion', file, {}],
    ['the scanner’s reading', scanner, 's3:GetObjectVersion', file, {}],
    ['the scanner’s verdict', scanner, 's3:PutObjectVersionTagging', file, {}],
    [
      'GuardDuty’s empty object',
      scanner,
      's3:PutObject',
      `${bucket}/malware-protection-resource-validation-object`,
      {},
    ],
    ['a download of what is clean', downloading, 's3:GetObjectVersion', file, clean],
    ['a download of a preview', downloading, 's3:GetObjectVersion', preview, {}],
    ['an upload signed five minutes ago', uploading, 's3:PutObject', file, old(300_000, whole)],
    ['a download signed a minute ago', downloading, 's3:GetObjectVersion', file, old(60_000, clean)],
    ['the backup of what is clean', backups, 's3:GetObjectVersion', file, clean],
    ['the making of an export', building, 's3:PutObject', exported, encrypted],
    ['a download of an export', handingOut, 's3:GetObjectVersion', exported, {}],
    ['deletion of a file that is over', deleting, 's3:DeleteObjectVersion', file, {}],
    ['deletion of its preview', deleting, 's3:DeleteObjectVersion', preview, {}],
    ['deletion of what is destroyed', shredding, 's3:DeleteObjectVersion', file, {}],
    ['deletion of what was not as declared', completing, 's3:DeleteObjectVersion', file, {}],
    ['deletion of an export', building, 's3:DeleteObjectVersion', exported, {}],
  ])('takes %s', (_, who, action, resource, context) => {
    expect(verdict(who, action, resource, context)).toMatchObject({ allowed: true });
  });

  test.each<[string, string, Principal, string, string, Record<string, string>]>([
    ['an export by another door', 'RefuseOtherExporters', downloading, 's3:PutObject', exported, encrypted],
    ['a reader of exports', 'RefuseOtherReadersOfExports', downloading, 's3:GetObjectVersion', exported, {}],
    ['backups of exports', 'RefuseOtherReadersOfExports', backups, 's3:GetObjectVersion', exported, {}],
    ['plain HTTP', '#0', completing, 's3:GetObject', file, { ...clean, 'aws:SecureTransport': 'false' }],
    [
      'whoever is of another account',
      'RefuseOtherAccounts',
      mighty('arn:aws:iam::444455556666:role/Wardline-Messaging-X', '444455556666'),
      's3:ListBucketVersions',
      bucket,
      {},
    ],
    [
      'an upload signed more than five minutes ago',
      'RefuseOldSignatures',
      uploading,
      's3:PutObject',
      file,
      old(300_001, whole),
    ],
    ...[file, preview, exported].map(
      (what) =>
        [
          `a download signed more than a minute ago of ${what.split('/')[1]}`,
          ...['RefuseOldReadings', what === exported ? handingOut : downloading, 's3:GetObjectVersion', what],
          old(60_001, clean),
        ] as [string, string, Principal, string, string, Record<string, string>],
    ),
    ...[file, preview, exported].flatMap((what) =>
      ['s3:DeleteObject', 's3:DeleteObjectVersion'].flatMap((action) =>
        [administrator, backups, downloading, pretending].map(
          (who) =>
            [
              `${action} of ${what.split('/')[1]} by ${who.arn.split('/')[1]}`,
              ...['RefuseOtherDeleters', who, action, what, {}],
            ] as [string, string, Principal, string, string, Record<string, string>],
        ),
      ),
    ),
    [
      'replication of what nobody scanned',
      'RefuseUnscanned',
      administrator,
      's3:GetObjectVersionForReplication',
      file,
      {},
    ],
    [
      'replication of what is clean',
      'RefuseOtherReaders',
      administrator,
      's3:GetObjectVersionForReplication',
      file,
      clean,
    ],
    [
      'replication of an export by a door',
      'RefuseOtherReadersOfExports',
      building,
      's3:GetObjectVersionForReplication',
      exported,
      {},
    ],
    [
      'an upload that says nothing of encryption',
      'RefuseOtherEncryption',
      uploading,
      's3:PutObject',
      file,
      without(whole, 's3:x-amz-server-side-encryption'),
    ],
    [
      'an upload under S3’s own key',
      'RefuseOtherEncryption',
      uploading,
      's3:PutObject',
      file,
      { ...whole, 's3:x-amz-server-side-encryption': 'AES256' },
    ],
    [
      'an upload under no named key',
      'RefuseOtherEncryptionKeys',
      uploading,
      's3:PutObject',
      file,
      without(whole, 's3:x-amz-server-side-encryption-aws-kms-key-id'),
    ],
    [
      'an upload under somebody’s key',
      'RefuseOtherEncryptionKeys',
      uploading,
      's3:PutObject',
      file,
      { ...whole, 's3:x-amz-server-side-encryption-aws-kms-key-id': `${key}2` },
    ],
    ['a preview without encryption', 'RefuseOtherEncryption', downloading, 's3:PutObject', preview, {}],
    [
      'an upload over what stands there',
      'RefuseOverwriting',
      uploading,
      's3:PutObject',
      file,
      without(whole, 's3:if-none-match'),
    ],
    [
      'parts joined over what stands there',
      'RefuseOverwriting',
      completing,
      's3:PutObject',
      file,
      without(whole, 's3:if-none-match'),
    ],
    ['a file elsewhere', 'RefuseOtherPlaces', administrator, 's3:PutObject', `${bucket}/index.html`, whole],
    ['a clean tag of a door', 'RefuseTagsOfOthers', completing, 's3:PutObjectTagging', file, {}],
    [
      'a clean tag of an administrator',
      'RefuseTagsOfOthers',
      administrator,
      's3:PutObjectVersionTagging',
      file,
      {},
    ],
    ['a tag taken off', 'RefuseTagsOfOthers', administrator, 's3:DeleteObjectTagging', file, {}],
    [
      'a tag of a version taken off',
      'RefuseTagsOfOthers',
      downloading,
      's3:DeleteObjectVersionTagging',
      file,
      {},
    ],
    ['a download before the verdict', 'RefuseUnscanned', downloading, 's3:GetObjectVersion', file, {}],
    ['a download of a threat', 'RefuseUnscanned', downloading, 's3:GetObject', file, tagged('THREATS_FOUND')],
    [
      'a download of what could not be scanned',
      'RefuseUnscanned',
      downloading,
      's3:GetObject',
      file,
      tagged('UNSUPPORTED'),
    ],
    [
      'the backup of a threat',
      'RefuseUnscanned',
      backups,
      's3:GetObjectVersion',
      file,
      tagged('THREATS_FOUND'),
    ],
    ['a role that only sounds like a door', 'RefuseUnscanned', pretending, 's3:GetObject', file, {}],
    [
      'an administrator who reads what is clean',
      'RefuseOtherReaders',
      administrator,
      's3:GetObject',
      file,
      clean,
    ],
    ['that role where the file is clean', 'RefuseOtherReaders', pretending, 's3:GetObject', file, clean],
    [
      'an administrator who reads a preview',
      'RefuseOtherReaders',
      administrator,
      's3:GetObjectVersion',
      preview,
      {},
    ],
    [
      'the root user who reads',
      'RefuseOtherReaders',
      mighty(`arn:aws:iam::${account}:root`),
      's3:GetObject',
      file,
      clean,
    ],
  ])('refuses %s', (_, statement, who, action, resource, context) => {
    expect(verdict(who, action, resource, context)).toMatchObject({
      allowed: false,
      kind: 'explicit-deny',
      by: { policy: 'Bucket', statement },
    });
  });

  test('lets nobody in: all it says is a refusal', () => {
    const statements = bucketPolicy.document.Statement as readonly Statement[];
    expect(statements.filter(({ Effect }) => Effect !== 'Deny')).toEqual([]);
  });

  /** What the bucket's policy says to somebody whose own policies allow everything. */
  function verdict(who: Principal, action: string, resource: string, context: Record<string, string>) {
    return evaluate(who, {
      ...{ action, resource, resourcePolicy: bucketPolicy },
      context: { 'aws:SecureTransport': 'true', ...context },
    });
  }
});

function mighty(arn: string, accountId = account): Principal {
  const everything = { Statement: { Effect: 'Allow', Action: '*', Resource: '*' } } as const;
  return { arn, identityArn: arn, accountId, policies: [{ name: 'Everything', document: everything }] };
}

/** A request that was signed this long ago, in milliseconds. */
function old(age: number, context: Record<string, string>): Record<string, string> {
  return { ...context, 's3:signatureAge': String(age) };
}

function without(context: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(context).filter(([key]) => key !== name));
}
