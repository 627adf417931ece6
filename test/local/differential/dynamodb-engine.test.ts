import { createHash, createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import type { Engine } from '../../../local/dynamodb/engine.ts';
import { DynamoDbService } from '../../../local/dynamodb/service.ts';
import { tableOf } from '../../../local/dynamodb/table.ts';
import { CredentialStore, type Credentials } from '../../../local/front-door/credentials.ts';
import { Faults } from '../../../local/front-door/faults.ts';
import { Meter } from '../../../local/front-door/meter.ts';
import { FrontDoor } from '../../../local/front-door/server.ts';
import { Trail } from '../../../local/front-door/trail.ts';
import { emptyDatabase } from '../../fixtures/shared-engine.ts';

/**
 * The same calls straight at the engine and through the front door, each at a database of its own with the same table:
 * the front door adds nothing to DynamoDB's answers and hides nothing of them. What it corrects on purpose is named.
 */
const account = localAccount;
const table = {
  stack: 'Straight',
  logicalId: 'Notes',
  type: 'AWS::DynamoDB::Table',
  ref: 'Notes',
  attributes: {},
  properties: {
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ],
  },
} as const;
const TableName = 'Notes';

let engine: Pick<Engine, 'url'>;
let door: FrontDoor;
let doorUrl: string;
let caller: Credentials;
const straightKey: Credentials = { accessKeyId: 'straight', secretAccessKey: 'unchecked' };
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  engine = await emptyDatabase();
  const clock = new Clock();
  closers.push(() => clock.stop());
  const credentials = new CredentialStore(clock);
  const arn = `arn:aws:iam::${account.accountId}:user/reader`;
  const document = {
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Action: '*', Resource: '*' },
  } as const;
  caller = credentials.issue({
    arn,
    identityArn: arn,
    accountId: account.accountId,
    policies: [{ name: 'All', document }],
  });
  const tables = new DynamoDbService({
    account,
    clock,
    engine: { url: engine.url, accessKeyId: 'through' },
    keyPolicyOf: (key) => {
      throw new Error(`the table has no key, and ${key} was asked for`);
    },
  });
  closers.push(() => tables.close());
  await tables.addTable(table);
  const faults = new Faults();
  const trail = new Trail({ account, clock });
  door = new FrontDoor({
    account,
    clock,
    services: [tables],
    credentials,
    trail,
    meter: new Meter(),
    faults,
  });
  doorUrl = await door.listen(0);
  closers.push(() => door.close());
  const made = await post(engine.url, straightKey, 'CreateTable', tableOf(table, account).definition);
  if (made.status !== 200) throw new Error(made.text);
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

const one = { pk: { S: 'a' }, sk: { S: '1' } };
const full = {
  ...one,
  text: { S: 'grüße 👋 "quoted" \\ </script>\u2028' },
  number: { N: '12345678901234567890.12345678901234567' },
  bytes: { B: 'AAEC/w==' },
  nothing: { NULL: true },
  yes: { BOOL: true },
  map: { M: { inner: { L: [{ N: '1' }, { S: '' }, { M: {} }] } } },
  names: { SS: ['b', 'a'] },
  numbers: { NS: ['2', '1.50'] },
};
const units = { ReturnConsumedCapacity: 'TOTAL' };
const missing = { ConditionExpression: 'attribute_not_exists(pk)' };

type Step = [what: string, operation: string, input: Record<string, unknown>];
const steps: Step[] = [
  ['an item of every type', 'PutItem', { TableName, Item: full }],
  ['what was there', 'PutItem', { TableName, Item: full, ReturnValues: 'ALL_OLD', ...units }],
  ['a lost condition', 'PutItem', { TableName, Item: one, ...missing }],
  [
    'a lost condition with the winner',
    'PutItem',
    { TableName, Item: one, ...missing, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
  ],
  ['the item', 'GetItem', { TableName, Key: one, ConsistentRead: true, ...units }],
  ['half a unit', 'GetItem', { TableName, Key: one, ReturnConsumedCapacity: 'INDEXES' }],
  ['no item', 'GetItem', { TableName, Key: { ...one, sk: { S: 'none' } } }],
  [
    'a projection',
    'GetItem',
    { TableName, Key: one, ProjectionExpression: '#m.inner[0]', ExpressionAttributeNames: { '#m': 'map' } },
  ],
  [
    'an update',
    'UpdateItem',
    {
      ...{ TableName, Key: one, ...units, ReturnValues: 'UPDATED_NEW' },
      UpdateExpression: 'ADD counted :one SET #t = if_not_exists(missing, :s)',
      ExpressionAttributeNames: { '#t': 'text' },
      ExpressionAttributeValues: { ':one': { N: '1' }, ':s': { S: 'new' } },
    },
  ],
  ['more', 'PutItem', { TableName, Item: { ...one, sk: { S: '2' } } }],
  [
    'a page of a query, and where the next begins',
    'Query',
    {
      ...{ TableName, Limit: 1, ScanIndexForward: false, ...units },
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'a' } },
    },
  ],
  [
    'a count',
    'Query',
    {
      ...{ TableName, Select: 'COUNT' },
      KeyConditionExpression: 'pk = :p AND sk > :s',
      ExpressionAttributeValues: { ':p': { S: 'a' }, ':s': { S: '1' } },
    },
  ],
  ['a scan', 'Scan', { TableName, ...units }],
  [
    'a batch of reads',
    'BatchGetItem',
    { RequestItems: { [TableName]: { Keys: [one], ConsistentRead: true } }, ...units },
  ],
  [
    'a batch of writes',
    'BatchWriteItem',
    { RequestItems: { [TableName]: [{ PutRequest: { Item: { ...one, sk: { S: '3' } } } }] }, ...units },
  ],
  [
    'a transaction',
    'TransactWriteItems',
    {
      TransactItems: [
        { Put: { TableName, Item: { ...one, sk: { S: '4' } } } },
        {
          ConditionCheck: { TableName, Key: one, ConditionExpression: 'attribute_exists(pk)' },
        },
      ],
    },
  ],
  [
    'a cancelled transaction',
    'TransactWriteItems',
    {
      TransactItems: [
        { Put: { TableName, Item: { ...one, sk: { S: '5' } } } },
        {
          Put: { TableName, Item: one, ...missing, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' },
        },
      ],
    },
  ],
  ['a transaction of reads', 'TransactGetItems', { TransactItems: [{ Get: { TableName, Key: one } }] }],
  ['a deletion', 'DeleteItem', { TableName, Key: one, ReturnValues: 'ALL_OLD', ...units }],
  ['a table that is not there', 'GetItem', { TableName: 'Nowhere', Key: one }],
  ['a key without its range', 'GetItem', { TableName, Key: { pk: { S: 'a' } } }],
  ['an empty key', 'PutItem', { TableName, Item: { pk: { S: '' }, sk: { S: '1' } } }],
  ['an item without its key', 'PutItem', { TableName, Item: { pk: { S: 'a' } } }],
  ['a key of another type', 'PutItem', { TableName, Item: { ...one, sk: { N: '1' } } }],
  ['an item above 400 KB', 'PutItem', { TableName, Item: { ...one, text: { S: 'x'.repeat(409_600) } } }],
  [
    'an expression that is none',
    'UpdateItem',
    { TableName, Key: one, UpdateExpression: 'SET #a = :missing', ExpressionAttributeNames: { '#a': 'a' } },
  ],
  ['a reserved word', 'GetItem', { TableName, Key: one, ProjectionExpression: 'name' }],
  ['a number that is none', 'PutItem', { TableName, Item: { ...one, n: { N: 'seven' } } }],
  ['an unknown return value', 'PutItem', { TableName, Item: one, ReturnValues: 'SOME' }],
];

test.each(steps)('%s: the same status, error and body (%s)', async (_, operation, input) => {
  const straight = await post(engine.url, straightKey, operation, input);
  const through = await post(doorUrl, caller, operation, input);
  expect({ status: through.status, body: through.body }).toEqual({
    status: straight.status,
    body: straight.body,
  });
  expect(through.type).toBe(straight.type);
  expect(through.checksum).toBe(String(crc32(through.text))); // SDKs check it
});

test('a transaction’s units are the documented ones through the front door, where the engine miscounts', async () => {
  const put = (sk: string) => ({ Put: { TableName, Item: { ...one, sk: { S: sk } } } });
  const input = { TransactItems: [put('6'), put('7'), put('8')], ...units };
  const straight = await post(engine.url, straightKey, 'TransactWriteItems', input);
  const through = await post(doorUrl, caller, 'TransactWriteItems', input);
  const total = (answer: { body: unknown }) => Object(answer.body).ConsumedCapacity?.[0]?.CapacityUnits;
  expect(total(through)).toBe(6); // two for each kilobyte of each item
  expect(total(straight)).not.toBe(6); // should an engine count right one day, the correction can go
});

async function post(url: string, credentials: Credentials, operation: string, input: object) {
  const { host, hostname, port } = new URL(url);
  const body = JSON.stringify(input);
  const signer = new SignatureV4({
    credentials,
    region: account.region,
    service: 'dynamodb',
    sha256: Sha256,
    applyChecksum: false,
  });
  const { headers } = await signer.sign({
    ...{ method: 'POST', protocol: 'http:', hostname, port: Number(port), path: '/', query: {}, body },
    headers: {
      host,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
    },
  });
  const answer = await fetch(url, { method: 'POST', headers, body });
  const text = await answer.text();
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    checksum: answer.headers.get('x-amz-crc32'),
    text,
    body: readBody(text),
  };
}

test('a call that names no table is refused for that, and not as unauthorized', async () => {
  const empty = (operation: string, input: object) => post(doorUrl, caller, operation, input);
  for (const [operation, input] of [
    ['TransactWriteItems', { TransactItems: [] }],
    ['TransactGetItems', { TransactItems: [] }],
    ['BatchGetItem', { RequestItems: {} }],
    ['BatchWriteItem', { RequestItems: {} }],
  ] as const) {
    const { status, body } = await empty(operation, input);
    expect({ status, type: body.__type }, operation).toEqual({
      status: 400,
      type: 'com.amazon.coral.validate#ValidationException',
    });
    const straight = await post(engine.url, straightKey, operation, input);
    expect(straight).toMatchObject({ status: 400, body: { __type: body.__type } });
  }
});

/** DynamoDB writes `message` for some errors and `Message` for others; every SDK reads both. */
function readBody(text: string): Readonly<Record<string, unknown>> {
  const { Message, ...members } = JSON.parse(text);
  return Message === undefined ? members : { ...members, message: Message };
}

class Sha256 {
  private readonly hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', Buffer.from(secret as Uint8Array));
  }
  update(data: Uint8Array): void {
    this.hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
  reset(): void {}
}
