import { Aws } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { DOWNLOAD_SECONDS, UPLOAD_SECONDS } from '../protocol/attachments.ts';
import type { EncryptionKey } from './encryption-keys.ts';

/** Where files lie, each under its conversation; GuardDuty scans what is put there. */
export const FILES = 'files/';
/** Where exports of what patients may see lie, each under its id; doors make them, and nothing of them stays longer than a week. */
export const EXPORTS = 'exports/';
/** Where pictures of files lie, under the same names; doors make them. */
export const PREVIEWS = 'previews/';

export interface Readers {
  /** What the names of the deployment's stacks begin with: a door is known by the name of its role. */
  readonly deployment: string;
  /** ARN of the role with which GuardDuty scans and tags. */
  readonly scanner: string;
  /** ARN of the role with which AWS Backup reads. */
  readonly backups: string;
  /** Whether only doors may delete; false where an operator empties the bucket of a throw-away deployment. */
  readonly protect: boolean;
}

/**
 * What the attachments' bucket refuses, whatever anybody's own policy allows. It allows nothing: what somebody may do stands
 * in their role. Plain HTTP is refused beside it (`enforceSSL`).
 */
export function attachmentPolicy(
  bucket: Bucket,
  key: EncryptionKey,
  { deployment, scanner, backups, protect }: Readers,
): readonly PolicyStatement[] {
  const all = [bucket.bucketArn, bucket.arnForObjects('*')];
  const files = [bucket.arnForObjects(`${FILES}*`)];
  const exported = bucket.arnForObjects(`${EXPORTS}*`);
  const ours = [...files, bucket.arnForObjects(`${PREVIEWS}*`), exported];
  const doors = roleArn(`${deployment}-Messaging-*`);
  const door = (name: string) => roleArn(`${deployment}-Messaging-${name}*`);
  const buildExports = door('BuildExports');
  const asPersonExport = door('AsPersonExport');
  const completeUpload = door('CompleteUpload');
  const deleters = [completeUpload, buildExports, door('DeleteAttachments'), door('ShredConversation')];

  return [
    // Whatever a later statement lets in, it is nobody of another account; AWS's services have none of their own.
    refuse('RefuseOtherAccounts', ['s3:*'], all, {
      StringNotEquals: { 'aws:PrincipalAccount': Aws.ACCOUNT_ID },
      Bool: { 'aws:PrincipalIsAWSService': 'false' },
    }),
    // No presigned request outlives five minutes, and none that reads a minute, whatever expiry was signed.
    refuse('RefuseOldSignatures', ['s3:*'], all, {
      NumericGreaterThan: { 's3:signatureAge': milliseconds(UPLOAD_SECONDS) },
    }),
    refuse('RefuseOldReadings', reading, [bucket.arnForObjects('*')], {
      NumericGreaterThan: { 's3:signatureAge': milliseconds(DOWNLOAD_SECONDS) },
    }),

    // A negated condition holds where the key is missing, so that a request without the header is refused as well.
    refuse('RefuseOtherEncryption', ['s3:PutObject'], ours, {
      StringNotEquals: { 's3:x-amz-server-side-encryption': 'aws:kms' },
    }),
    refuse('RefuseOtherEncryptionKeys', ['s3:PutObject'], ours, {
      StringNotEquals: { 's3:x-amz-server-side-encryption-aws-kms-key-id': key.keyArn },
    }),
    // Beginning an upload in parts and sending one cannot carry the header (S3 user guide, "Enforce conditional writes").
    refuse('RefuseOverwriting', ['s3:PutObject'], files, {
      Null: { 's3:if-none-match': 'true' },
      Bool: { 's3:ObjectCreationOperation': 'true' },
    }),
    refuseElsewhere(ours, scanner),

    // The tag of a verdict opens a file, so only who scans may write tags (GuardDuty user guide, "Using tag-based access control").
    refuse('RefuseTagsOfOthers', tagging, [bucket.arnForObjects('*')], {
      ArnNotEquals: { 'aws:PrincipalArn': scanner },
    }),
    refuse('RefuseUnscanned', reading, files, {
      StringNotEquals: { 's3:ExistingObjectTag/GuardDutyMalwareScanStatus': 'NO_THREATS_FOUND' },
      ArnNotLike: { 'aws:PrincipalArn': [scanner, completeUpload] },
    }),
    // Whoever else wants to read changes this policy first, and CloudTrail shows that.
    refuse('RefuseOtherReaders', reading, [bucket.arnForObjects('*')], {
      ArnNotLike: { 'aws:PrincipalArn': [scanner, backups, doors] },
    }),
    // Everything that a patient may see in one file: one door writes it, and who fetches it does so in their own name.
    refuse('RefuseOtherExporters', ['s3:PutObject'], [exported], {
      ArnNotLike: { 'aws:PrincipalArn': buildExports },
    }),
    refuse('RefuseOtherReadersOfExports', reading, [exported], {
      ArnNotLike: { 'aws:PrincipalArn': asPersonExport },
    }),
    ...(protect ? [refuseDeletion(ours, deleters)] : []),
  ];
}

/** Replication copies what no destruction reaches; it shows no tag of the object, so that it never passes as scanned. */
const reading = ['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectVersionForReplication'];
const tagging = [
  's3:DeleteObjectTagging',
  's3:DeleteObjectVersionTagging',
  's3:PutObjectTagging',
  's3:PutObjectVersionTagging',
];

type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

function refuse(
  sid: string,
  actions: readonly string[],
  resources: readonly string[],
  conditions: Conditions,
): PolicyStatement {
  return new PolicyStatement({
    sid,
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: [...actions],
    resources: [...resources],
    conditions,
  });
}

/**
 * What a hold keeps is deleted by nobody: a file that is only hidden behind a delete marker is gone a day later. Lifecycle rules are S3's own,
 * which no policy judges (S3 user guide, "Expiring objects").
 */
function refuseDeletion(ours: readonly string[], deleters: readonly string[]): PolicyStatement {
  return refuse('RefuseOtherDeleters', ['s3:DeleteObject', 's3:DeleteObjectVersion'], ours, {
    ArnNotLike: { 'aws:PrincipalArn': deleters },
  });
}

/** Nothing lies outside the two folders but the empty object with which GuardDuty tries its role. */
function refuseElsewhere(ours: readonly string[], scanner: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'RefuseOtherPlaces',
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['s3:PutObject'],
    notResources: [...ours],
    conditions: { ArnNotEquals: { 'aws:PrincipalArn': scanner } },
  });
}

function milliseconds(seconds: number): string {
  return String(seconds * 1000);
}

function roleArn(name: string): string {
  return `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/${name}`;
}
