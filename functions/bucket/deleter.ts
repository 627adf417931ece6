import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  NoSuchUpload,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Fault } from '../domain/fault.ts';
import type { ObjectDeleter, Rendition } from '../domain/objects.ts';
import { keyOf, prefixOfAll } from './object-keys.ts';

/** Deletes objects of attachments in every version, delete markers included, and what was uploaded of unfinished ones. */
export function deleter(client: S3Client, Bucket: string): ObjectDeleter {
  const versionsUnder = async (Prefix: string): Promise<number> => {
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket, Prefix }),
    );
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) return 0;
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    if (Errors.length > 0) throw new Fault(`S3 did not delete ${Errors.length} versions: ${Errors[0]?.Code}`);
    return Objects.length + (await versionsUnder(Prefix)); // a page holds 1,000; what is left comes with the next
  };

  const uploadsUnder = async (Prefix: string): Promise<void> => {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }));
    for (const { Key, UploadId } of Uploads) {
      await client
        .send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
        .catch((error) => (error instanceof NoSuchUpload ? undefined : Promise.reject(error)));
    }
  };

  return {
    removeAll: async (of) => {
      const isOne = 'attachmentId' in of; // ids have one length: no key is the beginning of another
      const prefixOf = (rendition: Rendition) =>
        isOne ? keyOf(of, rendition) : prefixOfAll(of.conversationId, rendition);
      await uploadsUnder(prefixOf('original')); // a preview is never uploaded in parts
      const removed =
        (await versionsUnder(prefixOf('original'))) + (await versionsUnder(prefixOf('preview')));
      return removed;
    },
  };
}
