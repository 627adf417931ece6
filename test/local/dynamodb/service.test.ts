import { randomUUID } from 'node:crypto';
import {
  BatchWriteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import { EngineClient } from '../../../local/dynamodb/engine-client.ts';
import { itemSize } from '../../../local/dynamodb/item-size.ts';
import { DynamoDbService } from '../../../local/dynamodb/service.ts';
import type { AttributeValue } from '../../../local/dynamodb/wire.ts';
import type { Resource } from '../../../local/template/resource.ts';
import { callOf, credentials, engineForThisFile, serve } from './served.ts';

const keyArn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const key = { policy: { name: 'Key policy', document: { Statement: [] } }, usable: true };
const clock = new Clock();
const engine = await engineForThisFile();
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
  tableResource('Sealed', { SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: keyArn } }),
);
const served = await serve(service);
const client = new DynamoDBClient({ endpoint: served.url, region: 'us-east-1', credentials });

const at = (pk: string, sk = '0') => ({ pk: { S: pk }, sk: { S: sk } });
const free = 'attribute_not_exists(pk)';
const tableArn = (name: string) => `arn:aws:dynamodb:us-east-1:111122223333:table/${name}`;

test('a conditional put that loses returns the winner', async () => {
  await client.send(
    new PutItemCommand({
      TableName: 'Log',
      Item: { ...at('race'), by: { S: 'winner' } },
      ConditionExpression: free,
    }),
  );
  const lost = client.send(
    new PutItemCommand({
      TableName: 'Log',
      Item: { ...at('race'), by: { S: 'loser' } },
      ConditionExpression: free,
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    }),
  );
  await expect(lost).rejects.toMatchObject({
    name: 'ConditionalCheckFailedException',
    message: 'The conditional request failed',
    Item: { ...at('race'), by: { S: 'winner' } },
  });
});

test('a cancelled transaction writes nothing and names the reason of each item in its place', async () => {
  await client.send(new PutItemCommand({ TableName: 'Log', Item: at('taken') }));
  const cancelled = client.send(
    new TransactWriteItemsCommand({
      TransactItems: [
        { Put: { TableName: 'Log', Item: at('fresh') } },
        { Put: { TableName: 'Log', Item: at('taken'), ConditionExpression: free } },
      ],
    }),
  );
  await expect(cancelled).rejects.toMatchObject({
    name: 'TransactionCanceledException',
    CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed' }],
  });
  const { Item } = await client.send(new GetItemCommand({ TableName: 'Log', Key: at('fresh') }));
  expect(Item).toBeUndefined();
});

test('every answer carries the units used, and only a caller that asked sees them', async () => {
  const sized = (bytes: number) => ({ ...at('size'), text: { S: 'x'.repeat(bytes) } });
  const units = async (send: Promise<{ ConsumedCapacity?: unknown }>) => {
    expect((await send).ConsumedCapacity).toBeUndefined();
    return served.last().answer?.units;
  };
  const put = (bytes: number) => client.send(new PutItemCommand({ TableName: 'Log', Item: sized(bytes) }));
  const get = (ConsistentRead: boolean) =>
    client.send(new GetItemCommand({ TableName: 'Log', Key: at('size'), ConsistentRead }));

  expect(await units(put(500))).toEqual({ read: 0, write: 1 });
  expect(await units(put(1500))).toEqual({ read: 0, write: 2 });
  expect(await units(put(5000))).toEqual({ read: 0, write: 5 });
  expect(await units(get(true))).toEqual({ read: 2, write: 0 });
  expect(await units(get(false))).toEqual({ read: 1, write: 0 });
  const Put = { TableName: 'Log', Item: at('double') };
  expect(await units(client.send(new TransactWriteItemsCommand({ TransactItems: [{ Put }] })))).toEqual({
    read: 0,
    write: 2,
  });
  const Get = { TableName: 'Log', Key: at('double') };
  expect(await units(client.send(new TransactGetItemsCommand({ TransactItems: [{ Get }] })))).toEqual({
    read: 2,
    write: 0,
  });

  const transact = (...items: [string, number][]) =>
    client.send(
      new TransactWriteItemsCommand({
        TransactItems: items.map(([pk, bytes]) => ({
          Put: { TableName: 'Log', Item: { ...at(pk), text: { S: 'x'.repeat(bytes) } } },
        })),
      }),
    );
  expect(await units(transact(['t1', 9], ['t2', 9], ['t3', 9]))).toEqual({ read: 0, write: 6 });
  expect(await units(transact(['t1', 1500], ['t4', 9]))).toEqual({ read: 0, write: 6 });
  expect(await units(transact(['t1', 9]))).toEqual({ read: 0, write: 4 }); // the larger of old and new counts
  const indexed = { ...at('indexed'), person: { S: 'ana' } };
  const repeated = new TransactWriteItemsCommand({
    ClientRequestToken: 'once',
    TransactItems: [{ Put: { TableName: 'Log', Item: indexed } }],
  });
  expect(await units(client.send(repeated))).toEqual({ read: 0, write: 4 });
  expect(await units(client.send(repeated))).toEqual({ read: 2, write: 0 });

  const asked = await client.send(
    new PutItemCommand({ TableName: 'Log', Item: at('asked'), ReturnConsumedCapacity: 'TOTAL' }),
  );
  expect(asked.ConsumedCapacity).toMatchObject({ TableName: 'Log', CapacityUnits: 1 });
});

test('an item is as large as DynamoDB says, to the byte', async () => {
  const bytes = fc
    .uint8Array({ maxLength: 9 })
    .map((value) => ({ B: Buffer.from(value).toString('base64') }));
  const number = fc
    .oneof(fc.integer(), fc.float({ noNaN: true, noDefaultInfinity: true }))
    .map((value) => ({ N: `${value}` }));
  const simple = fc.oneof(
    fc.string({ unit: 'grapheme' }).map((S) => ({ S })),
    number,
    bytes,
    fc.constant({ NULL: true }),
    fc.boolean().map((BOOL) => ({ BOOL })),
  );
  const value: fc.Arbitrary<AttributeValue> = fc.oneof(
    simple,
    fc.array(simple, { maxLength: 3 }).map((L) => ({ L })),
    fc.dictionary(fc.string({ minLength: 1, maxLength: 4 }), simple, { maxKeys: 3 }).map((M) => ({ M })),
    fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 3 }).map((SS) => ({ SS })),
  );
  const direct = new EngineClient(engine.url, engine.accessKeyId);
  const unitsOfPut = async (Item: object) => {
    const { ConsumedCapacity } = await direct.call('PutItem', {
      TableName: 'Sealed',
      Item,
      ReturnConsumedCapacity: 'TOTAL',
    });
    return (ConsumedCapacity as { CapacityUnits: number }).CapacityUnits;
  };
  await fc.assert(
    fc.asyncProperty(fc.array(value, { maxLength: 4 }), async (values) => {
      const pk = randomUUID(); // an item that was there before would count too
      const item = {
        ...at(pk),
        ...Object.fromEntries(values.map((given, place) => [`a${place}`, given])),
        pad: { S: '' },
      };
      const room = 2048 - itemSize(item);
      // The engine's own count turns exactly where ours does.
      expect(await unitsOfPut({ ...item, pad: { S: 'x'.repeat(room) } })).toBe(2);
      expect(await unitsOfPut({ ...item, sk: { S: '1' }, pad: { S: 'x'.repeat(room + 1) } })).toBe(3);
    }),
    { numRuns: 40 },
  );
});

test('each operation asks IAM for what the Service Authorization Reference names', () => {
  const asks = (operation: string, input: Record<string, unknown>) =>
    service
      .authorizations(callOf('dynamodb', operation, input))
      .map(({ action, resource, context }) => ({ action, resource, context }));
  const put = { TableName: 'Log', Item: at('p') };

  expect(
    asks('GetItem', {
      TableName: 'Log',
      Key: at('p'),
      ProjectionExpression: '#t, a.b[0]',
      ExpressionAttributeNames: { '#t': 'text' },
    }),
  ).toEqual([
    {
      action: 'dynamodb:GetItem',
      resource: tableArn('Log'),
      context: {
        'dynamodb:LeadingKeys': ['p'],
        'dynamodb:Attributes': ['pk', 'sk', 'text', 'a'],
        'dynamodb:Select': 'SPECIFIC_ATTRIBUTES',
      },
    },
  ]);
  expect(
    asks('Query', {
      TableName: 'Log',
      IndexName: 'byPerson',
      KeyConditionExpression: 'person = :p',
      ExpressionAttributeValues: { ':p': { S: 'ana' } },
    }),
  ).toEqual([
    {
      action: 'dynamodb:Query',
      resource: `${tableArn('Log')}/index/byPerson`,
      context: {
        'dynamodb:LeadingKeys': ['ana'],
        'dynamodb:Attributes': ['person'],
        'dynamodb:Select': 'ALL_PROJECTED_ATTRIBUTES',
      },
    },
  ]);
  expect(
    asks('UpdateItem', {
      TableName: 'Log',
      Key: at('p'),
      UpdateExpression: 'SET n = if_not_exists(n, :zero)',
      ReturnValues: 'ALL_NEW',
    })[0]?.context,
  ).toEqual({
    'dynamodb:LeadingKeys': ['p'],
    'dynamodb:Attributes': ['pk', 'sk', 'n'],
    'dynamodb:ReturnValues': 'ALL_NEW',
  });
  expect(
    asks('BatchWriteItem', {
      RequestItems: { Log: [{ PutRequest: put }, { DeleteRequest: { Key: at('q') } }], Other: [] },
    }),
  ).toMatchObject([
    {
      action: 'dynamodb:BatchWriteItem',
      resource: tableArn('Log'),
      context: { 'dynamodb:LeadingKeys': ['q', 'p'] },
    },
    { action: 'dynamodb:BatchWriteItem', resource: tableArn('Other') },
  ]);
  expect(asks('BatchGetItem', { RequestItems: { Log: { Keys: [at('p'), at('q')] } } })).toMatchObject([
    {
      action: 'dynamodb:BatchGetItem',
      resource: tableArn('Log'),
      context: { 'dynamodb:LeadingKeys': ['p', 'q'] },
    },
  ]);
  const conditioned = { TableName: 'Log', Key: at('p'), ConditionExpression: free };
  expect(
    asks('TransactWriteItems', {
      TransactItems: [
        { Put: put },
        { Update: conditioned },
        { Delete: conditioned },
        { ConditionCheck: conditioned },
      ],
    }).map(({ action, context }) => [action, context?.['dynamodb:EnclosingOperation']]),
  ).toEqual([
    ['dynamodb:PutItem', 'TransactWriteItems'],
    ['dynamodb:UpdateItem', 'TransactWriteItems'],
    ['dynamodb:DeleteItem', 'TransactWriteItems'],
    ['dynamodb:ConditionCheckItem', 'TransactWriteItems'],
  ]);
  expect(
    asks('TransactGetItems', { TransactItems: [{ Get: { TableName: 'Log', Key: at('p') } }] }),
  ).toMatchObject([
    { action: 'dynamodb:GetItem', context: { 'dynamodb:EnclosingOperation': 'TransactGetItems' } },
  ]);
  expect(() => asks('DeleteTable', { TableName: 'Log' })).toThrow(
    expect.objectContaining({ code: 'UnknownOperationException' }),
  );
});

test('a table under a customer managed key needs that key too, and stops with it', async () => {
  const get = callOf('dynamodb', 'GetItem', { TableName: 'Sealed', Key: at('p') });
  expect(service.authorizations(get)).toHaveLength(2);
  expect(service.authorizations(get)[1]).toEqual({
    action: 'kms:Decrypt',
    resource: keyArn,
    resourcePolicy: key.policy,
    resourcePolicyDecides: true,
    context: {
      'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com',
      'kms:CallerAccount': '111122223333',
      'kms:EncryptionContext:aws:dynamodb:tableName': 'Sealed',
      'kms:EncryptionContext:aws:dynamodb:subscriberId': '111122223333',
      'kms:EncryptionContextKeys': ['aws:dynamodb:tableName', 'aws:dynamodb:subscriberId'],
    },
  });

  key.usable = false;
  onTestFinished(() => {
    key.usable = true;
  });
  await expect(client.send(new GetItemCommand({ TableName: 'Sealed', Key: at('p') }))).rejects.toMatchObject({
    name: 'InaccessibleEncryptionCredentialsException',
  });
  const { Table } = await client.send(new DescribeTableCommand({ TableName: 'Sealed' }));
  expect(Table).toMatchObject({
    TableStatus: 'INACCESSIBLE_ENCRYPTION_CREDENTIALS',
    TableArn: tableArn('Sealed'),
  });
});

test('an item whose time has come goes when the clock says so, and one without or with a later time stays', async () => {
  const inAnHour = Math.floor(clock.now() / 1000) + 3600;
  const item = (pk: string, ttl: number | undefined) => ({
    ...at(pk),
    ...(ttl ? { ttl: { N: `${ttl}` } } : {}),
  });
  const RequestItems = {
    Log: [item('soon', inAnHour), item('later', inAnHour * 2), item('never', undefined)].map((Item) => ({
      PutRequest: { Item },
    })),
  };
  await client.send(new BatchWriteItemCommand({ RequestItems }));
  const left = async () => {
    const found = await Promise.all(
      ['soon', 'later', 'never'].map((pk) =>
        client.send(new GetItemCommand({ TableName: 'Log', Key: at(pk), ConsistentRead: true })),
      ),
    );
    return found.map(({ Item }) => Item !== undefined);
  };
  clock.advance(3590_000);
  await service.sweepExpired();
  expect(await left()).toEqual([true, true, true]);

  clock.advance(71_000);
  await expect.poll(left).toEqual([false, true, true]);
});

test('a reader can be shown half of a transaction, whose whole still holds afterwards', async () => {
  const read = async (pk: string) =>
    (await client.send(new GetItemCommand({ TableName: 'Log', Key: at(pk) }))).Item;
  await client.send(new PutItemCommand({ TableName: 'Log', Item: at('second') }));
  const seen: unknown[] = [];
  const stop = service.showHalf(
    () => true,
    async () => void seen.push((await read('first'))?.pk?.S, (await read('second'))?.n?.N),
  );
  onTestFinished(stop);
  const transaction = (condition: string) =>
    client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          { Put: { TableName: 'Log', Item: at('first'), ConditionExpression: free } },
          {
            Update: {
              TableName: 'Log',
              Key: at('second'),
              UpdateExpression: 'SET #n = :one',
              ConditionExpression: condition,
              ExpressionAttributeNames: { '#n': 'n' },
              ExpressionAttributeValues: { ':one': { N: '1' } },
            },
          },
        ],
      }),
    );

  await expect(transaction('attribute_exists(#n)')).rejects.toMatchObject({
    CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed' }],
  });
  expect(await read('first')).toBeUndefined();
  await transaction('attribute_not_exists(#n)');
  expect(seen).toEqual(['first', undefined]);
  expect((await read('second'))?.n?.N).toBe('1');
});

test('the trail holds keys in the clear, other attributes by name, and no value of an expression', () => {
  const put = { ...at('c'), text: { S: 'plaintext' } };
  const trail = (operation: string, input: Record<string, unknown>) =>
    service.trail(callOf('dynamodb', operation, input));
  expect(trail('PutItem', { TableName: 'Log', Item: put, ConditionExpression: free })).toEqual({
    category: 'Data',
    readOnly: false,
    resources: [{ type: 'AWS::DynamoDB::Table', arn: tableArn('Log') }],
    requestParameters: {
      tableName: 'Log',
      key: { pk: 'c', sk: '0' },
      item: ['pk', 'sk', 'text'],
      conditionExpression: free,
    },
  });
  const values = { ':v': { S: 'plaintext' } };
  const all = [
    trail('Query', {
      TableName: 'Log',
      KeyConditionExpression: 'pk = :v',
      ExpressionAttributeValues: values,
    }),
    trail('UpdateItem', {
      TableName: 'Log',
      Key: at('c'),
      UpdateExpression: 'SET t = :v',
      ExpressionAttributeValues: values,
    }),
    trail('BatchWriteItem', { RequestItems: { Log: [{ PutRequest: { Item: put } }] } }),
    trail('TransactWriteItems', {
      TransactItems: [{ Put: { TableName: 'Log', Item: put, ExpressionAttributeValues: values } }],
    }),
  ];
  expect(JSON.stringify(all)).not.toContain('plaintext');
  expect(all[2]?.requestParameters).toMatchObject({
    requestItems: [{ operation: 'Put', tableName: 'Log', key: { pk: 'c' } }],
  });
});

test('a kept table is taken up again as it is, and refused where the template now asks for another', async () => {
  const again = new DynamoDbService({
    account: localAccount,
    clock,
    engine,
    keyPolicyOf: () => key,
  });
  await again.addTable(tableResource('Sealed', {}));
  await expect(again.addTable(tableResource('Log', {}))).rejects.toThrow(
    /Log differs from the template in AttributeDefinitions, GlobalSecondaryIndexes, StreamSpecification/,
  );
  await expect(again.addTable(tableResource('New', { KinesisStreamSpecification: {} }))).rejects.toThrow(
    /Stack\.New \(AWS::DynamoDB::Table\) sets KinesisStreamSpecification/,
  );
});

test('a query answers from the real engine in order', async () => {
  for (const sk of ['2', '1', '3']) {
    await client.send(new UpdateItemCommand({ TableName: 'Log', Key: at('ordered', sk) }));
  }
  const { Items } = await client.send(
    new QueryCommand({
      TableName: 'Log',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'ordered' } },
    }),
  );
  expect(Items?.map(({ sk }) => sk?.S)).toEqual(['1', '2', '3']);
});

function tableResource(name: string, more: Record<string, unknown>): Resource {
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
