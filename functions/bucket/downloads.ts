import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { DOWNLOAD_SECONDS } from '../../protocol/attachments.ts';
import type { PersonId } from '../../protocol/ids.ts';
import type { Downloads } from '../domain/objects.ts';
import { keyOf } from './object-keys.ts';
import { untilOf } from './permits.ts';

/** Signed addresses for one GET each, signed as the person who fetches: S3's own event then names them. */
export function downloads(
  clientFor: (person: PersonId) => Promise<S3Client>,
  Bucket: string,
  now: () => number,
): Downloads {
  return {
    permitDownload: async (person, name, versionId, rendition) => {
      const command = new GetObjectCommand({
        ...{ Bucket, Key: keyOf(name, rendition), VersionId: versionId },
        ResponseContentDisposition: 'attachment', // bare: the file's name is sealed in the message
        ResponseContentType: 'application/octet-stream',
        ResponseCacheControl: 'no-store',
      });
      const client = await clientFor(person);
      const until = untilOf(now(), DOWNLOAD_SECONDS);
      return { url: await getSignedUrl(client, command, { expiresIn: DOWNLOAD_SECONDS }), until };
    },
  };
}
