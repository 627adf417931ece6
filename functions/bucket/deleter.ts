import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectVersionsCommand,
  type MultipartUpload,
  NoSuchUpload,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Fault } from '../domain/fault.ts';
import type { ObjectDeleter, Rendition } from '../domain/objects.ts';
import { keyOf, prefixOfAll } from './object-keys.ts';

/** Uploads that are ended at the same time: a thousand of them are over within the time of a request. */
const AT_ONCE = 25;

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

  const abort = async ({ Key, UploadId }: MultipartUpload): Promise<void> => {
    try {
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    } catch (error) {
      if (!(error instanceof NoSuchUpload)) throw error; // completed or ended since it was listed
    }
  };

  const uploadsUnder = async (Prefix: string): Promise<void> => {
    const uploads = await uploadsIn(client, { Bucket, Prefix });
    for (let at = 0; at < uploads.length; at += AT_ONCE)
      await Promise.all(uploads.slice(at, at + AT_ONCE).map(abort));
  };

  return {
    removeAll: async (of) => {
      const isOne = 'attachmentId' in of; // ids have one length: no key is the beginning of another
      const prefixOf = (rendition: Rendition) =>
        isOne ? keyOf(of, rendition) : prefixOfAll(of.conversationId, rendition);
      await uploadsUnder(prefixOf('original')); // first, or one becomes a version after these were listed; a preview has no parts
      return (await versionsUnder(prefixOf('original'))) + (await versionsUnder(prefixOf('preview')));
    },
  };
}

/** Every upload in parts that is under way, listed to the last page before any is ended: a page begins behind an upload that still stands. */
async function uploadsIn(
  client: S3Client,
  of: { readonly Bucket: string; readonly Prefix: string },
): Promise<readonly MultipartUpload[]> {
  const found: MultipartUpload[] = [];
  let after: Pick<ListMultipartUploadsCommandOutput, 'NextKeyMarker' | 'NextUploadIdMarker'> | undefined = {};
  while (after) {
    const page: ListMultipartUploadsCommandOutput = await client.send(
      new ListMultipartUploadsCommand({
        ...of,
        KeyMarker: after.NextKeyMarker,
        UploadIdMarker: after.NextUploadIdMarker,
      }),
    );
    found.push(...(page.Uploads ?? []));
    after = page.IsTruncated ? page : undefined;
  }
  return found;
}
