import { createHash } from 'node:crypto';
import { type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { Fault } from '../domain/fault.ts';
import type { Signer } from '../domain/receipt.ts';

/**
 * Signs with an elliptic-curve key that never leaves KMS. KMS takes a digest, or 4,096 bytes at most (API reference, Sign);
 * the signature is the same.
 */
export function signingKey(client: KMSClient, keyArn: string): Signer {
  return {
    keyId: keyArn,
    algorithm: 'ECDSA_SHA_256',
    sign: async (bytes) => {
      const { Signature } = await client.send(
        new SignCommand({
          KeyId: keyArn,
          Message: createHash('sha256').update(bytes).digest(),
          MessageType: 'DIGEST',
          SigningAlgorithm: 'ECDSA_SHA_256',
        }),
      );
      if (!Signature) throw new Fault('KMS answered without a signature');
      return Signature;
    },
  };
}
