import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AttachmentStore } from '../../lib/attachment-store.ts';
import { DataStack } from '../../lib/data-stack.ts';
import { Door } from '../../lib/door.ts';
import { PersonRole } from '../../lib/person-role.ts';
import { readSettings } from '../../lib/settings.ts';
import { readPattern } from '../../local/events/event-pattern.ts';
import { ruleOperators } from '../../local/events/pattern-operators.ts';
import type { Statement } from '../../local/iam/policy.ts';
import { attachmentArn, bucket, bucketName, key } from './attachment-arns.ts';
import { resolved } from './resolved.ts';

const folder = mkdtempSync(join(tmpdir(), 'attachments-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A door for each ability; which door it is does not matter here. */
const abilities: Readonly<Record<string, (attachments: AttachmentStore, door: Door) => void>> = {
  UploadAttachment: (attachments, door) => attachments.letUpload(door),
  CompleteUpload: (attachments, door) => attachments.letComplete(door),
  DownloadAttachment: (attachments, door) =>
    attachments.letDownload(
      new PersonRole(Stack.of(door), 'AsPersonDownload', {
        ...{ door, variable: 'DOWNLOAD_ROLE_ARN', description: 'Fetches' },
      }),
    ),
  ShowMe: (attachments, door) => attachments.letPreview(door),
  DeleteAttachments: (attachments, door) => attachments.letDelete(door),
  ListSessions: (attachments, door) => attachments.letAbort(door),
};

let messaging: Template;

beforeAll(() => {
  const { app, data } = dataStack({ allowedOrigins: ['https://app.example.org'] });
  const stack = new Stack(app, 'Wardline-Messaging');
  const door = (name: string) => new Door(stack, name, { pace: 'page', logs: data.logs });
  for (const [name, lend] of Object.entries(abilities)) lend(data.attachments, door(name));
  data.attachments.onScanned(door('RecordScan'), data.parked);
  data.attachments.onFoundClean(door('MakePreview'), data.parked);
  messaging = Template.fromStack(stack);
}, 120_000);

function dataStack(settings: object) {
  const outdir = mkdtempSync(join(folder, 'app-'));
  const app = new App({ outdir, postCliContext: { 'aws:cdk:bundling-stacks': [] } });
  return { app, data: new DataStack(app, 'Wardline-Data', readSettings('test', settings)) };
}

const folders = ['files/*', 'previews/*'];
const places = ['ATTACHMENTS_BUCKET', 'ATTACHMENTS_KEY_ARN'];

test.each<[string, string, object, readonly string[]]>([
  [
    'upload',
    'UploadAttachment',
    {
      UploadAttachments: ['PutObject ListMultipartUploadParts', 'files/*'],
      EncryptAttachments: ['GenerateDataKey'],
      DecryptAttachments: ['Decrypt'],
    },
    places,
  ],
  [
    'complete',
    'CompleteUpload',
    {
      CompleteUploads: ['PutObject ListMultipartUploadParts GetObjectVersion DeleteObjectVersion', 'files/*'],
      FindUploaded: ['ListBucketVersions', '', ['files/*']],
      DecryptAttachments: ['Decrypt'],
    },
    places,
  ],
  ['download', 'DownloadAttachment', {}, [...places, 'DOWNLOAD_ROLE_ARN']],
  [
    'preview',
    'ShowMe',
    {
      ReadAttachments: ['GetObjectVersion', 'files/*'],
      WritePreviews: ['PutObject', 'previews/*'],
      FindPreviews: ['ListBucketVersions', '', ['previews/*']],
      EncryptAttachments: ['GenerateDataKey'],
      DecryptAttachments: ['Decrypt'],
    },
    places,
  ],
  [
    'delete',
    'DeleteAttachments',
    {
      FindAttachments: ['ListBucketVersions', '', folders],
      DeleteAttachments: ['DeleteObjectVersion', ...folders],
    },
    ['ATTACHMENTS_BUCKET'],
  ],
  [
    'abort',
    'ListSessions',
    {
      FindUploads: ['ListBucketMultipartUploads', ''],
      AbortUploads: ['AbortMultipartUpload', 'files/*'],
    },
    ['ATTACHMENTS_BUCKET'],
  ],
])(
  'to %s, a door is lent exact actions in its folders, the key through S3 alone, and their names',
  (_, door, wanted, names) => {
    const { PolicyDocument } = propertiesOf('AWS::IAM::ManagedPolicy', door);
    const { Statement: lent } = resolved(PolicyDocument, attachmentArn) as { Statement: Statement[] };
    const ours = lent.filter(({ Sid = '' }) => !['WriteOwnLog', 'AssumeAsPersonDownload'].includes(Sid));
    expect(Object.fromEntries(ours.map((one) => [one.Sid, inWords(one)]))).toEqual(wanted);

    const { Environment } = propertiesOf('AWS::Lambda::Function', door);
    expect(Object.keys(Environment.Variables).sort()).toEqual(names);
  },
);

test('a download is lent to a role for one person, and to no door', () => {
  const { PolicyDocument } = propertiesOf('AWS::IAM::ManagedPolicy', 'AsPersonDownload');
  const { Statement: lent } = resolved(PolicyDocument, attachmentArn) as { Statement: Statement[] };
  expect(Object.fromEntries(lent.map((one) => [one.Sid, inWords(one)]))).toEqual({
    DownloadAttachments: ['GetObjectVersion', ...folders],
    DecryptAttachments: ['Decrypt'],
  });
});

/** Actions, folders, and the prefixes that a listing must have; a key's statement has to name the key and S3. */
function inWords({ Action, Resource, Condition, Sid }: Statement): unknown[] {
  const actions = [Action ?? []].flat().map((action) => action.split(':')[1]);
  if (/cryptAttachments$/.test(Sid ?? '')) {
    expect(Resource).toBe(key);
    expect(Condition).toEqual({ StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } });
    return [actions.join(' ')];
  }
  const within = [Resource ?? []].flat().map((resource) => resource.slice(bucket.length).replace('/', ''));
  const prefixes = Condition?.StringLike?.['s3:prefix'];
  return [actions.join(' '), ...within, ...(prefixes === undefined ? [] : [prefixes])];
}

/** Whether the rule that runs a door takes an event. */
function ruleOf(door: string) {
  const { EventPattern } = propertiesOf('AWS::Events::Rule', door);
  const pattern = resolved(EventPattern, attachmentArn) as Record<string, unknown>;
  return readPattern(pattern, ruleOperators, (why) => {
    throw new Error(why);
  });
}

const scanned = (scanResultStatus = 'THREATS_FOUND') => ({
  source: 'aws.guardduty',
  'detail-type': 'GuardDuty Malware Protection Object Scan Result',
  detail: {
    scanStatus: 'COMPLETED',
    s3ObjectDetails: { bucketName, objectKey: 'files/c/a' },
    scanResultDetails: { scanResultStatus },
  },
});

test('a preview is asked for of what was found clean alone', () => {
  const fits = ruleOf('MakePreview');
  expect(
    ['NO_THREATS_FOUND', 'THREATS_FOUND', 'UNSUPPORTED', 'FAILED'].map((one) => fits(scanned(one))),
  ).toEqual([true, false, false, false]);
});

test('a verdict about a file runs a door, is tried again for a day, and noted where the door fails three times', () => {
  const { Targets } = propertiesOf('AWS::Events::Rule', 'RecordScan');
  const fits = ruleOf('RecordScan');
  const event = scanned();
  expect(fits(event)).toBe(true);
  const untagged = { ...event, 'detail-type': 'GuardDuty Malware Protection Post Scan Action Failed' };
  expect(fits(untagged)).toBe(true);
  expect(ruleOf('MakePreview')(untagged)).toBe(false);
  expect(fits({ ...event, source: 'app.guardduty' })).toBe(false);
  expect(fits({ ...event, 'detail-type': 'GuardDuty Finding' })).toBe(false);
  expect(fits({ ...event, detail: { s3ObjectDetails: { bucketName: 'another' } } })).toBe(false);

  expect(Targets[0].RetryPolicy).toEqual({ MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 });
  const { MaximumRetryAttempts } = propertiesOf('AWS::Lambda::EventInvokeConfig', 'RecordScan');
  expect(MaximumRetryAttempts).toBe(2);
});

test('where no web app may connect, no page reaches a file; a throw-away deployment’s bucket can be emptied, and goes with its policy', () => {
  const { data } = dataStack({ protect: false });
  const template = Template.fromStack(data);
  const [made] = Object.values(template.findResources('AWS::S3::Bucket'));
  expect(made?.Properties).not.toHaveProperty('CorsConfiguration');
  for (const type of ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy'])
    template.hasResource(type, { DeletionPolicy: 'Delete' });
  const refused = Object.values(template.findResources('AWS::S3::BucketPolicy')).flatMap(
    ({ Properties }) => Properties.PolicyDocument.Statement as { Sid?: string; Action: string | string[] }[],
  );
  expect(refused.map(({ Sid }) => Sid)).toContain('RefuseOtherReaders');
  const deletion = ['s3:DeleteObject', 's3:DeleteObjectVersion'];
  expect(refused.filter(({ Action }) => deletion.some((one) => [Action].flat().includes(one)))).toEqual([]);
});

/** The properties of the one resource of this type that belongs to a door. */
function propertiesOf(type: string, door: string) {
  const found = Object.entries(messaging.findResources(type)).filter(([id]) => id.startsWith(door));
  expect(found).toHaveLength(1);
  return found[0]?.[1].Properties;
}
