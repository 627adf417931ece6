import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { StreamRecord } from '../../../local/dynamodb/stream-record.ts';
import { emptyDatabase } from '../../fixtures/shared-engine.ts';
import { functionArn, keyArn, keysOf, startSources } from './sources.ts';

const engine = await emptyDatabase();
const HOUR_MS = 3_600_000;

const numbered = (count: number) => Array.from({ length: count }, (_, place) => `k${place}`);
const isPoison = (record: StreamRecord) => keysOf([record])[0]?.startsWith('poison') === true;

test('a record reaches the function in the documented shape, invoked as Lambda for the stream', async () => {
  const { run, put, remove, streamArn, clock } = await startSources(engine);
  const { batches, invokers } = await run({ EventSourceArn: streamArn, StartingPosition: 'TRIM_HORIZON' });
  await put('a', { n: { N: '1' }, bytes: { B: 'aGk=' } });
  await put('a', { n: { N: '2' } });
  await remove('a');
  await expect.poll(() => batches.flat().length).toBe(3);

  const [inserted, modified, removed] = batches.flat();
  const seconds = inserted?.dynamodb.ApproximateCreationDateTime ?? 0;
  expect(Math.abs(seconds - clock.now() / 1000)).toBeLessThan(30);
  expect(Number.isInteger(seconds)).toBe(true);
  expect(inserted).toEqual({
    eventID: expect.stringMatching(/^[0-9a-f]{32}$/),
    eventName: 'INSERT',
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: 'us-east-1',
    dynamodb: {
      ApproximateCreationDateTime: seconds,
      Keys: { pk: { S: 'a' } },
      NewImage: { pk: { S: 'a' }, n: { N: '1' }, bytes: { B: 'aGk=' } },
      SequenceNumber: expect.stringMatching(/^\d{21,40}$/),
      SizeBytes: expect.any(Number),
      StreamViewType: 'NEW_AND_OLD_IMAGES',
    },
    eventSourceARN: streamArn,
  });
  expect(modified).toMatchObject({ eventName: 'MODIFY', dynamodb: { OldImage: { n: { N: '1' } } } });
  expect(removed).toMatchObject({ eventName: 'REMOVE', dynamodb: { OldImage: { n: { N: '2' } } } });
  expect(removed).not.toHaveProperty('userIdentity');
  expect(invokers[0]).toMatchObject({ service: 'lambda.amazonaws.com', sourceArn: streamArn });
});

test('records come in their order, in batches no larger than asked, one batch at a time', async () => {
  const { run, put, streamArn } = await startSources(engine);
  for (const key of numbered(25)) await put(key);
  let atOnce = 0;
  const { batches } = await run(
    { EventSourceArn: streamArn, StartingPosition: 'TRIM_HORIZON', BatchSize: 10 },
    async () => {
      atOnce += 1;
      await new Promise(setImmediate);
      expect(atOnce).toBe(1);
      atOnce -= 1;
    },
  );
  for (const key of numbered(30).slice(25)) await put(key);
  await expect.poll(() => batches.flat().length).toBe(30);
  expect(batches.flatMap(keysOf)).toEqual(numbered(30));
  expect(Math.max(...batches.map(({ length }) => length))).toBe(10);
  expect(batches.slice(0, 2).map(({ length }) => length)).toEqual([10, 10]);
});

test('a batching window gathers records until it ends by the clock, or until the batch is full', async () => {
  const { run, put, streamArn, clock } = await startSources(engine);
  const { batches } = await run({
    EventSourceArn: streamArn,
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 3,
    MaximumBatchingWindowInSeconds: 300,
  });
  for (const key of ['a', 'b', 'c', 'd']) await put(key);
  await expect.poll(() => batches.map(keysOf)).toEqual([['a', 'b', 'c']]);
  await put('e');
  const from = clock.now();
  const later = () => {
    if (batches.length < 2) clock.advance(20_000);
    return batches.map(keysOf)[1];
  };
  await expect.poll(later).toEqual(['d', 'e']);
  expect(clock.now() - from).toBeGreaterThanOrEqual(299_000);
});

test('bisecting isolates one poison record among 100: every other one is handled, and only it is given up', async () => {
  const { run, put, streamArn, failuresArn } = await startSources(engine);
  const keys = numbered(100).with(37, 'poison');
  for (const key of keys) await put(key);
  const handled: string[] = [];
  const { batches, failures, takeFailures } = await run(
    {
      EventSourceArn: streamArn,
      StartingPosition: 'TRIM_HORIZON',
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure: { Destination: failuresArn } },
    },
    (records) => {
      if (records.some(isPoison)) throw new Error('cannot read this');
      handled.push(...keysOf(records));
    },
  );
  await expect.poll(() => handled.length).toBe(99);
  expect(handled).toEqual(keys.filter((key) => key !== 'poison'));
  await expect.poll(failures).toBe(1);
  const poison = batches.flat().find(isPoison)?.dynamodb.SequenceNumber;
  expect(JSON.parse(takeFailures()[0]?.body ?? '')).toMatchObject({
    DDBStreamBatchInfo: { batchSize: 1, startSequenceNumber: poison, endSequenceNumber: poison },
  });
  expect(batches.filter((batch) => batch.length === 1 && batch.some(isPoison))).toHaveLength(2);
});

test('a partial failure resumes at the lowest record that the function named', async () => {
  const { run, put, streamArn } = await startSources(engine);
  for (const key of numbered(6)) await put(key);
  let failing = true;
  const { batches } = await run(
    {
      EventSourceArn: streamArn,
      StartingPosition: 'TRIM_HORIZON',
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    },
    (records) => {
      if (!failing) return { batchItemFailures: [] };
      failing = false;
      const identifiers = [records[4], records[2]].map((record) => record?.dynamodb.SequenceNumber);
      return { batchItemFailures: identifiers.map((itemIdentifier) => ({ itemIdentifier })) };
    },
  );
  await expect.poll(() => batches.length).toBe(2);
  expect(batches.map(keysOf)).toEqual([numbered(6), ['k2', 'k3', 'k4', 'k5']]);
});

test('an answer that names no record of the batch fails the whole batch; without the response type it says nothing', async () => {
  const { run, put, streamArn } = await startSources(engine);
  await put('a');
  const nonsense = { batchItemFailures: [{ itemIdentifier: '' }] };
  const mapping = { EventSourceArn: streamArn, StartingPosition: 'TRIM_HORIZON', MaximumRetryAttempts: 2 };
  const deaf = await run(mapping, () => nonsense);
  await expect.poll(() => deaf.batches.length).toBe(1);
  await put('b');
  await expect.poll(() => deaf.batches.map(keysOf)).toEqual([['a'], ['b']]);
  await deaf.close();

  await put('c');
  const listening = await run(
    { ...mapping, FunctionResponseTypes: ['ReportBatchItemFailures'] },
    () => nonsense,
  );
  await expect.poll(() => listening.batches.map(keysOf)).toEqual([['c'], ['c'], ['c']]);
});

test('retries that are used up send where the records stand, and nothing of what is in them', async () => {
  const { run, put, streamArn, failuresArn } = await startSources(engine);
  for (const key of ['secret-1', 'secret-2', 'secret-3']) await put(key);
  let calls = 0;
  const { batches, failures, takeFailures } = await run(
    {
      EventSourceArn: streamArn,
      StartingPosition: 'TRIM_HORIZON',
      MaximumRetryAttempts: 2,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: failuresArn } },
    },
    (records) => {
      calls += 1;
      if (calls > 1) throw new Error('no');
      return { batchItemFailures: [{ itemIdentifier: records[1]?.dynamodb.SequenceNumber }] };
    },
  );
  await expect.poll(failures).toBe(1);
  expect(batches.map(({ length }) => length)).toEqual([3, 2, 2]);
  const body = takeFailures()[0]?.body ?? '';
  expect(body).not.toContain('secret');
  const [, second, third] = batches[0] ?? [];
  const isoSeconds = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(JSON.parse(body)).toEqual({
    requestContext: {
      requestId: 'request-3',
      functionArn,
      condition: 'RetryAttemptsExhausted',
      approximateInvokeCount: 3,
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    DDBStreamBatchInfo: {
      shardId: expect.stringMatching(/^shardId-/),
      startSequenceNumber: second?.dynamodb.SequenceNumber,
      endSequenceNumber: third?.dynamodb.SequenceNumber,
      approximateArrivalOfFirstRecord: isoSeconds,
      approximateArrivalOfLastRecord: isoSeconds,
      batchSize: 2,
      streamArn,
    },
  });
});

test('a record older than allowed is given up by the clock, and what is younger goes on', async () => {
  const { run, put, streamArn, failuresArn, clock } = await startSources(engine);
  await put('poison-old');
  const handled: string[] = [];
  const { failures, takeFailures, batches } = await run(
    {
      EventSourceArn: streamArn,
      StartingPosition: 'TRIM_HORIZON',
      MaximumRecordAgeInSeconds: 3600,
      DestinationConfig: { OnFailure: { Destination: failuresArn } },
    },
    (records) => {
      if (records.some(isPoison)) throw new Error('no');
      handled.push(...keysOf(records));
    },
  );
  await expect.poll(() => batches.length).toBeGreaterThan(1);
  clock.advance(2 * HOUR_MS);
  await put('young');
  await expect.poll(() => handled).toEqual(['young']);
  expect(failures()).toBe(1);
  expect(JSON.parse(takeFailures()[0]?.body ?? '').requestContext.condition).toBe('RecordAgeExceeded');
});

test('after a restart nothing is skipped: what was in the function’s hands is handed out again', async () => {
  const { run, put, streamArn } = await startSources(engine);
  const mapping = { EventSourceArn: streamArn, StartingPosition: 'LATEST', BatchSize: 2 };
  const first = await run(mapping, (records) =>
    keysOf(records).includes('k2') ? new Promise(() => {}) : null,
  );
  for (const key of numbered(4)) await put(key);
  await expect.poll(() => first.batches.flatMap(keysOf)).toContain('k2');
  await first.close();
  await put('k4');

  const second = await run(mapping);
  await expect.poll(() => second.batches.flatMap(keysOf)).toContain('k4');
  const inHands = first.batches.at(-1) ?? [];
  expect(second.batches.flatMap(keysOf)).toEqual(
    numbered(5).slice(numbered(5).indexOf(keysOf(inHands)[0] ?? '')),
  );
  await second.close();

  const third = await run(mapping);
  await put('k5');
  await expect.poll(() => third.batches.flatMap(keysOf)).toEqual(['k5']);
});

test('LATEST begins with what is written after the start, TRIM_HORIZON with the oldest record', async () => {
  const { run, put, streamArn } = await startSources(engine);
  await put('before');
  const latest = await run({ EventSourceArn: streamArn, StartingPosition: 'LATEST' });
  await put('after');
  await expect.poll(() => latest.batches.flatMap(keysOf)).toEqual(['after']);
});

test('what time to live deletes is marked as its doing, what a caller deletes is not', async () => {
  const { run, put, remove, tables, streamArn, clock } = await startSources(engine, {
    table: { TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true } },
  });
  const expires = { ttl: { N: String(Math.floor(clock.now() / 1000) + 3600) } };
  const { batches } = await run({ EventSourceArn: streamArn, StartingPosition: 'TRIM_HORIZON' });
  for (const key of ['expired-1', 'expired-2', 'removed']) await put(key, expires);
  await put('lasting');
  await remove('removed');
  clock.advance(HOUR_MS + 1000);
  expect(await tables.sweepExpired()).toBeLessThanOrEqual(2); // the clock may have swept already
  await put('expired-1', expires);
  await remove('expired-1');

  const removals = () => batches.flat().filter(({ eventName }) => eventName === 'REMOVE');
  await expect.poll(() => removals().length).toBe(4);
  const marked = removals().map((record) => [...keysOf([record]), record.userIdentity]);
  const service = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };
  expect(marked[0]).toEqual(['removed', undefined]);
  expect(marked.slice(1, 3).toSorted()).toEqual([
    ['expired-1', service],
    ['expired-2', service],
  ]);
  expect(marked[3]).toEqual(['expired-1', undefined]);
});

test('who reads while time to live deletes is handed nothing before it is marked', async () => {
  const { table, put, remove, tables, streamArn } = await startSources(engine);
  await put('expired');
  const [shard] = await tables.streams.shards(streamArn);
  const shardId = shard?.id ?? '';
  const { after } = await tables.streams.tail(streamArn, shardId);
  const reader = tables.streams.open(streamArn, shardId, after);
  let reading: ReturnType<typeof reader.next> | undefined;
  await tables.streams.marking(table, async (starts) => {
    starts();
    await remove('expired');
    reading = reader.next(10);
    await tables.streams.tail(streamArn, shardId); // longer than the read itself takes
    return [{ pk: { S: 'expired' } }];
  });
  const { records = [] } = (await reading) ?? {};
  expect(records).toMatchObject([
    { eventName: 'REMOVE', userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' } },
  ]);
});

test('a filter passes only what fits, and what it dropped is never asked for again', async () => {
  const { run, put, tables, streamArn, stateFile } = await startSources(engine);
  const Pattern = JSON.stringify({
    eventName: ['INSERT'],
    dynamodb: { NewImage: { kind: { S: [{ prefix: 'message' }] } } },
  });
  const mapping = {
    EventSourceArn: streamArn,
    StartingPosition: 'TRIM_HORIZON',
    FilterCriteria: { Filters: [{ Pattern }] },
  };
  const first = await run(mapping);
  await put('a', { kind: { S: 'message.text' } });
  await put('b', { kind: { S: 'head' } });
  await put('a', { kind: { S: 'message.text' }, changed: { BOOL: true } });
  await put('c', { kind: { S: 'message.image' } });
  await put('d');
  await expect.poll(() => first.batches.flatMap(keysOf)).toEqual(['a', 'c']);
  const [shard] = await tables.streams.shards(streamArn);
  const { after } = await tables.streams.tail(streamArn, shard?.id ?? '');
  await expect.poll(() => readFileSync(stateFile, 'utf8')).toContain(after);
  await first.close();
  const second = await run({ ...mapping, FilterCriteria: undefined });
  await put('f');
  await expect.poll(() => second.batches.flatMap(keysOf)).toContain('f');
  expect(second.batches.flatMap(keysOf)).toEqual(['f']);
});

test.each([
  ['dynamodb:GetRecords', {}],
  ['dynamodb:DescribeStream', {}],
  ['dynamodb:ListStreams', {}],
  ['dynamodb:GetShardIterator', {}],
  ['kms:Decrypt', { SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: keyArn } }],
  ['sqs:SendMessage', {}],
])('a role without %s stops the mapping, and the refusal names it once', async (action, table) => {
  const { run, put, streamArn, failuresArn } = await startSources(engine, {
    table,
    statements: [{ Effect: 'Allow', NotAction: action, Resource: '*' }],
  });
  const { batches, faults, sources } = await run({
    EventSourceArn: streamArn,
    StartingPosition: 'TRIM_HORIZON',
    DestinationConfig: { OnFailure: { Destination: failuresArn } },
  });
  await put('a');
  expect(faults).toHaveLength(1);
  expect(faults[0]).toContain(
    `User: arn:aws:sts::111122223333:assumed-role/Reader/reader is not authorized to perform: ${action} on resource:`,
  );
  expect(sources.list()).toMatchObject([{ state: 'refused', functionName: 'reader', sourceArn: streamArn }]);
  expect(batches).toEqual([]);
});

test('a mapping that is not enabled reads nothing', async () => {
  const { run, put, streamArn } = await startSources(engine);
  const { batches, sources } = await run({
    EventSourceArn: streamArn,
    StartingPosition: 'TRIM_HORIZON',
    Enabled: false,
  });
  await put('a');
  expect(sources.list()).toMatchObject([{ state: 'disabled' }]);
  expect(batches).toEqual([]);
});
