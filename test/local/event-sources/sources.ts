import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { Clock } from '../../../local/clock.ts';
import { DynamoDbService } from '../../../local/dynamodb/service.ts';
import type { StreamRecord } from '../../../local/dynamodb/stream-record.ts';
import { tableOf } from '../../../local/dynamodb/table.ts';
import { EventSources } from '../../../local/event-sources/event-sources.ts';
import type { Principal, Statement } from '../../../local/iam/policy.ts';
import type { Invocation, Invoker } from '../../../local/lambda/invoke.ts';
import type { Permission } from '../../../local/lambda/permissions.ts';
import { SqsService } from '../../../local/sqs/service.ts';
import { genericIdentities } from '../../../local/template/identities.ts';
import type { Identify, Resource } from '../../../local/template/resource.ts';
import { callOf } from '../dynamodb/served.ts';

export interface QueueRecord {
  readonly messageId: string;
  readonly body: string;
}

/** Records of the one kind or the other: each test knows its source. */
export type Batch = readonly (StreamRecord & QueueRecord)[];

/** What the fake function does with a batch: answers, or throws for a function error. */
export type Handler = (records: Batch) => unknown;

export const functionArn = 'arn:aws:lambda:us-east-1:111122223333:function:reader';
const keyPolicy = {
  policy: {
    name: 'Key policy',
    document: {
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::111122223333:root' },
        Action: 'kms:*',
        Resource: '*',
      },
    },
  },
  usable: true,
} as const;
export const keyArn = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

let tables = 0;

/** Real tables and queues, and a function that is only a function; all of it is gone when the test ends. */
export async function startSources(
  engine: { url: string; accessKeyId: string },
  {
    table = {},
    queue = {},
    statements = [{ Effect: 'Allow', Action: '*', Resource: '*' }],
    clock = new Clock(),
  }: {
    table?: Record<string, unknown>;
    queue?: Record<string, unknown>;
    statements?: Statement[];
    clock?: Clock;
  } = {},
) {
  const directory = mkdtempSync(join(tmpdir(), 'sources-'));
  tables += 1;
  const theTable = identified('AWS::DynamoDB::Table', `Table${tables}`, {
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
    BillingMode: 'PAY_PER_REQUEST',
    StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    ...table,
  });
  const deadLetters = identified('AWS::SQS::Queue', 'DeadLetters');
  const theQueue = identified('AWS::SQS::Queue', 'Queue', {
    RedrivePolicy: { deadLetterTargetArn: deadLetters.attributes.Arn, maxReceiveCount: 2 },
    ...queue,
  });
  const streamArn = theTable.attributes.StreamArn ?? '';
  const queueArn = theQueue.attributes.Arn ?? '';
  const failuresArn = deadLetters.attributes.Arn ?? '';
  const tablesService = new DynamoDbService({
    account: localAccount,
    clock,
    engine,
    keyPolicyOf: () => keyPolicy,
    streamMarksFile: join(directory, 'marks.json'),
  });
  await tablesService.addTable(theTable);
  onTestFinished(() => {
    tablesService.close();
    clock.stop();
    rmSync(directory, { recursive: true });
  });

  /** Starts what reads: `handle` is the function, `properties` are the mapping's. */
  const run = async (properties: Record<string, unknown>, handle: Handler = () => null) => {
    const queues = new SqsService({
      account: localAccount,
      clock,
      stateFile: join(directory, 'sqs.jsonl'),
      keyPolicyOf: () => keyPolicy,
    });
    queues.addQueue(deadLetters);
    queues.addQueue(theQueue);
    const functions = fakeFunctions(handle);
    const faults: string[] = [];
    const sources = new EventSources({
      account: localAccount,
      clock,
      functions,
      streams: tablesService.streams,
      queues,
      stateFile: join(directory, 'event-sources.json'),
      onFault: (error) => faults.push(String(error)),
    });
    const close = async () => {
      await sources.close();
      queues.close();
    };
    onTestFinished(close);
    sources.add(mappingResource(properties), {
      arn: functionArn,
      name: 'reader',
      timeoutSeconds: 30,
      principal: role(statements),
    });
    await sources.start();
    const inQueue = (arn: string) => {
      const found = queues.queue(arn);
      if (!found) throw new Error(`no queue ${arn}`);
      return found;
    };
    return {
      sources,
      faults,
      batches: functions.batches,
      invokers: functions.invokers,
      close,
      send: (body: string) => inQueue(queueArn).send({ body, senderId: 'AIDATEST' }).id,
      counts: () => inQueue(queueArn).counts(),
      failures: () => inQueue(failuresArn).counts().visible,
      takeFailures: () =>
        inQueue(failuresArn)
          .receive(10)
          .map(({ message }) => message),
    };
  };

  return {
    clock,
    table: tableOf(theTable, localAccount),
    tables: tablesService,
    stateFile: join(directory, 'event-sources.json'),
    streamArn,
    queueArn,
    failuresArn,
    run,
    put: (pk: string, more: Record<string, unknown> = {}) =>
      tablesService.handle(
        callOf('dynamodb', 'PutItem', { TableName: theTable.ref, Item: { pk: { S: pk }, ...more } }),
      ),
    remove: (pk: string) =>
      tablesService.handle(
        callOf('dynamodb', 'DeleteItem', { TableName: theTable.ref, Key: { pk: { S: pk } } }),
      ),
  };
}

/** The partition keys of a batch of stream records. */
export function keysOf(batch: readonly StreamRecord[]): string[] {
  return batch.map(({ dynamodb }) => (dynamodb.Keys.pk as { S: string }).S);
}

export function mappingResource(properties: Record<string, unknown>): Resource {
  return identified('AWS::Lambda::EventSourceMapping', 'Mapping', {
    FunctionName: 'reader',
    ...properties,
  });
}

function fakeFunctions(handle: Handler) {
  const batches: Batch[] = [];
  const invokers: Invoker[] = [];
  const permitted: Permission[] = [];
  return {
    batches,
    invokers,
    permit: (permission: Permission) => void permitted.push(permission),
    invoke: async (arn: string, event: unknown, invoker: Invoker): Promise<Invocation> => {
      const isPermitted = permitted.some(
        (one) =>
          one.functionArn === arn && one.service === invoker.service && one.sourceArn === invoker.sourceArn,
      );
      if (!isPermitted) throw new Error(`${invoker.service} may not invoke ${arn} for ${invoker.sourceArn}`);
      const { Records } = event as { Records: Batch };
      batches.push(Records);
      invokers.push(invoker);
      const ran = { requestId: `request-${batches.length}`, durationMs: 1, coldStart: false };
      try {
        return { ...ran, payload: (await handle(Records)) ?? null };
      } catch (error) {
        return { ...ran, payload: { errorMessage: String(error) }, functionError: 'Unhandled' };
      }
    },
  };
}

function role(statements: Statement[]): Principal {
  return {
    arn: 'arn:aws:sts::111122223333:assumed-role/Reader/reader',
    identityArn: 'arn:aws:iam::111122223333:role/Reader',
    accountId: '111122223333',
    policies: [{ name: 'MayRead', document: { Version: '2012-10-17', Statement: statements } }],
  };
}

export function identified(
  type: string,
  logicalId: string,
  properties: Record<string, unknown> = {},
): Resource {
  const identify: Identify | undefined =
    type === 'AWS::DynamoDB::Table' ? DynamoDbService.identify : genericIdentities[type];
  if (!identify) throw new Error(`no identity for ${type}`);
  const identity = identify({
    account: localAccount,
    stack: 'Stack',
    logicalId,
    seed: logicalId.toLowerCase().padEnd(26, '0'),
    property: (name) => properties[name],
  });
  return { stack: 'Stack', logicalId, type, properties, ...identity };
}
