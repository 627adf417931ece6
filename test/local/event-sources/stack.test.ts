import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { AttributeType, StreamViewType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function as LambdaFunction, Runtime, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq, SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { expect, onTestFinished, test } from 'vitest';
import { cacheDirectory } from '../../../cli/cache-directory.ts';
import { startStack } from '../../../local/stack.ts';

const source = `
exports.handler = async (event) => {
  const said = event.Records.map((record) => record.body ?? record.dynamodb.Keys.pk.S);
  if (said.includes('poison')) throw new Error('cannot');
  for (const one of said) console.log('read <' + one + '>');
};`;

test('a CDK app’s streams and queues reach its functions under their own roles and keys, over a restart', async () => {
  const assembly = synthesized();
  const dataDirectory = folder();
  const first = await start(assembly, dataDirectory);
  expect(first.stack.eventSources.list().map(({ state, reason }) => [state, reason])).toEqual([
    ['enabled', undefined],
    ['enabled', undefined],
  ]);
  await first.put('one');
  await first.put('poison');
  await first.put('two');
  await expect.poll(first.readFromStream).toEqual(['one', 'two']);
  await expect.poll(() => first.queue('Parked').counts().visible).toBe(1);
  first.queue('Work').send({ body: 'job', senderId: 'AIDATEST' });
  await expect.poll(first.readFromQueue).toEqual(['job']);
  await first.stack.close();

  const second = await start(assembly, dataDirectory);
  await second.put('three');
  await expect.poll(second.readFromStream).toContain('three');
  expect(second.readFromStream().filter((key) => key !== 'three')).toEqual(['one', 'two']); // lines of the first run
  expect(second.queue('Parked').counts().visible).toBe(1);
});

async function start(assembly: string, dataDirectory: string) {
  const faults: unknown[] = [];
  const stack = await startStack({
    assembly,
    dataDirectory,
    cacheDirectory,
    onFault: (error) => faults.push(error),
  });
  onTestFinished(async () => {
    await stack.close();
    expect(faults).toEqual([]);
  });
  const only = (type: string, id: string) => {
    const found = stack.resources.find((one) => one.type === type && one.logicalId.startsWith(id));
    if (!found) throw new Error(`no ${type} ${id}`);
    return found;
  };
  const client = new DynamoDBClient({
    endpoint: stack.awsEndpointUrl,
    region: 'us-east-1',
    credentials: stack.administrator,
  });
  onTestFinished(() => client.destroy());
  const read = (id: string) => {
    const lines = stack.logs.read(`/aws/lambda/${only('AWS::Lambda::Function', id).ref}`);
    return lines.flatMap((line) => /read <(\w+)>/.exec(JSON.stringify(line))?.[1] ?? []);
  };
  return {
    stack,
    put: (pk: string) =>
      client.send(
        new PutItemCommand({ TableName: only('AWS::DynamoDB::Table', 'Log').ref, Item: { pk: { S: pk } } }),
      ),
    queue: (id: string) => {
      const queue = stack.queues.queue(only('AWS::SQS::Queue', id).attributes.Arn ?? '');
      if (!queue) throw new Error(`no queue ${id}`);
      return queue;
    },
    readFromStream: () => read('Reader'),
    readFromQueue: () => read('Worker'),
  };
}

/** Grants are CDK's own. */
function synthesized(): string {
  const outdir = folder();
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, 'Sources');
  const encryptionKey = new Key(stack, 'Key');
  const table = new Table(stack, 'Log', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    stream: StreamViewType.NEW_AND_OLD_IMAGES,
    encryption: TableEncryption.CUSTOMER_MANAGED,
    encryptionKey,
  });
  const parked = new Queue(stack, 'Parked', { encryptionMasterKey: encryptionKey, enforceSSL: true });
  const work = new Queue(stack, 'Work', {
    encryptionMasterKey: encryptionKey,
    enforceSSL: true,
    visibilityTimeout: Duration.seconds(60),
    deadLetterQueue: { queue: parked, maxReceiveCount: 3 },
  });
  const made = (id: string) =>
    new LambdaFunction(stack, id, {
      runtime: Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: Code.fromAsset(bundle()),
      timeout: Duration.seconds(10),
    });
  made('Reader').addEventSource(
    new DynamoEventSource(table, {
      startingPosition: StartingPosition.TRIM_HORIZON,
      bisectBatchOnError: true,
      retryAttempts: 1,
      onFailure: new SqsDlq(parked),
    }),
  );
  made('Worker').addEventSource(new SqsEventSource(work, { reportBatchItemFailures: true }));
  app.synth();
  return outdir;
}

function bundle(): string {
  const code = join(folder(), 'bundle');
  mkdirSync(code);
  writeFileSync(join(code, 'index.js'), source);
  return code;
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'sources-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
