import { S3Client } from '@aws-sdk/client-s3';
import { exportDownloads } from '../bucket/export-downloads.ts';
import { patientExports } from '../store/patient-exports.ts';
import { shredMarks } from '../store/shreds.ts';
import { asPerson } from './as-person.ts';
import { setting } from './env.ts';
import { documents, world } from './rooms.ts';

/** The rooms of the doors that ask for exports and hand them out; the others start sooner without them. */
export const openExports = {
  exports: () => patientExports(documents, setting('conversationsTable')),
  shredMarks: () => shredMarks(documents, setting('conversationsTable')),
  /** Signed as the person who fetches. */
  downloads: () => {
    const role = { roleArn: setting('exportRoleArn'), now: world.now };
    const clientFor = asPerson(role, (credentials) => new S3Client({ credentials }));
    return exportDownloads(clientFor, setting('attachmentsBucket'));
  },
};
