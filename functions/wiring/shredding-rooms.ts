import { exportFiles } from '../bucket/export-files.ts';
import { patientExports } from '../store/patient-exports.ts';
import { s3 } from './attachment-rooms.ts';
import { setting } from './env.ts';
import { documents } from './rooms.ts';

/** How the door that destroys a conversation reaches the exports that hold it. */
export const openShredding = {
  exports: () => patientExports(documents, setting('conversationsTable')),
  exportFiles: () => exportFiles(s3(), setting('attachmentsBucket')),
};
