import { S3Client } from '@aws-sdk/client-s3';
import { deleter } from '../bucket/deleter.ts';
import { objects } from '../bucket/objects.ts';
import { setting } from './env.ts';
import { world } from './rooms.ts';

/** The client adds no checksum of its own: a permit has the one that was declared, and says nothing else. */
function s3(): S3Client {
  return new S3Client({
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
