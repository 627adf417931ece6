import { type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { Fault } from '../domain/fault.ts';
import type { Signer } from '../domain/receipt.ts';

/** Signs with an elliptic-curve key that never leaves KMS; at most 4,096 bytes at once (KMS API reference, Sign). */
export function signingKey(client: KMSClient, keyArn: string): Signer {
  return {
    keyId: keyArn,
    algorithm: 'ECDSA_SHA_256',
    sign: async (bytes) => {
      const { Signature } = await client.send(
        new SignCommand({
          KeyId: keyArn,
          Message: bytes,
          MessageType: 'RAW',
          SigningAlgorithm: 'ECDSA_SHA_256',
        }),
      );
      if (!Signature) throw new Fault('KMS answered without a signature');
      return Signature;
    },
  };
}
