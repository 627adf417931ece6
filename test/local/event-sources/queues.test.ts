import { expect, test } from 'vitest';
import { emptyDatabase } from '../../fixtures/shared-engine.ts';
import { type Batch, keyArn, startSources } from './sources.ts';

const engine = await emptyDatabase();
const SECOND_MS = 1000;

const bodiesOf = (batch: Batch) => batch.map(({ body }) => body);

test('messages reach the function in the documented shape and are deleted once it has handled them', async () => {
  const { run, queueArn } = await startSources(engine);
  const { batches, invokers, send, counts } = await run({ EventSourceArn: queueArn });
  const id = send('hello');
  await expect.poll(counts).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  expect(batches).toEqual([
    [
      {
        messageId: id,
        receiptHandle: expect.any(String),
        body: 'hello',
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: expect.stringMatching(/^\d{13}$/),
          SenderId: 'AIDATEST',
          ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
        },
        messageAttributes: {},
        md5OfBody: '5d41402abc4b2a76b9719d911017c592',
        eventSource: 'aws:sqs',
        eventSourceARN: queueArn,
        awsRegion: 'us-east-1',
      },
    ],
  ]);
  expect(invokers[0]).toMatchObject({ service: 'lambda.amazonaws.com', sourceArn: queueArn });
});

test('a batch that fails is seen again after the visibility timeout, and lands in the dead-letter queue after the last try', async () => {
  const { run, queueArn, failuresArn, clock } = await startSources(engine);
  const { batches, send, failures, takeFailures, counts } = await run({ EventSourceArn: queueArn }, () => {
    throw new Error('no');
  });
  send('poison');
  await expect.poll(() => batches.length).toBe(1);
  clock.advance(29 * SECOND_MS);
  await expect.poll(counts).toMatchObject({ inFlight: 1 });
  expect(batches).toHaveLength(1);
  clock.advance(2 * SECOND_MS);
  await expect.poll(() => batches.length).toBe(2);
  expect(failures()).toBe(0);
  clock.advance(31 * SECOND_MS);
  await expect.poll(failures).toBe(1);
  expect(batches).toHaveLength(2);
  expect(takeFailures()).toMatchObject([{ body: 'poison', deadLetterSource: queueArn }]);
  expect(failuresArn).toContain('DeadLetters');
});

test('of a batch reported in part, only what was named comes again', async () => {
  const { run, queueArn, clock } = await startSources(engine);
  const { batches, send, counts } = await run(
    {
      EventSourceArn: queueArn,
      MaximumBatchingWindowInSeconds: 5,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    },
    (records) => ({
      batchItemFailures: records
        .filter(({ body }) => body === 'bad')
        .map(({ messageId }) => ({ itemIdentifier: messageId })),
    }),
  );
  for (const body of ['one', 'bad', 'two']) send(body);
  await expect
    .poll(() => {
      clock.advance(SECOND_MS);
      return batches.map(bodiesOf);
    })
    .toEqual([['one', 'bad', 'two']]);
  await expect.poll(counts).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
});

test('an identifier that no message of the batch has fails the whole batch', async () => {
  const { run, queueArn } = await startSources(engine);
  const { batches, send, counts } = await run(
    { EventSourceArn: queueArn, FunctionResponseTypes: ['ReportBatchItemFailures'] },
    () => ({ batchItemFailures: [{ itemIdentifier: 'somebody-else' }] }),
  );
  send('kept');
  await expect.poll(() => batches.length).toBe(1);
  await expect.poll(counts).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
});

test('what the filter does not let through is deleted unseen; a body that is no JSON fits no pattern of it', async () => {
  const { run, queueArn } = await startSources(engine);
  const Pattern = JSON.stringify({ body: { kind: ['wanted'], size: [{ numeric: ['>', 1, '<=', 5] }] } });
  const { batches, send, counts } = await run({
    EventSourceArn: queueArn,
    FilterCriteria: { Filters: [{ Pattern }] },
  });
  send('no json');
  send(JSON.stringify({ kind: 'wanted', size: 9 }));
  send(JSON.stringify({ kind: 'other', size: 2 }));
  send(JSON.stringify({ kind: 'wanted', size: 5 }));
  await expect.poll(counts).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  expect(batches.flatMap(bodiesOf)).toEqual([JSON.stringify({ kind: 'wanted', size: 5 })]);
});

test.each(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'kms:Decrypt'])(
  'a role without %s stops the mapping, and the refusal names it',
  async (action) => {
    const { run, queueArn } = await startSources(engine, {
      queue: { KmsMasterKeyId: keyArn },
      statements: [{ Effect: 'Allow', NotAction: action, Resource: '*' }],
    });
    const { batches, faults, send, sources } = await run({ EventSourceArn: queueArn });
    send('unread');
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`is not authorized to perform: ${action} on resource:`);
    expect(sources.list()).toMatchObject([{ state: 'refused' }]);
    expect(batches).toEqual([]);
  },
);

test('a queue whose messages would be seen again while the function still works is refused, as on AWS', async () => {
  const { run, queueArn } = await startSources(engine, { queue: { VisibilityTimeout: 10 } });
  await expect(run({ EventSourceArn: queueArn })).rejects.toThrow(
    'Stack.Mapping: Queue visibility timeout: 10 seconds is less than Function timeout: 30 seconds',
  );
});
