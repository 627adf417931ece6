import { createHash } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { exportFiles, openFile, storeExport } from '../bucket/export-files.ts';
import type { Packed, PatientExport } from '../domain/patient-exports.ts';
import { archive } from '../exporting/archive.ts';
import { Contents } from '../exporting/contents.ts';
import { patientExports } from '../store/patient-exports.ts';
import { shredMarks } from '../store/shreds.ts';
import { setting } from './env.ts';
import { documents, open, world } from './rooms.ts';
import { openVault } from './vault-rooms.ts';

/** The rooms of the door that makes exports; the one that hands them out is smaller without them. */
export const openPacking = {
  exports: () => patientExports(documents, setting('conversationsTable')),
  shredMarks: () => shredMarks(documents, setting('conversationsTable')),
  files: () => exportFiles(new S3Client({}), setting('attachmentsBucket')),
  /** Packs what a patient may see into one archive, which is stored while it is made. */
  pack: () => {
    const client = new S3Client({});
    const place = { bucket: setting('attachmentsBucket'), keyArn: setting('attachmentsKeyArn') };
    const rooms = {
      now: world.now,
      log: open.log(),
      vault: openVault.vault(),
      retention: open.retention(),
      lists: open.lists(),
      people: open.people(),
      attachments: open.attachments(),
      openFile: (...[name, versionId]: [Parameters<typeof openFile>[2], string]) =>
        openFile(client, place.bucket, name, versionId),
    };
    return async (wanted: PatientExport): Promise<Packed> => {
      const contents = new Contents(rooms, wanted);
      const hash = createHash('sha256');
      let bytes = 0;
      const zip = archive(contents.files(), (sums) => contents.manifest(sums), new Date(wanted.approvedAt));
      const summed = async function* () {
        for await (const chunk of zip) {
          hash.update(chunk);
          bytes += chunk.length;
          yield chunk as Uint8Array;
        }
      };
      const versionId = await storeExport(client, place, wanted.exportId, summed());
      return { versionId, bytes, sha256: hash.digest('hex'), ...contents.holds };
    };
  },
};
