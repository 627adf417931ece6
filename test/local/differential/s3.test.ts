import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectTaggingCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eicar, zip } from '../guardduty/archives.ts';
import { AwsCli, cliVersion } from './aws-cli.ts';
import { startPlainFiles } from './plain-files.ts';

type Files = Awaited<ReturnType<typeof startPlainFiles>>;
interface Told {
  readonly 'detail-type': string;
  readonly source: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

let files: Files;
let s3: S3Client;
let folder: string;
let told: Told[];
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  files = await startPlainFiles();
  closers.push(() => files.close());
  const { stack } = files;
  s3 = new S3Client({
    region: 'us-east-1',
    endpoint: stack.awsEndpointUrl,
    credentials: stack.administrator,
  });
  closers.push(() => s3.destroy());
  folder = mkdtempSync(join(tmpdir(), 's3-cli-'));
  closers.push(() => rmSync(folder, { recursive: true }));
  told = [];
}, 60_000);
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

const bucket = () => files.outputs.ScannedName ?? '';

/** All events about an object so far, oldest first. */
function eventsOf(key: string): readonly Told[] {
  const queue = files.stack.queues.queue(
    files.stack.resources.find(({ type }) => type === 'AWS::SQS::Queue')?.attributes.Arn ?? '',
  );
  for (const { message } of queue?.receive(10) ?? []) told.push(JSON.parse(message.body) as Told);
  return told.filter(({ detail }) => JSON.stringify(detail).includes(JSON.stringify(key)));
}

describe('what happens in a bucket of a CDK app that is not ours', () => {
  test.each([
    ['in/letter', Buffer.from('hello'), 'NO_THREATS_FOUND', 'COMPLETED'],
    ['in/virus', eicar, 'THREATS_FOUND', 'COMPLETED'],
    [
      'in/locked.zip',
      zip({ name: 'a', bytes: eicar, isEncrypted: true, method: 8 }),
      'UNSUPPORTED',
      'SKIPPED',
    ],
  ])(
    '%s is told of, scanned and tagged with the verdict',
    async (Key, Body, scanResultStatus, scanStatus) => {
      const Bucket = bucket();
      const Tagging = 'ours=kept';
      const { ETag, VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key, Body, Tagging }));
      await expect.poll(() => eventsOf(Key).map((one) => one['detail-type'])).toHaveLength(3);
      const [created, ...others] = eventsOf(Key);
      const eTag = ETag?.replaceAll('"', '');
      expect(created).toMatchObject({
        source: 'aws.s3',
        'detail-type': 'Object Created',
        resources: [`arn:aws:s3:::${Bucket}`],
        detail: {
          version: '0',
          bucket: { name: Bucket },
          object: {
            key: Key,
            size: Body.length,
            etag: eTag,
            'version-id': VersionId,
            sequencer: expect.any(String),
          },
          requester: '111122223333',
          'source-ip-address': '127.0.0.1',
          reason: 'PutObject',
        },
      });
      expect(others.map((one) => one['detail-type']).sort()).toEqual([
        'GuardDuty Malware Protection Object Scan Result',
        'Object Tags Added',
      ]);
      expect(others.find(({ source }) => source === 'aws.guardduty')).toMatchObject({
        resources: [
          expect.stringMatching(/^arn:aws:guardduty:us-east-1:111122223333:malware-protection-plan\/\w+$/),
        ],
        detail: {
          schemaVersion: '1.0',
          scanStatus,
          resourceType: 'S3_OBJECT',
          s3ObjectDetails: {
            bucketName: Bucket,
            objectKey: Key,
            eTag,
            versionId: VersionId,
            s3Throttled: false,
          },
          scanResultDetails: {
            scanResultStatus,
            threats:
              scanResultStatus === 'THREATS_FOUND' ? [{ name: expect.stringContaining('EICAR') }] : null,
          },
        },
      });
      const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key, VersionId }));
      expect(TagSet).toEqual([
        { Key: 'ours', Value: 'kept' },
        { Key: 'GuardDutyMalwareScanStatus', Value: scanResultStatus },
      ]);
    },
  );

  test('outside the plan’s prefixes nothing is scanned', async () => {
    await s3.send(new PutObjectCommand({ Bucket: bucket(), Key: 'out/virus', Body: eicar }));
    await expect.poll(() => eventsOf('out/virus')).toHaveLength(1);
    await s3.send(new PutObjectCommand({ Bucket: bucket(), Key: 'in/after', Body: 'x' }));
    await expect.poll(() => eventsOf('in/after')).toHaveLength(3);
    expect(eventsOf('out/virus')).toHaveLength(1);
  });

  test('a role that may not read gets ACCESS_DENIED, and the missing statement is named', async () => {
    const Bucket = files.outputs.UnreadableName ?? '';
    await s3.send(new PutObjectCommand({ Bucket, Key: 'in/closed', Body: eicar }));
    await expect.poll(() => eventsOf('in/closed')).toHaveLength(3);
    const result = eventsOf('in/closed').find(({ source }) => source === 'aws.guardduty');
    expect(result?.detail).toMatchObject({
      scanStatus: 'SKIPPED',
      scanResultDetails: { scanResultStatus: 'ACCESS_DENIED', threats: null },
    });
    expect(files.stack.permissions.refusals()).toMatchObject([
      { action: 's3:GetObjectVersion', principal: expect.stringContaining('UnreadableScanner') },
    ]);
  });
});

const suite = cliVersion === undefined ? 'the AWS CLI (skipped: there is no aws on the PATH)' : 'the AWS CLI';
describe.skipIf(cliVersion === undefined)(suite, () => {
  let cli: AwsCli;
  beforeAll(() => {
    cli = new AwsCli(files.stack.awsEndpointUrl);
    closers.push(() => cli.close());
  });
  const aws = (...args: string[]) => cli.run(files.stack.administrator, args);

  test('copies a file up in parts and down again, and lists and removes it', async () => {
    const [up, down] = [join(folder, 'up'), join(folder, 'down')];
    const content = randomBytes(9 * 1024 ** 2); // above the CLI's own threshold of 8 MB
    writeFileSync(up, content);
    const url = `s3://${bucket()}/cli/ä file+1.bin`;
    expect(await aws('s3', 'cp', up, url, '--only-show-errors')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await aws('s3', 'cp', url, down, '--only-show-errors')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(readFileSync(down).equals(content)).toBe(true);
    const operations = files.stack.meter.totals(({ operation }) => operation.includes('Part')).operations;
    expect(operations['s3:UploadPart']).toBeGreaterThan(1);

    const at = ['--bucket', bucket(), '--key', 'cli/ä file+1.bin'];
    const listed = await aws(
      's3api',
      'list-objects-v2',
      '--bucket',
      bucket(),
      '--prefix',
      'cli/',
      '--delimiter',
      '/',
    );
    expect(Object(listed.answer).Contents).toMatchObject([{ Key: 'cli/ä file+1.bin', Size: content.length }]);
    const head = await aws('s3api', 'head-object', ...at);
    expect(head.answer).toMatchObject({ ContentLength: content.length, ServerSideEncryption: 'aws:kms' });
    expect((await aws('s3', 'rm', url, '--only-show-errors')).exitCode).toBe(0);
    expect((await aws('s3api', 'head-object', ...at)).error).toMatchObject({
      name: '404',
      message: 'Not Found',
    });
  }, 30_000);

  test('puts with a checksum and a condition, and is told of what does not hold', async () => {
    const file = join(folder, 'small');
    writeFileSync(file, 'small');
    const sha256 = createHash('sha256').update('small').digest('base64');
    const put = ['s3api', 'put-object', '--bucket', bucket(), '--key', 'cli/small', '--body', file];
    const put256 = (value: string, ...more: string[]) => aws(...put, '--checksum-sha256', value, ...more);
    const first = await put256(sha256, '--tagging', 'a=1&b=2');
    expect(first.answer).toMatchObject({
      ChecksumSHA256: sha256,
      ChecksumType: 'FULL_OBJECT',
      BucketKeyEnabled: true,
    });
    const other = createHash('sha256').update('other').digest('base64');
    expect((await put256(other)).error).toEqual({
      name: 'BadDigest',
      operation: 'PutObject',
      message: 'The SHA256 you specified did not match the calculated checksum.',
    });
    expect(
      (await aws('s3api', 'get-object-tagging', '--bucket', bucket(), '--key', 'cli/small')).answer,
    ).toMatchObject({
      TagSet: [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ],
    });
    const missing = ['s3api', 'get-object', '--bucket', bucket(), '--key', 'cli/none', join(folder, 'none')];
    expect((await aws(...missing)).error).toEqual({
      name: 'NoSuchKey',
      operation: 'GetObject',
      message: 'The specified key does not exist.',
    });
    const nowhere = await aws('s3api', 'list-objects-v2', '--bucket', 'no-such-bucket-here');
    expect(nowhere.error).toMatchObject({
      name: 'NoSuchBucket',
      message: 'The specified bucket does not exist',
    });
  }, 30_000);
});
