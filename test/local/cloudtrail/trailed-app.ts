import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { CfnTrail } from 'aws-cdk-lib/aws-cloudtrail';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { publicHalf } from '../../../local/cloudtrail/digest-key.ts';
import type { TrailEvent } from '../../../local/front-door/trail.ts';
import type { RunningStack } from '../../../local/stack.ts';
import { synthesizedApp, temporaryFolder } from '../events/running-app.ts';

const cloudTrail = new ServicePrincipal('cloudtrail.amazonaws.com');

export interface TrailedProps {
  readonly selectors?: CfnTrail.AdvancedEventSelectorProperty[];
  /** Leaves out what lets CloudTrail write. */
  readonly without?: 'bucket policy' | 'key policy';
}

/** An app that is not ours: a bucket `Watched`, and a trail of everything on it, encrypted, with digests. */
export function trailedApp({ selectors, without }: TrailedProps = {}): string {
  return synthesizedApp((stack) => {
    const watched = new Bucket(stack, 'Watched', { removalPolicy: RemovalPolicy.DESTROY });
    const key = new Key(stack, 'Key');
    const bucket = new Bucket(stack, 'Trails', {
      ...{ encryption: BucketEncryption.KMS, encryptionKey: key, versioned: true },
    });
    if (without !== 'bucket policy') letWrite(bucket);
    if (without !== 'key policy') letEncrypt(key, stack);
    const trail = new CfnTrail(stack, 'Trail', {
      ...{ isLogging: true, s3BucketName: bucket.bucketName, kmsKeyId: key.keyArn },
      ...{ isMultiRegionTrail: true, enableLogFileValidation: true },
      advancedEventSelectors: selectors ?? [
        { fieldSelectors: [{ field: 'eventCategory', equalTo: ['Management'] }] },
        {
          fieldSelectors: [
            { field: 'eventCategory', equalTo: ['Data'] },
            { field: 'resources.type', equalTo: ['AWS::S3::Object'] },
            { field: 'resources.ARN', startsWith: [`${watched.bucketArn}/`] },
          ],
        },
      ],
    });
    if (bucket.policy) trail.node.addDependency(bucket.policy);
  });
}

function letWrite(bucket: Bucket): void {
  const principals = [cloudTrail];
  bucket.addToResourcePolicy(
    new PolicyStatement({ principals, actions: ['s3:GetBucketAcl'], resources: [bucket.bucketArn] }),
  );
  bucket.addToResourcePolicy(
    new PolicyStatement({
      ...{ principals, actions: ['s3:PutObject'], resources: [bucket.arnForObjects('AWSLogs/*')] },
      conditions: {
        StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control' },
        ArnLike: { 'aws:SourceArn': 'arn:aws:cloudtrail:*:*:trail/*' },
      },
    }),
  );
}

function letEncrypt(key: Key, { account }: Stack): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      ...{ principals: [cloudTrail], actions: ['kms:GenerateDataKey*', 'kms:DescribeKey'], resources: ['*'] },
      conditions: {
        StringLikeIfExists: {
          'kms:EncryptionContext:aws:cloudtrail:arn': `arn:aws:cloudtrail:*:${account}:trail/*`,
        },
      },
    }),
  );
}

/** What one does with a trail's bucket: writing under a watched one, and fetching all that was delivered. */
export function handsOn(stack: RunningStack) {
  const s3 = new S3Client({
    ...{ endpoint: stack.awsEndpointUrl, region: 'us-east-1', forcePathStyle: true },
    ...{ credentials: stack.administrator, systemClockOffset: stack.clock.ahead, maxAttempts: 1 },
  });
  const nameOf = (id: string) =>
    stack.resources.find(({ logicalId, type }) => logicalId.startsWith(id) && type === 'AWS::S3::Bucket')
      ?.ref ?? '';
  const Bucket = nameOf('Trails');
  const keys = async () =>
    (await s3.send(new ListObjectsV2Command({ Bucket }))).Contents?.flatMap(({ Key = '' }) => Key) ?? [];
  const read = async (Key: string) => {
    const { Body, Metadata = {} } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), Metadata };
  };
  return {
    ...{ s3, keys, bucket: Bucket, watched: nameOf('Watched') },
    write: async (Key: string) =>
      void (await s3.send(new PutObjectCommand({ Bucket: nameOf('Watched'), Key, Body: Key }))),
    /** The events of every log file, in the order of delivery. */
    delivered: async (): Promise<TrailEvent[]> => {
      const logs = (await keys()).filter((key) => key.includes('/CloudTrail/'));
      const files = await Promise.all(logs.map(read));
      const records = files.map(
        ({ bytes }) => JSON.parse(gunzipSync(bytes).toString()) as { Records: TrailEvent[] },
      );
      const events = records.flatMap(({ Records }) => Records);
      return events.sort((one, other) => one.eventTime.localeCompare(other.eventTime));
    },
    /** A directory as `verifyCloudTrail` takes one. */
    download: async (): Promise<string> => {
      const directory = temporaryFolder();
      const signatures: Record<string, string> = {};
      for (const key of await keys()) {
        const { bytes, Metadata } = await read(key);
        mkdirSync(dirname(join(directory, key)), { recursive: true });
        writeFileSync(join(directory, key), bytes);
        if (Metadata.signature) signatures[key] = Metadata.signature;
      }
      const { value, fingerprint } = publicHalf(stack.trails.digestKey());
      const PublicKeyList = [{ Value: value.toString('base64'), Fingerprint: fingerprint }];
      writeFileSync(join(directory, 'public-keys.json'), JSON.stringify({ PublicKeyList }));
      writeFileSync(join(directory, 'signatures.json'), JSON.stringify(signatures));
      return directory;
    },
  };
}
