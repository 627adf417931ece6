import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { OpensFor } from '../domain/vault.ts';
import { namedKeys } from '../store/wrapped-keys.ts';
import { DataKeys } from '../vault/data-keys.ts';
import { organisationKeyService } from '../vault/organisation-key.ts';
import { vault } from '../vault/vault.ts';
import { asPerson } from './as-person.ts';
import { setting } from './env.ts';
import { world } from './rooms.ts';

/** Opens bodies for who broke the glass, under a session in their name and with keys read anew; the other doors are smaller without STS's client. */
export function openingInAName(): OpensFor {
  const keysTable = setting('keysTable');
  const organisationKeyArn = setting('organisationKeyArn');
  const clientsOf = asPerson({ roleArn: setting('emergencyRoleArn'), now: world.now }, (credentials) => ({
    documents: DynamoDBDocumentClient.from(new DynamoDBClient({ credentials })),
    kms: new KMSClient({ credentials }),
  }));

  return async (person, work) => {
    const { documents, kms } = await clientsOf(person);
    const service = organisationKeyService(kms, organisationKeyArn);
    const dataKeys = new DataKeys(namedKeys(documents, keysTable), service, world.now);
    try {
      return await work(vault(dataKeys));
    } finally {
      dataKeys.forget();
    }
  };
}
