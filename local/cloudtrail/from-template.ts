import { join } from 'node:path';
import { type Account, arn } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { CredentialStore } from '../front-door/credentials.ts';
import { evaluate } from '../iam/evaluate.ts';
import type { Judge, Principal } from '../iam/policy.ts';
import type { KmsService } from '../kms/service.ts';
import type { S3Service } from '../s3/service.ts';
import type { Resource } from '../template/resource.ts';
import { Delivery, SERVICE } from './delivery.ts';
import { RunningTrail } from './running-trail.ts';
import { CloudTrailService } from './service.ts';
import { type TrailSettings, trailSettings } from './trail-settings.ts';

interface Parts {
  readonly account: Account;
  readonly clock: Clock;
  readonly resources: readonly Resource[];
  readonly credentials: CredentialStore;
  readonly buckets: S3Service;
  readonly keys: KmsService;
  readonly awsEndpointUrl: () => string;
  /** Where the front door writes every event of the account. */
  readonly eventsFile: string;
  /** Where what must outlive a run is kept. */
  readonly directory: string;
  readonly onFault?: (error: unknown) => void;
}

/** Every trail of the template. Throws where CloudTrail may not write into a trail's bucket or use its key, as AWS refuses such a trail. */
export function trailsOf(parts: Parts): CloudTrailService {
  const { account, clock, resources, credentials, directory } = parts;
  const service = new CloudTrailService({
    ...{ clock, region: account.region },
    keyFile: join(directory, 'cloudtrail-keys.json'),
  });
  const keyArnOf = (named: string) =>
    named.startsWith('arn:') ? named : arn(account, 'kms', `key/${named}`);
  for (const resource of resources.filter(({ type }) => type === 'AWS::CloudTrail::Trail')) {
    const settings = trailSettings(resource, keyArnOf);
    const principal = serviceFor(settings, account);
    requireAccess(settings, principal, parts, `${resource.stack}.${resource.logicalId} (${resource.type})`);
    const delivery = new Delivery({
      ...{ trail: settings, credentials: credentials.issue(principal) },
      ...{ region: account.region, clock, awsEndpointUrl: parts.awsEndpointUrl },
    });
    service.add(
      new RunningTrail({
        ...{ settings, account, clock, delivery, eventsFile: parts.eventsFile, digestKey: service.digestKey },
        stateFile: join(directory, `cloudtrail-${settings.name}.json`),
        onFault: parts.onFault ?? console.error,
      }),
    );
  }
  return service;
}

function serviceFor({ arn: sourceArn }: TrailSettings, { accountId }: Account): Principal {
  return { arn: SERVICE, identityArn: SERVICE, accountId, policies: [], sourceArn };
}

/** CloudTrail user guide, "Amazon S3 bucket policy for CloudTrail" and "Configure AWS KMS key policies for CloudTrail". */
function requireAccess(trail: TrailSettings, principal: Principal, parts: Parts, where: string): void {
  const { account, buckets, keys } = parts;
  const policy = buckets.policyOf(trail.bucket);
  const bucketArn = `arn:${account.partition}:s3:::${trail.bucket}`;
  const may = (authorization: Parameters<Judge>[1]) => evaluate(principal, authorization).allowed;
  const onBucket = policy ? { resourcePolicy: policy } : {};
  const secure = { 'aws:SecureTransport': 'true' };
  const acl = { action: 's3:GetBucketAcl', resource: bucketArn, context: secure, ...onBucket };
  const put = {
    ...{ action: 's3:PutObject', ...onBucket },
    resource: `${bucketArn}/${trail.prefix}AWSLogs/${account.accountId}/CloudTrail/file`,
    context: { ...secure, 's3:x-amz-acl': 'bucket-owner-full-control', ...encryption(trail) },
  };
  if (!may(acl) || !may(put)) {
    throw new Error(
      `${where}: InsufficientS3BucketPolicyException: Incorrect S3 bucket policy is detected for bucket: ${trail.bucket}`,
    );
  }
  if (trail.keyArn === undefined) return;
  const onKey = {
    ...{ resource: trail.keyArn, resourcePolicy: keys.keyPolicyOf(trail.keyArn).policy },
    ...{ resourcePolicyDecides: true, context: { 'kms:EncryptionContext:aws:cloudtrail:arn': trail.arn } },
  };
  if (!may({ ...onKey, action: 'kms:GenerateDataKey' }) || !may({ ...onKey, action: 'kms:DescribeKey' })) {
    throw new Error(
      `${where}: InsufficientEncryptionPolicyException: Insufficient permissions to access S3 bucket ${trail.bucket} or KMS key ${trail.keyArn}.`,
    );
  }
}

function encryption({ keyArn }: TrailSettings): Readonly<Record<string, string>> {
  if (keyArn === undefined) return {};
  return {
    's3:x-amz-server-side-encryption': 'aws:kms',
    's3:x-amz-server-side-encryption-aws-kms-key-id': keyArn,
  };
}
