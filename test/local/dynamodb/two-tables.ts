import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import { DynamoDbService } from '../../../local/dynamodb/service.ts';
import type { Resource } from '../../../local/template/resource.ts';
import { emptyDatabase } from '../../fixtures/shared-engine.ts';
import { credentials, serve } from './served.ts';

export const keyArn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

/** Two tables in a database of this file's own: `Log` with an index, a stream and a TTL, and `Sealed` under a key. */
export async function twoTables() {
  const key = { policy: { name: 'Key policy', document: { Statement: [] } }, usable: true };
  const clock = new Clock();
  const engine = await emptyDatabase();
  const service = new DynamoDbService({
    account: localAccount,
    clock,
    engine,
    keyPolicyOf: () => key,
    expiryLagMs: 60_000,
  });
  await service.addTable(
    tableResource('Log', {
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byPerson',
          KeySchema: [{ AttributeName: 'person', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    }),
  );
  await service.addTable(
    tableResource('Sealed', {
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: keyArn },
    }),
  );
  const served = await serve(service);
  const client = new DynamoDBClient({ endpoint: served.url, region: 'us-east-1', credentials });
  return { key, clock, engine, service, served, client };
}

export const at = (pk: string, sk = '0') => ({ pk: { S: pk }, sk: { S: sk } });
export const free = 'attribute_not_exists(pk)';
export const tableArn = (name: string) => `arn:aws:dynamodb:us-east-1:111122223333:table/${name}`;

export function tableResource(name: string, more: Record<string, unknown>): Resource {
  const indexed = 'GlobalSecondaryIndexes' in more ? [{ AttributeName: 'person', AttributeType: 'S' }] : [];
  const properties = {
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
      ...indexed,
    ],
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    BillingMode: 'PAY_PER_REQUEST',
    ...more,
  };
  return {
    stack: 'Stack',
    logicalId: name,
    type: 'AWS::DynamoDB::Table',
    properties,
    ref: name,
    attributes: {},
  };
}
