import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { PersonId } from '../../protocol/ids.ts';
import type { ExportDownloads } from '../domain/patient-exports.ts';
import { keyOfExport } from './object-keys.ts';
import { untilOf } from './permits.ts';

/** Permits to fetch an export, signed as the person who fetches: S3's own event then names them. */
export function exportDownloads(
  clientFor: (person: PersonId) => Promise<S3Client>,
  Bucket: string,
): ExportDownloads {
  return {
    permit: async (person, exportId, VersionId, { at, seconds }) => {
      const command = new GetObjectCommand({
        ...{ Bucket, Key: keyOfExport(exportId), VersionId },
        ResponseContentDisposition: 'attachment; filename="messages.zip"',
        ResponseContentType: 'application/zip',
        ResponseCacheControl: 'no-store',
      });
      const client = await clientFor(person);
      const validity = { signingDate: new Date(at), expiresIn: seconds }; // not from the moment of signing, which is later
      return { url: await getSignedUrl(client, command, validity), until: untilOf(at, seconds) };
    },
  };
}
