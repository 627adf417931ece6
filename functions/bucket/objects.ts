import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  ListPartsCommand,
  NoSuchUpload,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { Attachment, AttachmentName } from '../domain/attachment.ts';
import { Fault } from '../domain/fault.ts';
import type { Objects } from '../domain/objects.ts';
import { keyOf } from './object-keys.ts';
import { encryptedWith, type Place, permits } from './permits.ts';

/** The objects of attachments in their bucket. */
export function objects(client: S3Client, place: Place, now: () => number): Objects {
  const { bucket } = place;
  const at = (name: AttachmentName) => ({ Bucket: bucket, Key: keyOf(name, 'original') });
  const partsOf = (attachment: Attachment) =>
    storedParts(client, { ...at(attachment), UploadId: attachment.uploadId });

  return {
    ...permits(client, place, now),

    beginParts: async (name, { contentType }) => {
      const { UploadId } = await client.send(
        new CreateMultipartUploadCommand({
          ...at(name),
          ContentType: contentType,
          ChecksumAlgorithm: 'SHA256',
          ChecksumType: 'COMPOSITE',
          ...encryptedWith(place),
        }),
      );
      if (!UploadId) throw new Fault('S3 began an upload without a name for it');
      return UploadId;
    },

    storedParts: async (attachment) =>
      ((await partsOf(attachment)) ?? []).map(({ PartNumber = 0 }) => PartNumber),

    joinParts: async (attachment) => {
      const { parts = [], bytes } = attachment;
      const stored = await partsOf(attachment);
      if (!stored) return true; // joined before, and the answer was lost: whoever looks will see
      if (stored.length !== parts.length) return false;
      const isDeclared = stored.every(({ ChecksumSHA256 }, nth) => ChecksumSHA256 === parts[nth]);
      if (!isDeclared) return false;
      await client.send(
        new CompleteMultipartUploadCommand({
          ...at(attachment),
          UploadId: attachment.uploadId,
          MultipartUpload: { Parts: [...stored] },
          MpuObjectSize: bytes,
          IfNoneMatch: '*',
        }),
      );
      return true;
    },

    look: async (name) => {
      const { Bucket, Key } = at(name);
      const VersionId = await newestVersion(client, { Bucket, Prefix: Key });
      if (VersionId === undefined) return undefined; // a HEAD of what is not there is answered with 403 or 404, by permissions
      const head = await client.send(
        new HeadObjectCommand({ Bucket, Key, VersionId, ChecksumMode: 'ENABLED' }),
      );
      const { ContentLength: bytes, ContentType: contentType, ChecksumSHA256: checksum } = head;
      if (bytes === undefined || contentType === undefined) {
        throw new Fault('S3 told of an object without its length or type');
      }
      const { ContentEncoding, ContentDisposition, ContentLanguage, ExpiresString } = head;
      const more = [ContentEncoding, ContentDisposition, ContentLanguage, ExpiresString];
      const saysMore = more.some((said) => said !== undefined); // S3 keeps them though they are not signed
      return { versionId: VersionId, bytes, contentType, checksum, saysMore };
    },

    read: async (name, versionId, first) => {
      const range = first === undefined ? {} : { Range: `bytes=0-${first - 1}` };
      const { Body } = await client.send(
        new GetObjectCommand({ ...at(name), VersionId: versionId, ...range }),
      );
      if (!Body) throw new Fault('S3 gave an object without its bytes');
      return Body.transformToByteArray();
    },

    keepPreview: async (name, jpeg) => {
      const Key = keyOf(name, 'preview');
      const kept = await putFirst(client, {
        ...{ Bucket: bucket, Key, Body: jpeg, ContentType: 'image/jpeg' },
        ...encryptedWith(place),
      });
      const versionId = kept ?? (await newestVersion(client, { Bucket: bucket, Prefix: Key }));
      if (versionId === undefined) throw new Fault('S3 neither took a preview nor has one');
      return versionId;
    },

    remove: async (name, versionId) => {
      await client.send(new DeleteObjectCommand({ ...at(name), VersionId: versionId }));
    },
  };
}

/** The version that was put; nothing where an object of that name stands. */
async function putFirst(client: S3Client, put: PutObjectCommandInput): Promise<string | undefined> {
  try {
    const { VersionId } = await client.send(new PutObjectCommand({ ...put, IfNoneMatch: '*' }));
    if (VersionId === undefined) throw new Fault('S3 took an object without a version');
    return VersionId;
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === 'PreconditionFailed') return undefined;
    throw error;
  }
}

/** Of the object with exactly this key: ids have one length, so no key is the beginning of another. */
async function newestVersion(
  client: S3Client,
  key: { readonly Bucket: string; readonly Prefix: string },
): Promise<string | undefined> {
  const { Versions = [] } = await client.send(new ListObjectVersionsCommand(key));
  return Versions.find(({ IsLatest }) => IsLatest)?.VersionId;
}

/** The stored parts, ascending; nothing where the upload is over. */
async function storedParts(
  client: S3Client,
  upload: { Bucket: string; Key: string; UploadId: string | undefined },
): Promise<readonly CompletedPart[] | undefined> {
  const found: CompletedPart[] = [];
  let after: string | undefined;
  try {
    do {
      const page = await client.send(
        new ListPartsCommand({ ...upload, ...(after !== undefined && { PartNumberMarker: after }) }),
      );
      for (const { PartNumber, ETag, ChecksumSHA256 } of page.Parts ?? [])
        found.push({ PartNumber, ETag, ChecksumSHA256 });
      after = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } while (after !== undefined);
  } catch (error) {
    if (error instanceof NoSuchUpload) return undefined;
    throw error;
  }
  return found;
}
