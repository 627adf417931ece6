import { DecryptCommand, GenerateDataKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { Fault } from '../domain/fault.ts';
import type { KeyService } from './data-keys.ts';

/**
 * Organisation keys under a customer managed key of KMS. The encryption context stands in CloudTrail with every use,
 * and the grants of `lib/key-store.ts` hold only with it.
 */
export function organisationKeyService(client: KMSClient, keyArn: string): KeyService {
  const context = (epoch: string) => ({ purpose: 'organisation-key', epoch });
  return {
    generate: async (epoch) => {
      const { Plaintext, CiphertextBlob } = await client.send(
        new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: 'AES_256', EncryptionContext: context(epoch) }),
      );
      if (!Plaintext || !CiphertextBlob) throw new Fault('KMS answered GenerateDataKey without a key');
      return { plain: Plaintext, wrapped: CiphertextBlob };
    },

    unwrap: async (epoch, wrapped) => {
      const { Plaintext } = await client.send(
        new DecryptCommand({ KeyId: keyArn, CiphertextBlob: wrapped, EncryptionContext: context(epoch) }),
      );
      if (!Plaintext) throw new Fault('KMS answered Decrypt without a key');
      return Plaintext;
    },
  };
}
