import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { AttachmentName } from '../domain/attachment.ts';
import { Fault } from '../domain/fault.ts';
import type { ExportFiles } from '../domain/patient-exports.ts';
import { keyOf, keyOfExport } from './object-keys.ts';
import { encryptedWith, type Place } from './permits.ts';

/** What is in memory of an export at once; S3 takes 10,000 parts of at least 5 MiB (user guide, "multipart upload limits"). */
const PART_BYTES = 8 * 1024 * 1024;

/** The end of exports. */
export function exportFiles(client: S3Client, Bucket: string): ExportFiles {
  return {
    remove: async (exportId) => {
      const Key = keyOfExport(exportId);
      const listed = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
      const versions = [...(listed.Versions ?? []), ...(listed.DeleteMarkers ?? [])];
      for (const { VersionId } of versions) {
        await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
      }
      return versions.length;
    },
  };
}

/** Stores an export while it is made, part by part; gives its version. What is half there when that fails is taken back. */
export async function storeExport(
  client: S3Client,
  place: Place,
  exportId: string,
  content: AsyncIterable<Uint8Array>,
): Promise<string> {
  const object = { Bucket: place.bucket, Key: keyOfExport(exportId) };
  const begun = await client.send(
    new CreateMultipartUploadCommand({ ...object, ContentType: 'application/zip', ...encryptedWith(place) }),
  );
  const upload = { ...object, UploadId: begun.UploadId };
  try {
    const Parts: CompletedPart[] = [];
    for await (const Body of inParts(content)) {
      const PartNumber = Parts.length + 1;
      const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
      Parts.push({ PartNumber, ETag });
    }
    const done = await client.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, IfNoneMatch: '*' }),
    );
    if (done.VersionId === undefined) throw new Fault('S3 took an export without a version');
    return done.VersionId;
  } catch (error) {
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => {}); // the bucket ends it after two days
    throw error;
  }
}

/** One version of an attachment's object, as it comes. */
export async function* openFile(
  client: S3Client,
  Bucket: string,
  name: AttachmentName,
  VersionId: string,
): AsyncGenerator<Uint8Array> {
  const { Body } = await client.send(
    new GetObjectCommand({ Bucket, Key: keyOf(name, 'original'), VersionId }),
  );
  if (!Body) throw new Fault('S3 gave an object without its bytes');
  yield* Body as unknown as AsyncIterable<Uint8Array>; // in Node.js it is a stream
}

async function* inParts(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let [parts, bytes]: [Uint8Array[], number] = [[], 0];
  for await (const chunk of content) {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes < PART_BYTES) continue;
    yield Buffer.concat(parts);
    [parts, bytes] = [[], 0];
  }
  yield Buffer.concat(parts); // a ZIP archive is never empty, and its last part may be of any length
}
