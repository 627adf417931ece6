import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  CfnBucket,
  type CorsRule,
  HttpMethods,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { env } from '../functions/wiring/env-names.ts';
import { acknowledge, bucketFindings } from './acknowledgements.ts';
import { attachmentPolicy, EXPORTS, FILES, PREVIEWS } from './attachment-policy.ts';
import type { Backups } from './backups.ts';
import type { Borrower, Door } from './door.ts';
import type { EncryptionKey } from './encryption-keys.ts';
import { MalwareScanner } from './malware-scanner.ts';
import type { ParkedQueue } from './parked-queue.ts';
import type { Trail } from './trail.ts';

export interface AttachmentStoreProps {
  readonly encryptionKey: EncryptionKey;
  readonly backups: Backups;
  /** What the names of the deployment's stacks begin with. */
  readonly deployment: string;
  /** Origins of web apps that may send and fetch files. */
  readonly allowedOrigins: readonly string[];
  readonly protect: boolean;
}

/**
 * The files that people attach, under `files/<conversation>/<attachment>`, and their previews, under
 * `previews/<conversation>/<attachment>`: encrypted under our key, written once, read by nobody before a scan found no
 * threat. People reach them by presigned requests of doors alone.
 */
export class AttachmentStore extends Construct {
  private readonly bucket: Bucket;
  private readonly encryptionKey: EncryptionKey;
  private readonly backupDays: number;

  constructor(scope: Construct, id: string, props: AttachmentStoreProps) {
    super(scope, id);
    const { encryptionKey, backups, deployment, allowedOrigins, protect } = props;
    const removalPolicy = protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.encryptionKey = encryptionKey;
    this.backupDays = backups.keepDays;
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.KMS,
      encryptionKey,
      bucketKeyEnabled: true,
      versioned: true,
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      cors: allowedOrigins.length > 0 ? [fromWebApps(allowedOrigins)] : undefined,
      lifecycleRules: [
        {
          id: 'EndWhatIsLeft',
          abortIncompleteMultipartUploadAfter: Duration.days(2),
          noncurrentVersionExpiration: Duration.days(1),
          expiredObjectDeleteMarker: true,
        },
        { id: 'EndExports', prefix: EXPORTS, expiration: Duration.days(8) }, // where no door deletes them after seven
      ],
      removalPolicy, // without `protect`, an operator empties it before the stack can go
    });
    tellEventBridge(this.bucket);
    acknowledge(this.bucket, bucketFindings);
    backups.coverBucket(this.bucket);

    const scanner = new MalwareScanner(this, 'Scanner', {
      bucket: this.bucket,
      encryptionKey,
      prefix: FILES,
    });
    const readers = { deployment, scanner: scanner.roleArn, backups: backups.roleArn, protect };
    for (const statement of attachmentPolicy(this.bucket, encryptionKey, readers))
      this.bucket.addToResourcePolicy(statement);
    this.bucket.policy?.applyRemovalPolicy(removalPolicy); // a bucket that outlives its policy is open to the account
    if (this.bucket.policy) scanner.waitFor(this.bucket.policy);
  }

  /** The bucket's name, for the operator. */
  get bucketName(): string {
    return this.bucket.bucketName;
  }

  /** Has `trail` record every call on a file. */
  watchedBy(trail: Trail): void {
    trail.watchBucket(this.bucket.bucketArn);
  }

  /** Lets `door` sign the upload of a file, whole or in parts, and see which parts have come. */
  letUpload(door: Door): void {
    this.lend(door, 'UploadAttachments', [FILES], ['PutObject', 'ListMultipartUploadParts']);
    this.lendKey(door, 'EncryptAttachments', 'kms:GenerateDataKey');
    this.lendKey(door, 'DecryptAttachments', 'kms:Decrypt'); // S3 asks for it with each part
  }

  /** Lets `door` put the parts of a file together, look at what came, scanned or not, and throw away what is not as declared. */
  letComplete(door: Door): void {
    const putting = ['PutObject', 'ListMultipartUploadParts'] as const;
    this.lend(door, 'CompleteUploads', [FILES], [...putting, ...reading, ...deleting]);
    this.lendFinding(door, 'FindUploaded', [FILES]);
    this.lendKey(door, 'DecryptAttachments', 'kms:Decrypt');
  }

  /** Lets a session of `role` sign the download of a file in which no threat was found, and of previews. */
  letDownload(role: Borrower): void {
    this.lend(role, 'DownloadAttachments', [FILES, PREVIEWS], reading);
    this.lendKey(role, 'DecryptAttachments', 'kms:Decrypt');
  }

  /** Lets `door` read a file in which no threat was found, and keep a preview of it, or find the one that was kept. */
  letPreview(door: Door): void {
    this.lend(door, 'ReadAttachments', [FILES], reading);
    this.lend(door, 'WritePreviews', [PREVIEWS], ['PutObject']);
    this.lendFinding(door, 'FindPreviews', [PREVIEWS]);
    this.lendKey(door, 'EncryptAttachments', 'kms:GenerateDataKey');
    this.lendKey(door, 'DecryptAttachments', 'kms:Decrypt');
  }

  /** Lets `door` read files in which no threat was found, and make exports of them, and delete these. */
  letMakeExports(door: Door): void {
    this.lend(door, 'ReadAttachments', [FILES], reading);
    this.lend(door, 'MakeExports', [EXPORTS], ['PutObject', 'AbortMultipartUpload', ...deleting]);
    this.lendFinding(door, 'FindExports', [EXPORTS]);
    this.lendKey(door, 'EncryptAttachments', 'kms:GenerateDataKey');
    this.lendKey(door, 'DecryptAttachments', 'kms:Decrypt');
  }

  /** Lets a session of `role` sign the download of an export. */
  letHandOutExports(role: Borrower): void {
    this.lend(role, 'DownloadExports', [EXPORTS], reading);
    this.lendKey(role, 'DecryptAttachments', 'kms:Decrypt');
  }

  /** Lets `door` find every version of a file and its preview, and delete them. */
  letDelete(door: Door): void {
    this.lendFinding(door, 'FindAttachments', [FILES, PREVIEWS]);
    this.lend(door, 'DeleteAttachments', [FILES, PREVIEWS], deleting);
  }

  /** Lets `door` find uploads in parts that nobody completed, and end them before the two days that they have. */
  letAbort(door: Door): void {
    door.lend({
      name: 'FindUploads', // of the whole bucket: this action has no `s3:prefix` (Service Authorization Reference), and would be refused for want of it
      actions: ['s3:ListBucketMultipartUploads'],
      resources: [this.bucket.bucketArn],
    });
    this.lend(door, 'AbortUploads', [FILES], ['AbortMultipartUpload']);
  }

  /** Lets `door` delete all files of a conversation and the exports that hold it; says how long backups keep them. */
  letShred(door: Door): void {
    const all = [FILES, PREVIEWS, EXPORTS];
    this.lendFinding(door, 'FindShredded', all);
    this.lend(door, 'DeleteShredded', all, deleting);
    this.letAbort(door);
    door.tell(env.backupDays, String(this.backupDays));
  }

  /** Runs `door` with each verdict about a file, and where its tag could not be written. A run that fails is tried twice more, and then noted in `parked`. */
  onScanned(door: Door, parked: ParkedQueue): void {
    this.onVerdict(door, parked, [RESULT, 'GuardDuty Malware Protection Post Scan Action Failed'], {});
  }

  /** Runs `door` with each file in which no threat was found, as {@link onScanned} does. */
  onFoundClean(door: Door, parked: ParkedQueue): void {
    this.onVerdict(door, parked, [RESULT], {
      scanResultDetails: { scanResultStatus: ['NO_THREATS_FOUND'] },
    });
  }

  private onVerdict(door: Door, parked: ParkedQueue, detailType: string[], narrower: object): void {
    new Rule(door, 'Scanned', {
      description: `Runs the door ${door.node.id} when a file was scanned`,
      eventPattern: {
        source: ['aws.guardduty'],
        detailType,
        detail: { s3ObjectDetails: { bucketName: [this.bucket.bucketName] }, ...narrower },
      },
      targets: [new LambdaFunction(door.function, { maxEventAge: Duration.hours(24), retryAttempts: 185 })],
    });
    parked.noteFailures(new Construct(door, 'ScannedFailures'), door);
  }

  private lend(
    door: Borrower,
    name: string,
    prefixes: readonly string[],
    actions: readonly ObjectAction[],
  ): void {
    door.lend({
      name,
      actions: actions.map((action) => `s3:${action}`),
      resources: prefixes.map((prefix) => this.bucket.arnForObjects(`${prefix}*`)),
    });
    door.tell(env.attachmentsBucket, this.bucket.bucketName);
  }

  private lendFinding(door: Door, name: string, prefixes: readonly string[]): void {
    door.lend({
      name,
      actions: ['s3:ListBucketVersions'],
      resources: [this.bucket.bucketArn],
      conditions: { StringLike: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } },
    });
    door.tell(env.attachmentsBucket, this.bucket.bucketName);
  }

  private lendKey(door: Borrower, name: string, action: 'kms:Decrypt' | 'kms:GenerateDataKey'): void {
    door.lend({
      name,
      actions: [action],
      resources: [this.encryptionKey.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `s3.${Stack.of(this).region}.amazonaws.com` } },
    });
    door.tell(env.attachmentsKeyArn, this.encryptionKey.keyArn);
  }
}

/** GuardDuty user guide, "Monitoring S3 object scans with Amazon EventBridge". */
const RESULT = 'GuardDuty Malware Protection Object Scan Result';

/** Of a version that the door names: none reads or deletes whatever happens to be the newest. */
const reading = ['GetObjectVersion'] as const;
const deleting = ['DeleteObjectVersion'] as const;

type ObjectAction =
  | (typeof reading)[number]
  | (typeof deleting)[number]
  | 'AbortMultipartUpload'
  | 'ListMultipartUploadParts'
  | 'PutObject';

function fromWebApps(origins: readonly string[]): CorsRule {
  return {
    allowedOrigins: [...origins],
    allowedMethods: [HttpMethods.PUT, HttpMethods.GET, HttpMethods.HEAD],
    allowedHeaders: ['content-type', 'content-length', 'if-none-match', 'range', 'x-amz-*'],
    exposedHeaders: ['ETag', 'x-amz-version-id', 'x-amz-checksum-sha256'],
    maxAge: 3600,
  };
}

/** GuardDuty and AWS Backup hear of new objects this way. The L2 property would bring a Lambda function of CDK's own. */
function tellEventBridge(bucket: Bucket): void {
  const { defaultChild } = bucket.node;
  if (!(defaultChild instanceof CfnBucket)) throw new Error('the bucket has no CloudFormation resource');
  defaultChild.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
}
