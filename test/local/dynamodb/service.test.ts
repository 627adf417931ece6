import { randomUUID } from 'node:crypto';
import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EngineClient } from '../../../local/dynamodb/engine-client.ts';
import { itemSize } from '../../../local/dynamodb/item-size.ts';
import type { AttributeValue } from '../../../local/dynamodb/wire.ts';
import { at, free, twoTables } from './two-tables.ts';

const { client, engine, served } = await twoTables();

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
