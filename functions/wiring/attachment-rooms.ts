import { S3Client } from '@aws-sdk/client-s3';
import { deleter } from '../bucket/deleter.ts';
import { objects } from '../bucket/objects.ts';
import type { PersonCredentials } from './as-person.ts';
import { setting } from './env.ts';
import { world } from './rooms.ts';

/** The client adds no checksum of its own: a permit has the one that was declared, and says nothing else. */
export function s3(credentials?: PersonCredentials): S3Client {
  return new S3Client({
    ...(credentials && { credentials }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** The rooms of the doors that reach the attachments' bucket; the others are smaller and start sooner without S3's client. */
export const openBucket = {
  objects: () =>
    objects(s3(), { bucket: setting('attachmentsBucket'), keyArn: setting('attachmentsKeyArn') }, world.now),
  deleter: () => deleter(s3(), setting('attachmentsBucket')),
};
