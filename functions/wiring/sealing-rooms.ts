import { setTimeout as wait } from 'node:timers/promises';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import type { SealingRooms } from '../audit/seal-records.ts';
import { sealedBatches } from '../bucket/sealed-batches.ts';
import { seals } from '../store/seals.ts';
import { signingKey } from '../vault/signing-key.ts';
import { setting } from './env.ts';
import { documents, world } from './rooms.ts';

/** Time enough for another sealer to sign, put its head and note it. */
const PAUSE_MS = 500;

/** The rooms of the one door that seals. */
export function openSealing(): SealingRooms {
  return {
    batches: sealedBatches(new S3Client({}), {
      bucket: setting('sealedRecordsBucket'),
      keyArn: setting('sealedRecordsKeyArn'),
    }),
    seals: seals(documents, setting('auditTrailTable')),
    signer: signingKey(new KMSClient({}), setting('signingKeyArn')),
    now: world.now,
    pause: () => wait(PAUSE_MS * (0.5 + Math.random() / 2)),
  };
}
