import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { CfnMalwareProtectionPlan } from 'aws-cdk-lib/aws-guardduty';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, CfnBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { cacheDirectory } from '../../../cli/cache-directory.ts';
import { type RunningStack, startStack } from '../../../local/stack.ts';
import { emptyDatabase } from '../../fixtures/shared-engine.ts';

/** A running CDK app that is not ours: two scanned buckets, the second by a role that may not read, and a queue that hears of both. */
export async function startPlainFiles(): Promise<{
  readonly stack: RunningStack;
  readonly outputs: Readonly<Record<string, string>>;
  close(): Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'plain-files-'));
  synthesize(folder);
  const faults: unknown[] = [];
  const stack = await startStack({
    assembly: folder,
    cacheDirectory,
    database: await emptyDatabase(),
    onFault: (error) => faults.push(error),
  });
  return {
    stack,
    outputs: stack.outputs.Files ?? {},
    close: async () => {
      await stack.close();
      rmSync(folder, { recursive: true });
      if (faults.length > 0) throw new AggregateError(faults, 'the local run met faults');
    },
  };
}

function synthesize(outdir: string): void {
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, 'Files');
  const heard = new Queue(stack, 'Heard');
  const read = ['s3:GetObject', 's3:GetObjectVersion'];
  const tag = ['s3:GetObject*Tagging', 's3:PutObject*Tagging'];
  const buckets = {
    Scanned: scannedBucket(stack, 'Scanned', [...read, ...tag]),
    Unreadable: scannedBucket(stack, 'Unreadable', tag),
  };
  new Rule(stack, 'Told', {
    eventPattern: { source: ['aws.s3', 'aws.guardduty'] },
    targets: [new SqsQueue(heard)],
  });
  for (const [name, bucket] of Object.entries(buckets))
    new CfnOutput(stack, `${name}Name`, { value: bucket.bucketName });
  new CfnOutput(stack, 'QueueUrl', { value: heard.queueUrl });
  app.synth();
}

function scannedBucket(stack: Stack, id: string, actions: readonly string[]): Bucket {
  const encryptionKey = new Key(stack, `${id}Key`);
  const bucket = new Bucket(stack, id, {
    ...{ encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true, versioned: true },
    ...{ enforceSSL: true, blockPublicAccess: BlockPublicAccess.BLOCK_ALL },
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
  });
  const { defaultChild } = bucket.node;
  if (!(defaultChild instanceof CfnBucket)) throw new Error('the bucket has no CloudFormation resource');
  defaultChild.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
  const role = new Role(stack, `${id}Scanner`, {
    assumedBy: new ServicePrincipal('malware-protection-plan.guardduty.amazonaws.com'),
  });
  role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [bucket.arnForObjects('in/*')] }));
  encryptionKey.grantDecrypt(role);
  new CfnMalwareProtectionPlan(stack, `${id}Plan`, {
    role: role.roleArn,
    protectedResource: { s3Bucket: { bucketName: bucket.bucketName, objectPrefixes: ['in/'] } },
    actions: { tagging: { status: 'ENABLED' } },
  });
  return bucket;
}
