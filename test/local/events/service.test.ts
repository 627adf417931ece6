import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { Duration } from 'aws-cdk-lib';
import {
  CfnEventBusPolicy,
  CfnRule,
  EventBus,
  EventField,
  Rule,
  RuleTargetInput,
  Schedule,
} from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { CfnQueuePolicy, Queue } from 'aws-cdk-lib/aws-sqs';
import { expect, test } from 'vitest';
import { readRule } from '../../../local/events/rule.ts';
import { identified } from '../event-sources/sources.ts';
import { listener, startApp, synthesizedApp, temporaryFolder } from './running-app.ts';

const MINUTE_MS = 60_000;
const put = (Detail: object | string, more: object = {}) =>
  new PutEventsCommand({
    Entries: [
      {
        Source: 'shop',
        DetailType: 'order',
        Detail: typeof Detail === 'string' ? Detail : JSON.stringify(Detail),
        ...more,
      },
    ],
  });

test('an event reaches the targets of the rules that it fits, each with the input that its target asks for', async () => {
  const app = await startApp(
    synthesizedApp((stack) => {
      const bus = new EventBus(stack, 'Orders', { eventBusName: 'orders' });
      const wanted = new Queue(stack, 'Wanted');
      const rule = (
        id: string,
        detail: object,
        target: ConstructorParameters<typeof SqsQueue>[1],
        eventBus = bus,
      ) =>
        new Rule(stack, id, {
          eventBus,
          eventPattern: { source: ['shop'], detail },
          targets: [new SqsQueue(wanted, target)],
        });
      rule('Large', { total: [{ numeric: ['>=', 100] }] }, {});
      rule('Path', { kind: ['path'] }, { message: RuleTargetInput.fromEventPath('$.detail.items[1].name') });
      rule('Fixed', { kind: ['fixed'] }, { message: RuleTargetInput.fromObject({ fixed: true }) });
      rule(
        'Shaped',
        { kind: ['shaped'] },
        {
          message: RuleTargetInput.fromObject({
            who: EventField.fromPath('$.detail.who'),
            said: `it was ${EventField.fromPath('$.detail.who')} "${EventField.fromPath('$.detail.none')}"`,
            items: EventField.fromPath('$.detail.items'),
            at: EventField.time,
          }),
        },
      );
      new Rule(stack, 'Listening', {
        eventPattern: { detailType: ['order'] },
        targets: [new LambdaFunction(listener(stack, 'Listener'))],
      });
    }),
  );
  const client = app.events();
  const onBus = {
    EventBusName: 'orders',
    Time: new Date('2026-05-06T07:08:09Z'),
    Resources: ['arn:aws:s3:::b'],
  };
  const answer = await client.send(put({ total: 100 }, onBus));
  await client.send(put({ total: 99 }, onBus));
  await expect.poll(() => app.queue('Wanted').counts().visible).toBe(1);
  expect(app.take('Wanted').map(({ body }) => JSON.parse(body))).toEqual([
    {
      version: '0',
      id: answer.Entries?.[0]?.EventId,
      'detail-type': 'order',
      source: 'shop',
      account: '111122223333',
      time: '2026-05-06T07:08:09Z',
      region: 'us-east-1',
      resources: ['arn:aws:s3:::b'],
      detail: { total: 100 },
    },
  ]);

  await client.send(put({ kind: 'path', items: [{ name: 'a' }, { name: 'b' }] }, onBus));
  await client.send(put({ kind: 'fixed' }, onBus));
  await client.send(put({ kind: 'shaped', who: 'Ann "A" Lee', items: [1, 2] }, onBus));
  await expect.poll(() => app.queue('Wanted').counts().visible).toBe(3);
  expect(app.take('Wanted').map(({ body }) => JSON.parse(body))).toEqual([
    'b',
    { fixed: true },
    {
      who: 'Ann "A" Lee',
      said: 'it was Ann "A" Lee ""',
      items: [1, 2],
      at: '2026-05-06T07:08:09Z',
    },
  ]);

  expect(app.heard('Listener')).toEqual([]); // those were another bus's
  await client.send(put({ on: 'default' }));
  await expect.poll(() => app.heard('Listener')).toMatchObject([{ detail: { on: 'default' } }]);

  expect(app.stack.meter.totals(({ service }) => service === 'events').operations).toEqual({
    'events:PutEvents': 6,
  });
  const [event] = app.stack.trail.events().filter(({ eventName }) => eventName === 'PutEvents');
  expect(event).toMatchObject({
    eventSource: 'events.amazonaws.com',
    eventCategory: 'Data',
    resources: [{ ARN: 'arn:aws:events:us-east-1:111122223333:event-bus/orders' }],
  });
  expect(JSON.stringify(app.stack.trail.events())).not.toContain('Ann');
});

test('what is wrong with one entry is said of that entry; of a request that is too large nothing is taken', async () => {
  const app = await startApp(
    synthesizedApp((stack) => {
      const eventPattern = { source: [{ exists: true }] } as never;
      new Rule(stack, 'All', { eventPattern, targets: [new SqsQueue(new Queue(stack, 'All1'))] });
    }),
  );
  const client = app.events();
  const entry = { Source: 'shop', DetailType: 'order', Detail: '{}' };
  const answer = await client.send(
    new PutEventsCommand({
      Entries: [
        entry,
        { ...entry, Source: undefined },
        { ...entry, DetailType: '' },
        { ...entry, Detail: '{"a"' },
        { ...entry, Detail: '[1]' },
        { ...entry, Source: 'aws.ec2' },
        { ...entry, EventBusName: 'nobody' },
      ],
    }),
  );
  expect(answer.FailedEntryCount).toBe(5);
  expect(answer.Entries?.map(({ ErrorCode, EventId }) => ErrorCode ?? typeof EventId)).toEqual([
    'string',
    'InvalidArgument',
    'InvalidArgument',
    'MalformedDetail',
    'MalformedDetail',
    'NotAuthorizedForSourceException',
    'string',
  ]);
  await expect(client.send(put({ large: 'x'.repeat(262_144) }))).rejects.toMatchObject({
    name: 'ValidationException',
    message: 'Total size of the entries in the request is over the limit.',
  });
  await expect(client.send(new PutEventsCommand({ Entries: Array(11).fill(entry) }))).rejects.toMatchObject({
    name: 'ValidationException',
  });
  await expect.poll(() => app.queue('All1').counts().visible).toBe(1);
});

test('who may put events is decided by bus, source and detail type, and by the policy of the bus', async () => {
  const app = await startApp(
    synthesizedApp((stack) => {
      new EventBus(stack, 'Open', { eventBusName: 'open' });
      new CfnEventBusPolicy(stack, 'OpenPolicy', {
        eventBusName: 'open',
        statementId: 'CallerMay',
        statement: {
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::111122223333:role/Caller' },
          Action: 'events:PutEvents',
          Resource: stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'open' }),
        },
      }).addResourceDependency(stack.node.findChild('Open').node.defaultChild as never);
    }),
  );
  const client = app.events({
    Effect: 'Allow',
    Action: 'events:PutEvents',
    Resource: 'arn:aws:events:us-east-1:111122223333:event-bus/default',
    Condition: { StringEquals: { 'events:source': 'shop' }, StringLike: { 'events:detail-type': 'order*' } },
  });
  await client.send(put({}));
  await client.send(put({}, { EventBusName: 'open', Source: 'whatever' }));
  const refused = { name: 'AccessDeniedException' };
  await expect(client.send(put({}, { Source: 'bank' }))).rejects.toMatchObject(refused);
  await expect(client.send(put({}, { DetailType: 'refund' }))).rejects.toMatchObject(refused);
  await expect(client.send(put({}, { EventBusName: 'closed' }))).rejects.toMatchObject({
    ...refused,
    message:
      'User: arn:aws:sts::111122223333:assumed-role/Caller/one is not authorized to perform: events:PutEvents on resource: arn:aws:events:us-east-1:111122223333:event-bus/closed because no identity-based policy allows the events:PutEvents action',
  });
});

test('a target that lets no rule in gets nothing: the event goes to the dead-letter queue with the reason', async () => {
  const app = await startApp(
    synthesizedApp((stack) => {
      const dead = new Queue(stack, 'Dead');
      dead.addToResourcePolicy(
        new PolicyStatement({
          principals: [new ServicePrincipal('events.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [dead.queueArn],
        }),
      );
      const closed = new Queue(stack, 'Closed');
      const named = new Queue(stack, 'Named');
      const deaf = listener(stack, 'Deaf');
      const rule = (id: string, arn: string, deadLetterConfig?: object) =>
        new CfnRule(stack, id, {
          eventPattern: { source: ['shop'] },
          targets: [{ id: 'T', arn, inputPath: '$.detail', ...(deadLetterConfig && { deadLetterConfig }) }],
        });
      rule('ToQueue', closed.queueArn, { arn: dead.queueArn });
      rule('ToFunction', deaf.functionArn, { arn: dead.queueArn });
      rule('Nowhere', closed.queueArn);
      const allowed = rule('Allowed', named.queueArn);
      new CfnQueuePolicy(stack, 'NamedPolicy', {
        queues: [named.queueUrl],
        policyDocument: {
          Statement: {
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: named.queueArn,
            Condition: { ArnEquals: { 'aws:SourceArn': allowed.attrArn } },
          },
        },
      });
    }),
    { expectsFaults: true },
  );
  await app.events().send(put({ a: 1 }));
  await expect.poll(() => app.queue('Dead').counts().visible).toBe(2);
  await expect.poll(() => app.queue('Named').counts().visible).toBe(1);
  const [first, second] = app.take('Dead');
  expect(first?.attributes).toMatchObject({
    RULE_ARN: { StringValue: app.resource('ToQueue').attributes.Arn },
    TARGET_ARN: { StringValue: app.resource('Closed').attributes.Arn },
    ERROR_CODE: { StringValue: 'NO_PERMISSIONS' },
    RETRY_ATTEMPTS: { StringValue: '0' },
  });
  expect(JSON.parse(first?.body ?? '')).toMatchObject({ source: 'shop', detail: { a: 1 } });
  expect(second?.attributes.ERROR_MESSAGE?.StringValue).toContain('no AWS::Lambda::Permission allows it');
  expect(app.queue('Closed').counts().visible).toBe(0);
  expect(app.heard('Deaf')).toEqual([]);
  expect(app.faults).toEqual([expect.stringContaining('rule/')]);
});

test('a function that fails is tried twice more, after one minute and two; then its on-failure queue hears of it', async () => {
  const app = await startApp(
    synthesizedApp((stack) => {
      const failing = listener(stack, 'Failing');
      const failures = new Queue(stack, 'Failures');
      failures.grantSendMessages(failing);
      failing.configureAsyncInvoke({ onFailure: { bind: () => ({ destination: failures.queueArn }) } });
      new Rule(stack, 'All', { eventPattern: { source: ['shop'] }, targets: [new LambdaFunction(failing)] });
    }),
  );
  await app.events().send(put({ please: 'fail' }));
  await expect.poll(() => app.heard('Failing').length).toBe(1);
  const settled = () =>
    expect.poll(() => app.stack.functions.environments().every(({ state }) => state === 'idle')).toBe(true);
  await settled();
  app.stack.clock.advance(MINUTE_MS - 1000);
  expect(app.heard('Failing')).toHaveLength(1);
  app.stack.clock.advance(1000);
  await expect.poll(() => app.heard('Failing').length).toBe(2);
  await settled();
  app.stack.clock.advance(2 * MINUTE_MS);
  await expect.poll(() => app.queue('Failures').counts().visible).toBe(1);
  expect(app.heard('Failing')).toHaveLength(3);
  expect(JSON.parse(app.take('Failures')[0]?.body ?? '')).toMatchObject({
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
    requestPayload: { detail: { please: 'fail' } },
    responsePayload: { errorMessage: 'asked to fail' },
  });
});

test('a queue whose key is disabled is tried again until the retry policy ends, over a restart', async () => {
  const dataDirectory = temporaryFolder();
  const assembly = synthesizedApp((stack) => {
    const encryptionMasterKey = new Key(stack, 'Key');
    encryptionMasterKey.grantEncryptDecrypt(new ServicePrincipal('events.amazonaws.com'));
    const locked = new Queue(stack, 'Locked', { encryptionMasterKey });
    const deadLetterQueue = new Queue(stack, 'Dead');
    const target = new SqsQueue(locked, {
      retryAttempts: 3,
      maxEventAge: Duration.hours(1),
      deadLetterQueue,
    });
    new Rule(stack, 'All', { eventPattern: { source: ['shop'] }, targets: [target] });
  });
  const { KMSClient, DisableKeyCommand, EnableKeyCommand } = await import('@aws-sdk/client-kms');
  const keys = (app: Awaited<ReturnType<typeof startApp>>) =>
    new KMSClient({
      endpoint: app.stack.awsEndpointUrl,
      region: 'us-east-1',
      credentials: app.stack.administrator,
      systemClockOffset: app.stack.clock.now() - Date.now(),
    });
  const first = await startApp(assembly, { dataDirectory });
  const KeyId = first.resource('Key').ref;
  await keys(first).send(new DisableKeyCommand({ KeyId }));
  await first.events().send(put({ n: 1 }));
  first.stack.clock.advance(1000); // the first retry
  await first.stack.close();

  const second = await startApp(assembly, { dataDirectory });
  await keys(second).send(new EnableKeyCommand({ KeyId }));
  second.stack.clock.advance(10_000);
  await expect.poll(() => second.queue('Locked').counts().visible).toBe(1);
  await keys(second).send(new DisableKeyCommand({ KeyId }));
  await second.events().send(put({ n: 2 }));
  const deadline = Date.now() + 15_000;
  while (second.queue('Dead').counts().visible === 0 && Date.now() < deadline) {
    second.stack.clock.advance(5000);
    await new Promise(setImmediate);
  }
  expect(second.take('Dead')).toMatchObject([
    {
      attributes: {
        ERROR_CODE: { StringValue: 'ERROR_FROM_TARGET' },
        EXHAUSTED_RETRY_CONDITION: { StringValue: 'MaximumRetryAttempts' },
        RETRY_ATTEMPTS: { StringValue: '3' },
      },
    },
  ]);
});

test('a rule with a schedule follows the clock; of a year of missed minutes the newest sixty are made, in order', async () => {
  const dataDirectory = temporaryFolder();
  const assembly = synthesizedApp((stack) => {
    const ticks = new Queue(stack, 'Ticks');
    new Rule(stack, 'Often', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new SqsQueue(ticks)],
    });
    new Rule(stack, 'Off', {
      schedule: Schedule.rate(Duration.minutes(1)),
      enabled: false,
      targets: [new SqsQueue(ticks)],
    });
  });
  const app = await startApp(assembly, { dataDirectory });
  const times = () =>
    app.take('Ticks').map(({ body }) => Date.parse((JSON.parse(body) as { time: string }).time));
  app.stack.clock.advance(MINUTE_MS);
  await expect.poll(() => app.queue('Ticks').counts().visible).toBe(1);
  const [event] = app.take('Ticks');
  expect(JSON.parse(event?.body ?? '')).toMatchObject({
    source: 'aws.events',
    'detail-type': 'Scheduled Event',
    resources: [app.resource('Often').attributes.Arn],
    detail: {},
  });
  app.stack.clock.advance(365 * 24 * 60 * MINUTE_MS);
  await expect.poll(() => app.queue('Ticks').counts().visible).toBe(60);
  const made = times();
  expect(made).toEqual([...made].sort((a, b) => a - b));
  expect(app.stack.clock.now() - (made.at(-1) ?? 0)).toBeLessThan(MINUTE_MS + 2000);
  await app.stack.close();
});

const queue = identified('AWS::SQS::Queue', 'Queue');

test.each([
  [
    { Targets: [{ Id: 'T', Arn: 'arn:aws:states:us-east-1:111122223333:stateMachine:x' }] },
    'stateMachine:x is neither',
  ],
  [{ Targets: [{ Id: 'T', Arn: 'arn:aws:sqs:us-east-1:111122223333:x' }] }, 'is not in the template'],
  [{ Targets: [{ Id: 'T', Arn: queue.attributes.Arn, EcsParameters: {} }] }, 'EcsParameters'],
  [{ Targets: [{ Id: 'T', Arn: queue.attributes.Arn, InputPath: 'detail' }] }, 'the JSON path detail'],
  [{ EventPattern: { source: [{ like: 'x' }] } }, 'the operator like'],
  [{ ScheduleExpression: 'rate(1 minutes)' }, 'ScheduleExpression is not valid'],
  [{ ScheduleExpression: 'rate(1 minute)', EventBusName: 'other' }, 'only on the default event bus'],
])('a rule with %j stops the start by its name', (properties, sentence) => {
  const rule = identified('AWS::Events::Rule', 'Odd', { EventPattern: { source: ['shop'] }, ...properties });
  expect(() => readRule(rule, [queue])).toThrow(sentence);
  expect(() => readRule(rule, [queue])).toThrow('Stack.Odd (AWS::Events::Rule)');
});
