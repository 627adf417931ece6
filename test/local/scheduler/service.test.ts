import {
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  GetScheduleCommand,
  ListSchedulesCommand,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import type { Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule, CfnScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { expect, test } from 'vitest';
import { listener, startApp, synthesizedApp, temporaryFolder } from '../events/running-app.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** A queue, a function, a dead-letter queue, and a role that may reach the first two; more by `build`. */
function desk(
  build: (
    stack: Stack,
    given: { queueArn: string; roleArn: string; deadArn: string; functionArn: string },
  ) => void = () => {},
) {
  return synthesizedApp((stack) => {
    const queue = new Queue(stack, 'Calls');
    const dead = new Queue(stack, 'Dead');
    const called = listener(stack, 'Called');
    const role = new Role(stack, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
      }),
      inlinePolicies: {
        Reach: new PolicyDocument({
          statements: [
            new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queue.queueArn, dead.queueArn] }),
            new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [called.functionArn] }),
          ],
        }),
      },
    });
    new Role(stack, 'Other', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    new Queue(stack, 'Closed');
    build(stack, {
      queueArn: queue.queueArn,
      roleArn: role.roleArn,
      deadArn: dead.queueArn,
      functionArn: called.functionArn,
    });
  });
}

async function open(assembly = desk(), dataDirectory?: string) {
  const app = await startApp(assembly, { ...(dataDirectory && { dataDirectory }) });
  const roleArn = app.stack.resources.find(
    ({ logicalId, type }) => type === 'AWS::IAM::Role' && logicalId.startsWith('Role'),
  );
  const target = { Arn: app.resource('Calls').attributes.Arn ?? '', RoleArn: roleArn?.attributes.Arn ?? '' };
  const wait = async (queue: string, count: number) => {
    await expect.poll(() => app.queue(queue).counts().visible).toBe(count);
    return app.take(queue);
  };
  const inSeconds = (seconds: number) =>
    new Date(app.stack.clock.now() + seconds * 1000).toISOString().slice(0, 19);
  return { ...app, target, wait, inSeconds };
}

const OFF = { FlexibleTimeWindow: { Mode: 'OFF' } } as const;

test('a schedule is made, shown, listed, changed and deleted through the API, and fires as it says', async () => {
  const { scheduler, stack, target, wait, inSeconds, take } = await open();
  await scheduler().send(new CreateScheduleGroupCommand({ Name: 'calls' }));
  const first = {
    ...OFF,
    Name: 'first',
    GroupName: 'calls',
    Target: { ...target, Input: 'hello <aws.scheduler.attempt-number>' },
  };
  const { ScheduleArn } = await scheduler().send(
    new CreateScheduleCommand({
      ...first,
      ScheduleExpression: `at(${inSeconds(3600)})`,
      ActionAfterCompletion: 'DELETE',
    }),
  );
  expect(ScheduleArn).toBe('arn:aws:scheduler:us-east-1:111122223333:schedule/calls/first');
  expect(await scheduler().send(new GetScheduleCommand({ Name: 'first', GroupName: 'calls' }))).toMatchObject(
    {
      ...first,
      State: 'ENABLED',
      ScheduleExpressionTimezone: 'UTC',
      CreationDate: expect.any(Date),
    },
  );
  await expect(
    scheduler().send(new CreateScheduleCommand({ ...first, ScheduleExpression: 'rate(1 hour)' })),
  ).rejects.toMatchObject({ name: 'ConflictException' });

  stack.clock.advance(3600 * 1000);
  expect(await wait('Calls', 1)).toMatchObject([{ body: 'hello 1' }]);
  await expect(
    scheduler().send(new GetScheduleCommand({ Name: 'first', GroupName: 'calls' })),
  ).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'Schedule first does not exist.',
  });

  const daily = { ...OFF, Name: 'daily', ScheduleExpression: 'cron(0 9 * * ? *)', Target: target };
  await scheduler().send(new CreateScheduleCommand({ ...daily, ScheduleExpressionTimezone: 'Asia/Tokyo' }));
  stack.clock.advance(2 * DAY_MS);
  const runs = (await wait('Calls', 2)).map(({ body }) => JSON.parse(body) as { time: string });
  expect(runs.map(({ time }) => time.slice(11))).toEqual(['00:00:00Z', '00:00:00Z']);
  await scheduler().send(new UpdateScheduleCommand({ ...daily, State: 'DISABLED' }));
  expect((await scheduler().send(new ListSchedulesCommand({ State: 'DISABLED' }))).Schedules).toMatchObject([
    { Name: 'daily', GroupName: 'default', Target: { Arn: target.Arn } },
  ]);
  stack.clock.advance(2 * DAY_MS);
  await scheduler().send(new DeleteScheduleCommand({ Name: 'daily' }));
  await scheduler().send(new DeleteScheduleGroupCommand({ Name: 'calls' }));
  expect((await scheduler().send(new ListSchedulesCommand({}))).Schedules).toEqual([]);
  expect(take('Calls')).toEqual([]);
  expect(
    stack.trail.events().filter(({ eventSource }) => eventSource === 'scheduler.amazonaws.com')[1],
  ).toMatchObject({
    eventName: 'CreateSchedule',
    managementEvent: true,
    requestParameters: { name: 'first', groupName: 'calls' },
  });
});

test('what Scheduler refuses is refused: expressions, zones, windows, roles that do not trust it or may not be passed', async () => {
  const { scheduler, target, stack } = await open();
  const good = { ...OFF, Name: 'x', ScheduleExpression: 'rate(1 hour)', Target: target };
  const refusal = (more: object, client = scheduler()) =>
    client.send(new CreateScheduleCommand({ ...good, ...more })).then(
      () => 'taken',
      (error: Error) => `${error.name}: ${error.message}`,
    );
  expect(await refusal({ ScheduleExpression: 'rate(1 hours)' })).toContain(
    'Invalid Schedule Expression rate(1 hours)',
  );
  expect(await refusal({ ScheduleExpressionTimezone: 'Moon/Sea' })).toContain('ValidationException');
  expect(await refusal({ FlexibleTimeWindow: { Mode: 'FLEXIBLE' } })).toContain('ValidationException');
  expect(await refusal({ GroupName: 'none' })).toContain('ResourceNotFoundException: Schedule group none');
  const other = stack.resources.find(({ logicalId }) => logicalId.startsWith('Other'))?.attributes.Arn;
  expect(await refusal({ Target: { ...target, RoleArn: other } })).toBe(
    'ValidationException: The execution role you provide must allow AWS EventBridge Scheduler to assume the role.',
  );
  const mayMake = { Effect: 'Allow', Action: 'scheduler:*', Resource: '*' } as const;
  expect(await refusal({}, scheduler(mayMake))).toContain('iam:PassRole');
  const mayPass = {
    Effect: 'Allow',
    Action: 'iam:PassRole',
    Resource: target.RoleArn,
    Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
  } as const;
  expect(await refusal({}, scheduler(mayPass))).toContain(
    'not authorized to perform: scheduler:CreateSchedule',
  );
  expect(await refusal({}, scheduler(mayMake, mayPass))).toBe('taken');
});

test('a run that its role may not make goes to the dead-letter queue; one in a window comes within it', async () => {
  const { scheduler, stack, target, wait, inSeconds, resource, queue } = await open();
  const client = scheduler();
  const Closed = { ...target, Arn: resource('Closed').attributes.Arn ?? '', Input: 'shut out' };
  const DeadLetterConfig = { Arn: resource('Dead').attributes.Arn };
  const ScheduleExpression = `at(${inSeconds(600)})`;
  await client.send(
    new CreateScheduleCommand({
      ...OFF,
      Name: 'shut',
      ScheduleExpression,
      Target: { ...Closed, DeadLetterConfig },
    }),
  );
  const FlexibleTimeWindow = { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 60 } as const;
  await client.send(
    new CreateScheduleCommand({ Name: 'loose', ScheduleExpression, Target: target, FlexibleTimeWindow }),
  );
  stack.clock.advance(600_000);
  expect(await wait('Dead', 1)).toMatchObject([
    {
      body: 'shut out',
      attributes: {
        ERROR_CODE: { StringValue: 'AccessDeniedException' },
        SCHEDULE_ARN: { StringValue: expect.stringContaining('schedule/default/shut') },
        EXECUTION_ID: {},
      },
    },
  ]);
  const before = queue('Calls').counts().visible;
  stack.clock.advance(60 * MINUTE_MS);
  await wait('Calls', 1);
  expect(before).toBe(0);
});

test('schedules of the template survive a restart with what the API made of them, and start and end at their dates', async () => {
  const dataDirectory = temporaryFolder();
  const start = Date.now() + 10 * MINUTE_MS;
  const assembly = desk((stack, { queueArn, functionArn, roleArn }) => {
    const flexibleTimeWindow = { mode: 'OFF' };
    const group = new CfnScheduleGroup(stack, 'Group', { name: 'of-template' });
    new CfnSchedule(stack, 'Bounded', {
      flexibleTimeWindow,
      groupName: group.ref,
      scheduleExpression: 'rate(10 minutes)',
      startDate: new Date(start).toISOString(),
      endDate: new Date(start + 25 * MINUTE_MS).toISOString(),
      target: { arn: queueArn, roleArn, input: 'bounded <aws.scheduler.scheduled-time>' },
    });
    new CfnSchedule(stack, 'Yearly', {
      flexibleTimeWindow,
      scheduleExpression: 'cron(* * * * ? *)',
      target: { arn: functionArn, roleArn, input: '{"minute":true}' },
    });
  });
  const first = await open(assembly, dataDirectory);
  const { Target, FlexibleTimeWindow, ScheduleExpression } = await first
    .scheduler()
    .send(new GetScheduleCommand({ Name: first.resource('Yearly').ref }));
  const asked = { Name: first.resource('Yearly').ref, Target, FlexibleTimeWindow, ScheduleExpression };
  await first.scheduler().send(new UpdateScheduleCommand({ ...asked, State: 'DISABLED' }));
  await first.stack.close();

  const second = await open(assembly, dataDirectory);
  second.stack.clock.advance(start - second.stack.clock.now() + 1000);
  await second.wait('Calls', 1);
  second.stack.clock.advance(DAY_MS);
  const last = await second.wait('Calls', 2); // and none after the end
  expect(last[1]?.body).toBe(
    `bounded ${new Date(start + 20 * MINUTE_MS).toISOString().replace(/\.\d{3}/, '')}`,
  );
  expect(second.heard('Called')).toEqual([]); // disabled in the run before
  await second.scheduler().send(new UpdateScheduleCommand({ ...asked, State: 'ENABLED' }));
  second.stack.clock.advance(365 * DAY_MS);
  await expect.poll(() => second.heard('Called').length).toBe(60);
});
