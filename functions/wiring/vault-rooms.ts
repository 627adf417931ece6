import { KMSClient } from '@aws-sdk/client-kms';
import { wrappedKeys } from '../store/wrapped-keys.ts';
import { DataKeys } from '../vault/data-keys.ts';
import { organisationKeyService } from '../vault/organisation-key.ts';
import { signingKey } from '../vault/signing-key.ts';
import { vault } from '../vault/vault.ts';
import { setting } from './env.ts';
import { documents, world } from './rooms.ts';

/** The rooms of the doors that use keys. */
export const openVault = {
  vault: () =>
    vault(
      new DataKeys(
        wrappedKeys(documents, setting('keysTable')),
        organisationKeyService(new KMSClient({}), setting('organisationKeyArn')),
        world.now,
      ),
    ),
  signer: () => signingKey(new KMSClient({}), setting('signingKeyArn')),
};
