import { PutObjectCommand, type S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { UPLOAD_SECONDS, type UploadPermit } from '../../protocol/attachments.ts';
import { bytesOfPart } from '../domain/attachment.ts';
import { Fault } from '../domain/fault.ts';
import type { Objects } from '../domain/objects.ts';
import { keyOf } from './object-keys.ts';

/** The bucket, and the key under which everything in it is encrypted. */
export interface Place {
  readonly bucket: string;
  readonly keyArn: string;
}

/**
 * Signed addresses for one request each. Everything that must hold is a signed header: who sends another length, type or checksum, no
 * encryption, or writes over what stands there, has not signed that, and S3 answers 403.
 */
export function permits(
  client: S3Client,
  place: Place,
  now: () => number,
): Pick<Objects, 'permitWhole' | 'permitPart'> {
  const { bucket: Bucket } = place;

  return {
    permitWhole: async (attachment) => {
      const headers = {
        'content-length': String(attachment.bytes),
        'content-type': attachment.contentType,
        'if-none-match': '*',
        'x-amz-checksum-sha256': attachment.sha256,
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': place.keyArn,
      };
      const command = new PutObjectCommand({
        ...{ Bucket, Key: keyOf(attachment, 'original') },
        ContentLength: attachment.bytes,
        ContentType: attachment.contentType,
        ChecksumSHA256: attachment.sha256,
        IfNoneMatch: '*',
        ...encryptedWith(place),
      });
      return permit(client, command, headers, now);
    },

    permitPart: async (attachment, part) => {
      const bytes = bytesOfPart(attachment, part);
      const sha256 = attachment.parts?.[part - 1];
      if (bytes === undefined || sha256 === undefined)
        throw new Fault('a permit was asked for a part that there is not');
      const headers = { 'content-length': String(bytes), 'x-amz-checksum-sha256': sha256 };
      const command = new UploadPartCommand({
        ...{ Bucket, Key: keyOf(attachment, 'original') },
        ...{ UploadId: attachment.uploadId, PartNumber: part, ContentLength: bytes, ChecksumSHA256: sha256 },
      });
      return permit(client, command, headers, now);
    },
  };
}

/** How every object is encrypted. */
export function encryptedWith({ keyArn }: Place) {
  return { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: keyArn } as const;
}

async function permit(
  client: S3Client,
  command: PutObjectCommand | UploadPartCommand,
  headers: Readonly<Record<string, string>>,
  now: () => number,
): Promise<UploadPermit> {
  const names = new Set(Object.keys(headers));
  const until = untilOf(now(), UPLOAD_SECONDS);
  const url = await getSignedUrl(client, command as PutObjectCommand, {
    expiresIn: UPLOAD_SECONDS,
    signableHeaders: names,
    unhoistableHeaders: names, // or they would stand in the address, where a proxy's log keeps them
  });
  return { url, headers, until };
}

export function untilOf(now: number, seconds: number): string {
  return new Date(now + seconds * 1000).toISOString();
}
