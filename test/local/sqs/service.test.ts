import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identified, keyArn } from '../event-sources/sources.ts';
import { role } from '../front-door/open-front-door.ts';
import { queueUrl, startQueues, temporaryFolder } from './queues-fixture.ts';

const SECOND_MS = 1000;
const queueArn = 'arn:aws:sqs:us-east-1:111122223333:q';

test('a message is received with its digests and attributes, hidden from others, and gone once deleted', async () => {
  const { on } = await startQueues();
  const MessageAttributes = {
    kind: { DataType: 'String', StringValue: 'x' },
    raw: { DataType: 'Binary', BinaryValue: 'AQI=' },
  };
  const sent = await on('SendMessage', { MessageBody: 'hello', MessageAttributes });
  expect(sent.body).toEqual({
    MessageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    MD5OfMessageBody: '5d41402abc4b2a76b9719d911017c592',
    MD5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  const { body } = await on('ReceiveMessage', {
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['ApproximateReceiveCount', 'SenderId'],
  });
  const [message] = body.Messages ?? [];
  expect(message).toEqual({
    MessageId: sent.body.MessageId,
    ReceiptHandle: expect.any(String),
    MD5OfBody: sent.body.MD5OfMessageBody,
    Body: 'hello',
    Attributes: { ApproximateReceiveCount: '1', SenderId: expect.stringMatching(/^AROA\w{17}:one$/) },
    MD5OfMessageAttributes: sent.body.MD5OfMessageAttributes,
    MessageAttributes,
  });
  expect((await on('ReceiveMessage')).body).toEqual({});
  await on('DeleteMessage', { ReceiptHandle: message?.ReceiptHandle });
  expect((await on('GetQueueAttributes', { AttributeNames: ['All'] })).body.Attributes).toMatchObject({
    QueueArn: queueArn,
    ApproximateNumberOfMessages: '0',
    ApproximateNumberOfMessagesNotVisible: '0',
    VisibilityTimeout: '30',
    MessageRetentionPeriod: '345600',
  });
});

test('a message that nobody deletes is visible again when its timeout has passed by the clock', async () => {
  const { on, receiveOne, clock } = await startQueues();
  await on('SendMessage', { MessageBody: 'hello' });
  const first = await receiveOne({ VisibilityTimeout: 60 });
  clock.advance(59 * SECOND_MS);
  expect((await on('ReceiveMessage')).body).toEqual({});
  clock.advance(2 * SECOND_MS);
  const second = await receiveOne();
  expect(second.MessageId).toBe(first.MessageId);

  const stale = await on('DeleteMessage', { ReceiptHandle: first.ReceiptHandle });
  expect(stale.status).toBe(200); // and deletes nothing
  const wait = { ReceiptHandle: second.ReceiptHandle, VisibilityTimeout: 0 };
  expect((await on('ChangeMessageVisibility', wait)).status).toBe(200);
  expect((await on('ReceiveMessage')).body.Messages).toHaveLength(1);
  expect((await on('ChangeMessageVisibility', { ...wait, VisibilityTimeout: 9 })).queryError).toBe(
    'InvalidParameterValue;Sender',
  );
});

test('a long poll is answered as soon as there is a message, and by nothing when its seconds are over', async () => {
  const { on, clock } = await startQueues();
  const started = performance.now();
  const waiting = on('ReceiveMessage', { WaitTimeSeconds: 20 });
  await on('SendMessage', { MessageBody: 'late', DelaySeconds: 900 });
  clock.advance(901 * SECOND_MS);
  expect((await waiting).body.Messages).toMatchObject([{ Body: 'late' }]);
  expect(performance.now() - started).toBeLessThan(15_000);
  expect((await on('ReceiveMessage', { WaitTimeSeconds: 1 })).body).toEqual({});
});

test('what was received as often as allowed goes to the dead-letter queue and keeps its id', async () => {
  const dead = identified('AWS::SQS::Queue', 'Dead', { QueueName: 'dead' });
  const RedrivePolicy = { deadLetterTargetArn: dead.attributes.Arn, maxReceiveCount: 2 };
  const { on, call, clock } = await startQueues({ properties: { RedrivePolicy }, more: [dead] });
  const { MessageId } = (await on('SendMessage', { MessageBody: 'poison' })).body;
  for (const _ of [1, 2]) {
    expect((await on('ReceiveMessage')).body.Messages).toHaveLength(1);
    clock.advance(31 * SECOND_MS);
  }
  expect((await on('ReceiveMessage')).body).toEqual({});
  const taken = await call('ReceiveMessage', { QueueUrl: dead.ref, AttributeNames: ['All'] });
  expect(taken.body.Messages).toMatchObject([
    { MessageId, Body: 'poison', Attributes: { DeadLetterQueueSourceArn: queueArn } },
  ]);
});

test('a message is gone when its retention period has passed by the clock', async () => {
  const { on, clock } = await startQueues({ properties: { MessageRetentionPeriod: 60 } });
  await on('SendMessage', { MessageBody: 'short-lived' });
  clock.advance(61 * SECOND_MS);
  expect((await on('ReceiveMessage')).body).toEqual({});
});

test('messages and their receive counts outlive a restart, in a file that only its owner reads', async () => {
  const folder = temporaryFolder();
  const first = await startQueues({ folder });
  await first.on('SendMessage', { MessageBody: 'deleted' });
  const { ReceiptHandle } = await first.receiveOne();
  await first.on('SendMessage', { MessageBody: 'seen' });
  await first.on('ReceiveMessage', { VisibilityTimeout: 0 });
  await first.on('DeleteMessage', { ReceiptHandle });
  await first.close();
  expect(statSync(join(folder, 'sqs.jsonl')).mode & 0o777).toBe(0o600);

  const second = await startQueues({ folder });
  const left = await second.on('GetQueueAttributes', { AttributeNames: ['All'] });
  expect(left.body.Attributes).toMatchObject({
    ApproximateNumberOfMessages: '1',
    ApproximateNumberOfMessagesNotVisible: '0',
  });
  const { body } = await second.on('ReceiveMessage', { MaxNumberOfMessages: 10, AttributeNames: ['All'] });
  expect(body.Messages).toMatchObject([{ Body: 'seen', Attributes: { ApproximateReceiveCount: '2' } }]);
});

test('a batch answers for each entry, and a batch that is none is refused whole', async () => {
  const { on, receiveOne } = await startQueues({ properties: { MaximumMessageSize: 1024 } });
  const Entries = [
    { Id: 'a', MessageBody: 'fine' },
    { Id: 'b', MessageBody: 'x'.repeat(1025) },
    { Id: 'c', MessageBody: 'bell \u0007' },
  ];
  const { body } = await on('SendMessageBatch', { Entries });
  expect(body.Successful).toMatchObject([{ Id: 'a', MessageId: expect.any(String) }]);
  expect(body.Failed).toMatchObject([
    { Id: 'b', Code: 'InvalidParameterValue', SenderFault: true },
    { Id: 'c', Code: 'InvalidMessageContents', SenderFault: true },
  ]);
  const refused = async (list: object[]) => (await on('SendMessageBatch', { Entries: list })).body.__type;
  expect(await refused([])).toBe('com.amazonaws.sqs#EmptyBatchRequest');
  expect(await refused([Entries[0] ?? {}, Entries[0] ?? {}])).toBe(
    'com.amazonaws.sqs#BatchEntryIdsNotDistinct',
  );
  const eleven = Array.from({ length: 11 }, (_, place) => ({ Id: `${place}`, MessageBody: 'x' }));
  expect(await refused(eleven)).toBe('com.amazonaws.sqs#TooManyEntriesInBatchRequest');

  const { ReceiptHandle } = await receiveOne();
  const handles = [
    { Id: 'ok', ReceiptHandle },
    { Id: 'no', ReceiptHandle: 'x' },
  ];
  expect((await on('DeleteMessageBatch', { Entries: handles })).body).toMatchObject({
    Successful: [{ Id: 'ok' }],
    Failed: [{ Id: 'no', Code: 'ReceiptHandleIsInvalid' }],
  });
});

test('refusals carry the names of the JSON protocol and, in a header, those of the query protocol', async () => {
  const { on, call } = await startQueues();
  const none = await call('SendMessage', { QueueUrl: `${queueUrl}-none`, MessageBody: 'x' });
  expect(none).toMatchObject({
    status: 400,
    queryError: 'AWS.SimpleQueueService.NonExistentQueue;Sender',
    body: { __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'The specified queue does not exist.' },
  });
  const broken = await on('DeleteMessage', { ReceiptHandle: 'broken' });
  expect(broken.body).toEqual({
    __type: 'com.amazonaws.sqs#ReceiptHandleIsInvalid',
    message: 'The input receipt handle "broken" is not a valid receipt handle.',
  });
  expect((await on('ReceiveMessage', { MaxNumberOfMessages: 11 })).queryError).toBe(
    'InvalidParameterValue;Sender',
  );
  expect((await call('GetQueueUrl', { QueueName: 'q' })).body).toEqual({ QueueUrl: queueUrl });
  expect((await on('CreateQueue')).body.__type).toMatch(/UnknownOperationException/);
  await on('SendMessage', { MessageBody: 'x' });
  expect((await on('PurgeQueue')).status).toBe(200);
  expect((await on('ReceiveMessage')).body).toEqual({});
  expect((await on('PurgeQueue')).body.__type).toBe('com.amazonaws.sqs#PurgeQueueInProgress');
});

test('the caller needs the action and the queue’s key; the queue’s own policy lets in and keeps out', async () => {
  const policy = identified('AWS::SQS::QueuePolicy', 'Policy', {
    Queues: [queueUrl],
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::111122223333:role/Guest' },
          Action: 'sqs:SendMessage',
          Resource: queueArn,
        },
        { Effect: 'Deny', Principal: '*', Action: 'sqs:PurgeQueue', Resource: queueArn },
      ],
    },
  });
  const { on, trail } = await startQueues({ properties: { KmsMasterKeyId: keyArn }, more: [policy] });
  const send = { MessageBody: 'hello' };
  const said = async (...given: Parameters<typeof on>) => (await on(...given)).body.Message;

  const guest = role('Guest', { Effect: 'Allow', Action: 'kms:*', Resource: keyArn });
  expect((await on('SendMessage', send, guest)).status).toBe(200);
  expect(await said('ReceiveMessage', {}, guest)).toContain(`sqs:ReceiveMessage on resource: ${queueArn}`);
  expect(await said('PurgeQueue')).toContain('with an explicit deny in a resource-based policy');

  const keyless = role('Keyless', { Effect: 'Allow', Action: 'sqs:*', Resource: '*' });
  expect(await said('SendMessage', send, keyless)).toContain(`kms:GenerateDataKey on resource: ${keyArn}`);
  const onlyHere = { StringEquals: { 'kms:ViaService': 'sqs.us-east-1.amazonaws.com' } };
  const worker = role(
    'Worker',
    { Effect: 'Allow', Action: 'sqs:*', Resource: queueArn },
    { Effect: 'Allow', Action: 'kms:Decrypt', Resource: keyArn, Condition: onlyHere },
  );
  expect((await on('ReceiveMessage', {}, worker)).body.Messages).toHaveLength(1);
  expect(await said('SendMessage', send, worker)).toContain(`kms:GenerateDataKey on resource: ${keyArn}`);
  expect(JSON.stringify(trail.events())).not.toContain('hello');
});

test('a queue under a disabled key takes and gives nothing', async () => {
  const { on } = await startQueues({ properties: { KmsMasterKeyId: keyArn }, usable: false });
  expect(await on('SendMessage', { MessageBody: 'x' })).toMatchObject({
    queryError: 'KMS.DisabledException;Sender',
    body: { __type: 'com.amazonaws.sqs#KmsDisabled' },
  });
});

test.each([
  [{ FifoQueue: true }, /is a FIFO queue, which the local queues do not do/],
  [{ VisibilityTimeout: 43_201 }, /sets VisibilityTimeout to 43201, which must be from 0 to 43200/],
  [{ Shape: 'round' }, /sets Shape, which the local queues do not do/],
  [{ KmsMasterKeyId: 'alias/data' }, /names its key by the alias alias\/data/],
  [{ RedrivePolicy: { maxReceiveCount: 3 } }, /has a RedrivePolicy without deadLetterTargetArn/],
])('a queue with %j is refused by name', async (properties, sentence) => {
  await expect(startQueues({ properties })).rejects.toThrow(sentence);
});
