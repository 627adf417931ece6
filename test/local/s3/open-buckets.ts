import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import { CredentialStore, type Credentials } from '../../../local/front-door/credentials.ts';
import { Faults } from '../../../local/front-door/faults.ts';
import { Meter } from '../../../local/front-door/meter.ts';
import { FrontDoor } from '../../../local/front-door/server.ts';
import { Trail } from '../../../local/front-door/trail.ts';
import { PermissionRecord } from '../../../local/iam/permission-record.ts';
import type { Principal, Statement } from '../../../local/iam/policy.ts';
import { KmsService } from '../../../local/kms/service.ts';
import { S3Service } from '../../../local/s3/service.ts';
import type { Identify, Resource } from '../../../local/template/resource.ts';

export const BUCKET = 'plain-files-0123456789ab';
const where = { account: localAccount, stack: 'Plain' };

/** Resources of a template as the local run resolves them. */
export function resourceOf(
  type: string,
  logicalId: string,
  properties: Record<string, unknown>,
  identify: Identify,
): Resource {
  const seed = '0123456789abcdefghijklmnop';
  const identity = identify({ ...where, logicalId, seed, property: (name) => properties[name] });
  return { stack: where.stack, logicalId, type, properties, ...identity };
}

const ROOT: Statement = {
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::111122223333:root' },
  Action: 'kms:*',
  Resource: '*',
};

export const keyResource = (statements: readonly Statement[] = [ROOT]) =>
  resourceOf(
    'AWS::KMS::Key',
    'FilesKey',
    { KeyPolicy: { Version: '2012-10-17', Statement: statements } },
    KmsService.identifyKey,
  );
export const KEY_ARN = keyResource().attributes.Arn ?? '';

export interface BucketSetting {
  readonly properties?: Record<string, unknown>;
  readonly policy?: readonly Statement[];
  readonly keyPolicy?: readonly Statement[];
  /** Kept between two runs by whoever gives it. */
  readonly directory?: string;
  readonly startAt?: Date;
}

/** A front door with one bucket and one key behind it, both from resources as a template has them. `close` ends it. */
export async function openBuckets(setting: BucketSetting = {}) {
  if (setting.directory !== undefined) return open(setting, setting.directory, () => {});
  const directory = mkdtempSync(join(tmpdir(), 'buckets-'));
  const forget = () => rmSync(directory, { recursive: true });
  return open(setting, directory, forget).catch((error) => {
    forget();
    throw error;
  });
}

async function open(setting: BucketSetting, directory: string, forget: () => void) {
  const { properties = {}, policy, keyPolicy, startAt } = setting;
  const clock = new Clock(startAt);
  const credentials = new CredentialStore(clock);
  const keys = new KmsService({ account: localAccount, clock, stateFile: join(directory, 'kms.json') });
  keys.addKey(keyResource(keyPolicy));
  const s3 = new S3Service({
    ...{ account: localAccount, clock, credentials, directory: join(directory, 's3') },
    keyPolicyOf: (keyArn) => keys.keyPolicyOf(keyArn),
  });
  s3.addBucket(
    resourceOf('AWS::S3::Bucket', 'Files', { BucketName: BUCKET, ...properties }, S3Service.identifyBucket),
  );
  if (policy) {
    const PolicyDocument = { Version: '2012-10-17', Statement: policy };
    s3.addPolicy(
      resourceOf(
        'AWS::S3::BucketPolicy',
        'FilesPolicy',
        { Bucket: BUCKET, PolicyDocument },
        S3Service.identifyBucketPolicy,
      ),
    );
  }
  s3.start();
  const trail = new Trail({ account: localAccount, clock });
  const [meter, faults, permissions, reported] = [
    new Meter(),
    new Faults(),
    new PermissionRecord(),
    [] as unknown[],
  ];
  const door = new FrontDoor({
    ...{ account: localAccount, clock, credentials, trail, meter, faults, judge: permissions.judge },
    services: [s3, keys],
    onFault: (error) => reported.push(error),
  });
  const url = await door.listen(0);
  const clients: S3Client[] = [];
  const objects = join(directory, 's3', 'objects');
  const arriving = join(directory, 's3', 'arriving');
  return {
    ...{ url, clock, keys, s3, trail, meter, faults, permissions, reported, directory, credentials },
    client: (who: Principal | Credentials) => {
      const client = new S3Client({
        region: 'us-east-1',
        endpoint: url,
        credentials: 'accessKeyId' in who ? who : credentials.issue(who),
        maxAttempts: 1,
        systemClockOffset: clock.now() - Date.now(),
      });
      clients.push(client);
      return client;
    },
    /** Names of the files of whole objects, and of what is still arriving. */
    files: () => [objects, arriving].map((folder) => (existsSync(folder) ? readdirSync(folder) : [])),
    close: async () => {
      for (const client of clients) client.destroy();
      await door.close();
      s3.close();
      keys.close();
      clock.stop();
      forget();
      if (reported.length > 0) throw new AggregateError(reported, 'the local run met faults');
    },
  };
}

export type Buckets = Awaited<ReturnType<typeof openBuckets>>;
