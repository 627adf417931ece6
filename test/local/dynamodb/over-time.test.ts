import {
  BatchWriteItemCommand,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { DynamoDbService } from '../../../local/dynamodb/service.ts';
import { callOf } from './served.ts';
import { at, free, tableArn, tableResource, twoTables } from './two-tables.ts';

const { client, clock, engine, key, service } = await twoTables();

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
