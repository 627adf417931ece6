import { expect, test } from 'vitest';
import { InvokeRefused } from '../../../local/lambda/invoke.ts';
import type { InvocationRecord } from '../../../local/lambda/service.ts';
import { gateway, startLambda } from './lambda-fixture.ts';

const sleeper = `
  let count = 0;
  export const handler = async (event) => {
    count += 1;
    await new Promise((resolve) => setTimeout(resolve, event.forMs ?? 0));
    if (event.forever) await new Promise((resolve) => setTimeout(resolve, 1e9));
    return { count, key: process.env.AWS_ACCESS_KEY_ID };
  };`;

test('the first event starts an environment and the next finds it warm', async () => {
  const { invoke, lambda } = startLambda(sleeper);
  const told: InvocationRecord[] = [];
  lambda.on('invocation', (record) => told.push(record));

  expect(await invoke()).toMatchObject({ payload: { count: 1 }, coldStart: true });
  expect(await invoke()).toMatchObject({ payload: { count: 2 }, coldStart: false });

  expect(lambda.environments()).toEqual([
    { function: 'echo', id: expect.any(String), state: 'idle', invocations: 2 },
  ]);
  expect(told.map(({ coldStart, functionName }) => [functionName, coldStart])).toEqual([
    ['echo', true],
    ['echo', false],
  ]);
  expect(told[0]?.initDurationMs).toBeGreaterThan(1);
});

test('five events at once run in five environments with credentials of their own', async () => {
  const { invoke, lambda } = startLambda(sleeper);
  const all = await Promise.all([1, 2, 3, 4, 5].map(() => invoke({ forMs: 300 })));
  expect(all.map(({ payload }) => payload)).toEqual(
    [0, 1, 2, 3, 4].map((index) => ({ count: 1, key: `ASIA${index}` })),
  );
  expect(lambda.environments()).toHaveLength(5);
});

test('beyond the most environments events wait their turn and none is lost', async () => {
  const { invoke, lambda } = startLambda(sleeper, { options: { maxEnvironments: 2 } });
  const all = await Promise.all([1, 2, 3, 4, 5, 6].map(() => invoke({ forMs: 10 })));
  expect(all.every(({ functionError }) => functionError === undefined)).toBe(true);
  expect(lambda.environments()).toHaveLength(2);
  expect(lambda.environments().reduce((sum, { invocations }) => sum + invocations, 0)).toBe(6);
});

test('the most recently used environment is taken first', async () => {
  const { invoke, lambda } = startLambda(sleeper);
  await Promise.all([invoke({ forMs: 1 }), invoke({ forMs: 400 })]);
  for (let i = 0; i < 3; i++) await invoke();
  expect(lambda.environments().map(({ invocations }) => invocations)).toEqual([1, 4]);
});

test('a function that takes longer than its timeout is ended, as told by the clock', async () => {
  const { invoke, clock, lines, lambda, issued, revoked } = startLambda(sleeper, {
    definition: { timeoutSeconds: 3 },
  });
  await invoke();
  const late = invoke({ forever: true });
  await expect.poll(() => lambda.environments()[0]?.state).toBe('busy');
  clock.advance(2_900);
  expect(lambda.environments()[0]?.state).toBe('busy');
  clock.advance(100);
  const { payload, functionError, requestId } = await late;
  expect(functionError).toBe('Unhandled');
  expect(payload).toEqual({
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after 3.00 seconds`,
  });
  const messages = lines().map(({ message }) => message);
  expect(messages.at(-3)).toMatch(new RegExp(`Z ${requestId} Task timed out after 3.00 seconds$`));
  expect(messages.at(-1)).toMatch(/Duration: 3000.00 ms\t.*Status: timeout\t$/);
  expect(lambda.environments()).toEqual([]);
  expect(revoked).toEqual(issued);

  expect(await invoke()).toMatchObject({ payload: { count: 1 }, coldStart: true });
});

test('an environment killed in the midst of an event ends it in Runtime.ExitError, and the next gets a new one', async () => {
  const { invoke, lambda } = startLambda(sleeper);
  const doomed = invoke({ forever: true });
  await expect.poll(() => lambda.environments()[0]?.state).toBe('busy');
  expect(await lambda.crash('echo')).toBe(1);
  const { payload, functionError, requestId } = await doomed;
  expect({ payload, functionError }).toEqual({
    functionError: 'Unhandled',
    payload: {
      errorType: 'Runtime.ExitError',
      errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`,
    },
  });
  expect(await invoke()).toMatchObject({ payload: { count: 1 }, coldStart: true });

  void lambda.crash('echo'); // while it waits for work, and before it is gone
  expect(await invoke()).toMatchObject({ payload: { count: 1 }, coldStart: true });
});

test('an event that waits is served although the environment before it was killed', async () => {
  const { invoke, lambda } = startLambda(sleeper, { options: { maxEnvironments: 1 } });
  const doomed = invoke({ forever: true });
  const waiting = invoke();
  await expect.poll(() => lambda.environments()[0]?.state).toBe('busy');
  await lambda.crash(lambda.environments()[0]?.id ?? '');
  expect(await doomed).toMatchObject({ functionError: 'Unhandled' });
  expect(await waiting).toMatchObject({ payload: { count: 1 } });
});

test('nobody invokes a function without a permission for their service and source', async () => {
  const { lambda, arn } = startLambda(sleeper);
  const elsewhere = { ...gateway, sourceArn: 'arn:aws:execute-api:us-east-1:111122223333:api2/prod/route' };
  const longer = { ...gateway, sourceArn: 'arn:aws:execute-api:us-east-1:111122223333:api1:x/prod/route' };
  const pool = { service: 'cognito-idp.amazonaws.com', sourceArn: gateway.sourceArn };
  for (const invoker of [elsewhere, longer, pool]) {
    await expect(lambda.invoke(arn, {}, invoker)).rejects.toThrow(InvokeRefused);
  }
  lambda.permit({ functionArn: 'echo', service: pool.service, sourceAccount: '444455556666' });
  await expect(lambda.invoke(arn, {}, pool)).rejects.toThrow(InvokeRefused);
  lambda.permit({ functionArn: `${arn}:live`, service: pool.service, sourceAccount: '111122223333' });
  expect(await lambda.invoke(arn, {}, pool)).toMatchObject({ payload: { count: 1 } });
  expect(lambda.environments()).toHaveLength(1);
});

test('a function is found by ARN, qualified ARN, name and invocation URI', async () => {
  const { lambda, arn } = startLambda(
    'export const handler = async (_event, context) => context.invokedFunctionArn;',
  );
  const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arn}:live/invocations`;
  for (const [target, seen] of [
    [arn, arn],
    [`${arn}:7`, `${arn}:7`],
    ['echo', arn],
    [uri, `${arn}:live`],
  ] as const) {
    expect((await lambda.invoke(target, {}, gateway)).payload).toBe(seen);
  }
  await expect(lambda.invoke(`${arn}x`, {}, gateway)).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});

test('events and answers above the quota are refused', async () => {
  const { invoke } = startLambda(`export const handler = async ({ length }) => 'x'.repeat(length ?? 0);`);
  expect((await invoke({ length: 6_291_554 })).functionError).toBeUndefined(); // and two quotes
  expect(await invoke({ length: 6_291_555 })).toMatchObject({
    functionError: 'Unhandled',
    payload: {
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    },
  });
  await expect(invoke('x'.repeat(6_291_456))).rejects.toMatchObject({ code: 'RequestTooLargeException' });
});

test('close leaves no worker, ends what runs and refuses what waits', async () => {
  const { invoke, lambda, issued, revoked } = startLambda(sleeper, { options: { maxEnvironments: 1 } });
  const running = invoke({ forever: true });
  const waiting = expect(invoke()).rejects.toThrow('the run is over');
  await expect.poll(() => lambda.environments()[0]?.state).toBe('busy');
  const workers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'MessagePort').length;
  const before = workers();
  await lambda.close();
  await waiting;
  expect(await running).toMatchObject({ functionError: 'Unhandled' });
  expect(lambda.environments()).toEqual([]);
  expect(revoked).toEqual(issued);
  expect(workers()).toBeLessThan(before);
  await expect(invoke()).rejects.toThrow('the run is over');
});
