import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  ObjectLockRetention,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge, lockedBucketFindings } from './acknowledgements.ts';
import type { Door } from './door.ts';
import type { EncryptionKey } from './encryption-keys.ts';
import { lockedBucketPolicy } from './locked-bucket-policy.ts';

export interface LockedBucketProps {
  readonly encryptionKey: EncryptionKey;
  /** Days from its writing on which nobody deletes or changes an object. */
  readonly retentionDays: number;
  /**
   * Whether retention is in compliance mode, which nobody ends early, not the root user and not AWS, and deletion is refused
   * even after it. Otherwise it is in governance mode, which `s3:BypassGovernanceRetention` passes by: a throw-away account
   * can be emptied.
   */
  readonly protect: boolean;
  /** Folders, each with its final slash, in which an object is written only where none of its name stands. @default none */
  readonly writtenOnce?: readonly string[];
}

/** A folder of a locked bucket that is lent to a door. */
export interface LentFolder {
  /** What lies there, in PascalCase: statements are named by it. */
  readonly of: string;
  /** With its final slash. */
  readonly folder: string;
  /** The environment variables by which the door knows the bucket, and the key it writes under. */
  readonly bucketVariable: string;
  readonly keyVariable?: string;
}

/**
 * A bucket from which nothing goes before its time: Object Lock with a retention that every object gets by itself, versions,
 * one key of ours, HTTPS alone, no other account. Nothing in it ends by itself afterwards either.
 */
export class LockedBucket extends Construct {
  private readonly bucket: Bucket;
  private readonly encryptionKey: EncryptionKey;

  constructor(scope: Construct, id: string, props: LockedBucketProps) {
    super(scope, id);
    const { encryptionKey, retentionDays, protect, writtenOnce = [] } = props;
    const removalPolicy = protect ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const retention = Duration.days(retentionDays);
    this.encryptionKey = encryptionKey;
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.KMS,
      encryptionKey,
      bucketKeyEnabled: true,
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention: protect
        ? ObjectLockRetention.compliance(retention)
        : ObjectLockRetention.governance(retention),
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy,
    });
    acknowledge(this.bucket, lockedBucketFindings);
    for (const statement of lockedBucketPolicy(this.bucket, encryptionKey, { protect, writtenOnce }))
      this.bucket.addToResourcePolicy(statement);
    this.bucket.policy?.applyRemovalPolicy(removalPolicy); // a bucket that outlives its policy is open to the account
  }

  get bucketName(): string {
    return this.bucket.bucketName;
  }

  get bucketArn(): string {
    return this.bucket.bucketArn;
  }

  /** Adds to what the bucket's policy says: for a service of AWS that writes to it. Whoever names the bucket waits for the policy. */
  say(statement: PolicyStatement): void {
    this.bucket.addToResourcePolicy(statement);
  }

  /** Has `construct` made after the bucket's policy. */
  standBefore(construct: Construct): void {
    if (this.bucket.policy) construct.node.addDependency(this.bucket.policy);
  }

  /** Lets `door` write objects in a folder, under the bucket's key. */
  letWrite(door: Door, { of, folder, bucketVariable, keyVariable }: LentFolder): void {
    door.lend({
      name: `Write${of}`,
      actions: ['s3:PutObject'],
      resources: [this.bucket.arnForObjects(`${folder}*`)],
    });
    this.lendKey(door, `Encrypt${of}`, 'kms:GenerateDataKey');
    door.tell(bucketVariable, this.bucket.bucketName);
    if (keyVariable) door.tell(keyVariable, this.encryptionKey.keyArn);
  }

  /** Lets `door` read objects in a folder, by names that it knows, and be told where there is none: S3 tells that to who may list. */
  letRead(door: Door, { of, folder, bucketVariable }: LentFolder): void {
    door.lend({
      name: `Read${of}`,
      actions: ['s3:GetObject'],
      resources: [this.bucket.arnForObjects(`${folder}*`)],
    });
    door.lend({ name: `Miss${of}`, actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] });
    this.lendKey(door, `Decrypt${of}`, 'kms:Decrypt');
    door.tell(bucketVariable, this.bucket.bucketName);
  }

  private lendKey(door: Door, name: string, action: 'kms:Decrypt' | 'kms:GenerateDataKey'): void {
    door.lend({
      name,
      actions: [action],
      resources: [this.encryptionKey.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `s3.${Stack.of(this).region}.amazonaws.com` } },
    });
  }
}
