import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { deleter } from '../functions/bucket/deleter.ts';
import { exportFiles } from '../functions/bucket/export-files.ts';
import { idFrom } from '../functions/domain/id.ts';
import { signedBytes } from '../functions/domain/receipt.ts';
import { type CarriedOut, replayShreds } from '../functions/domain/shred-conversation.ts';
import { destructibleKeys } from '../functions/store/destructible-keys.ts';
import { patientExports } from '../functions/store/patient-exports.ts';
import { shreds } from '../functions/store/shreds.ts';
import { signingKey } from '../functions/vault/signing-key.ts';
import type { DestructionCertificate } from '../protocol/requests.ts';
import type { KeysDeployment } from './deployment.ts';
import { operatorOf } from './operator.ts';
import { ServerClock } from './server-clock.ts';

/**
 * Brings what was destroyed into force again with the operator's own credentials, by the code that destroys: it
 * destroys nothing that two people have not asked for before.
 */
export async function* replay(
  deployment: KeysDeployment,
  certificates: readonly DestructionCertificate[],
): AsyncGenerator<CarriedOut> {
  const { region, endpoint, credentials, keysTable, conversationsTable } = deployment;
  const { tables } = operatorOf(deployment);
  const clock = new ServerClock();
  clock.watch(tables);
  const settings = { region, ...(endpoint && { endpoint }), ...(credentials && { credentials }) };
  const named = { keys: keysTable, conversations: conversationsTable };
  const rooms = {
    records: shreds(tables, named),
    keys: destructibleKeys(tables, named),
    signer: signingKey(new KMSClient(settings), deployment.signingKeyArn),
    objects: deleter(new S3Client(settings), deployment.attachmentsBucket),
    exports: patientExports(tables, conversationsTable),
    exportFiles: exportFiles(new S3Client(settings), deployment.attachmentsBucket),
    recoveryDays: deployment.keysRecoveryDays,
    backupDays: deployment.backupDays,
    now: () => clock.now() + 1_000, // the time is told in whole seconds: to the end of this one
    newId: () => idFrom(randomBytes(16)),
  };
  yield* replayShreds(rooms, certificates);
}

/** Whether the half of a key pair that everybody may have says that the certificate is its signer's word. */
export function isSignedBy(publicKey: Uint8Array, certificate: DestructionCertificate): boolean {
  const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  return verify('sha256', signedBytes(certificate), key, Buffer.from(certificate.signature, 'base64'));
}
