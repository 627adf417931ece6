import { DescribeTableCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { callOf } from './served.ts';
import { at, free, keyArn, tableArn, twoTables } from './two-tables.ts';

const { client, key, service } = await twoTables();

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
