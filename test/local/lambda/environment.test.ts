import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { gateway, startLambda } from './lambda-fixture.ts';

test('a function sees its own variables and Lambda’s, and none of this process', async () => {
  vi.stubEnv('SECRET_OF_THE_HOST', 'seen');
  const { invoke, directory } = startLambda(
    `import { homedir } from 'node:os';
     import { isMainThread, parentPort, workerData } from 'node:worker_threads';
     export const handler = async () => ({
       variables: process.env, home: homedir(), isMainThread, parentPort, workerData, argv: process.argv.slice(1),
     });`,
    { definition: { environment: { TABLE: 'one', AWS_REGION: 'mars-1' } } },
  );
  const { payload, traceId } = await invoke();
  expect(payload).toMatchObject({
    home: '/home/sbx_user1051',
    isMainThread: true,
    parentPort: null,
    workerData: null,
    argv: ['/var/runtime/index.mjs'],
  });
  expect((payload as { variables: object }).variables).toEqual({
    TABLE: 'one',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: expect.any(String),
    _HANDLER: 'index.handler',
    _X_AMZN_TRACE_ID: traceId,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: 'echo',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: 'Text',
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/echo',
    AWS_LAMBDA_LOG_STREAM_NAME: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
    LAMBDA_TASK_ROOT: directory,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    AWS_ACCESS_KEY_ID: 'ASIA0',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
});

test('the context is Lambda’s', async () => {
  const { invoke, arn } = startLambda(
    'export const handler = async (_event, context) => ({ ...context, left: context.getRemainingTimeInMillis() });',
    { definition: { timeoutSeconds: 5 } },
  );
  const { payload, requestId } = await invoke();
  expect(payload).toMatchObject({
    awsRequestId: requestId,
    functionName: 'echo',
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    memoryLimitInMB: '256',
    logGroupName: '/aws/lambda/echo',
    logStreamName: expect.stringContaining('[$LATEST]'),
  });
  expect((payload as { left: number }).left).toBeGreaterThan(4_000);
  expect((payload as { left: number }).left).toBeLessThanOrEqual(5_000);
});

test('the date in a function follows the clock', async () => {
  const { invoke, clock } = startLambda(
    `export const handler = async (at) => ({
       now: Date.now(), fresh: new Date().getTime(), called: Date(), given: new Date(at).toISOString(),
       same: new Date().constructor === Date && new Date() instanceof Date && new (class extends Date {})() instanceof Date,
     });`,
  );
  await invoke(0);
  clock.advance(400 * 24 * 60 * 60 * 1000);
  const { payload } = await invoke(1_000);
  const seen = payload as { now: number; fresh: number; called: string };
  for (const time of [seen.now, seen.fresh, Date.parse(seen.called)]) {
    expect(Math.abs(time - clock.now())).toBeLessThan(5_000);
  }
  expect(payload).toMatchObject({ given: '1970-01-01T00:00:01.000Z', same: true });
});

test('nothing but JSON crosses, and nothing runs between two events', async () => {
  const { invoke, lambda, definition } = startLambda(
    `let ticks = 0;
     setInterval(() => { ticks += 1; }, 5);
     export const wait = () => new Promise((resolve) => setTimeout(resolve, 100));
     export const handler = async (event) => ({ event, ticks, gone: undefined, date: new Date(0), none: NaN });`,
  );
  const { payload } = await invoke({ at: new Date(0), gone: undefined });
  expect(payload).toEqual({
    event: { at: '1970-01-01T00:00:00.000Z' },
    ticks: expect.any(Number),
    date: '1970-01-01T00:00:00.000Z',
    none: null,
  });
  const before = (payload as { ticks: number }).ticks;
  lambda.add({ ...definition, name: 'other', handler: 'index.wait' });
  lambda.permit({ functionArn: 'other', service: gateway.service });
  await lambda.invoke('other', {}, gateway);
  const after = ((await invoke()).payload as { ticks: number }).ticks;
  expect(after - before).toBeLessThanOrEqual(2);
});

test('what a handler throws comes back as the error document and stands in the log as Lambda writes it', async () => {
  const { invoke, lines } = startLambda(
    `class OutOfStock extends Error { name = 'OutOfStock'; code = 'E42'; }
     export const handler = async (event) => {
       if (event === 'text') throw 'plain';
       if (event === 'circle') { const a = {}; a.a = a; return a; }
       throw new OutOfStock('none left');
     };`,
  );
  const { payload, functionError, requestId } = await invoke();
  expect(functionError).toBe('Unhandled');
  expect(payload).toEqual({
    errorType: 'OutOfStock',
    errorMessage: 'none left',
    trace: expect.arrayContaining([expect.stringContaining('none left')]),
  });
  const logged = lines().find(({ message }) => message.includes('Invoke Error'))?.message ?? '';
  expect(logged).toMatch(
    new RegExp(
      `Z\t${requestId}\tERROR\tInvoke Error \t{"errorType":"OutOfStock","errorMessage":"none left","code":"E42"`,
    ),
  );
  expect(await invoke('text')).toMatchObject({
    payload: { errorType: 'string', errorMessage: 'plain', trace: [] },
    coldStart: false,
  });
  expect(await invoke('circle')).toMatchObject({ payload: { errorType: 'Runtime.JSONStringifyError' } });
});

test('a function that ends its own process takes only its environment with it', async () => {
  const { invoke, lines } = startLambda(
    `export const handler = async (how) => {
       if (how === 'exit') process.exit(3);
       if (how === 'reject') { void Promise.reject(new Error('nobody waits')); await new Promise((r) => setTimeout(r, 1e6)); }
       if (how === 'throw') { setTimeout(() => { throw new RangeError('late'); }); await new Promise((r) => setTimeout(r, 1e6)); }
       if (how === 'memory') for (let list = null; ; ) list = { list, more: [1, 2, 3] };
       return 'well';
     };`,
    { definition: { memoryMb: 128 } },
  );
  const exit = await invoke('exit');
  expect(exit.payload).toEqual({
    errorType: 'Runtime.ExitError',
    errorMessage: `RequestId: ${exit.requestId} Error: Runtime exited with error: exit status 3`,
  });
  expect(lines().at(-1)?.message).toMatch(/Status: error\tError Type: Runtime.ExitError\t$/);
  expect(await invoke('reject')).toMatchObject({
    payload: { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'Error: nobody waits' },
  });
  expect(await invoke('throw')).toMatchObject({ payload: { errorType: 'RangeError', errorMessage: 'late' } });
  expect(await invoke('memory')).toMatchObject({ payload: { errorType: 'Runtime.OutOfMemory' } });
  expect(await invoke()).toMatchObject({ payload: 'well', coldStart: true });
});

test.for([
  ['a missing file', 'other.mjs', '', 'Runtime.ImportModuleError', /^Error: Cannot find module '.*index'/],
  [
    'a missing export',
    'index.mjs',
    'export const x = 1;',
    'Runtime.HandlerNotFound',
    /^index.handler is undefined or not exported$/,
  ],
  ['broken syntax', 'index.mjs', 'export const = 1;', 'Runtime.UserCodeSyntaxError', /^SyntaxError: /],
  [
    'a missing package',
    'index.cjs',
    'require("not-there");',
    'Runtime.ImportModuleError',
    /^Error: Cannot find module 'not-there'/,
  ],
  [
    'a callback',
    'index.mjs',
    'export const handler = (event, context, callback) => callback();',
    'Runtime.CallbackHandlerDeprecated',
    /callback-based/,
  ],
  ['an error while loading', 'index.mjs', 'throw new TypeError("no table");', 'TypeError', /^no table$/],
] as const)('%s ends the initialisation as on Lambda', async ([, file, source, errorType, message]) => {
  const { invoke, lines, lambda } = startLambda(source, { file });
  const { payload, functionError } = await invoke();
  expect(functionError).toBe('Unhandled');
  expect(payload).toMatchObject({ errorType, errorMessage: expect.stringMatching(message) });
  const logged = lines().map(({ message }) => message);
  expect(logged.some((line) => line.includes('ERROR\tInit Error'))).toBe(true);
  expect(logged.some((line) => line.includes(`Phase: init\tStatus: error\tError Type: ${errorType}`))).toBe(
    true,
  );
  expect(lambda.environments()).toEqual([]);
});

test('a .js bundle without package.json is CommonJS or ES by its syntax, whatever stands above it', async () => {
  const { lambda, invoke, directory, definition } = startLambda('{"type":"module"}', {
    file: 'package.json',
  });
  const codeDirectory = join(directory, 'code');
  mkdirSync(codeDirectory);
  lambda.add({ ...definition, codeDirectory });
  writeFileSync(join(codeDirectory, 'index.js'), 'exports.handler = async () => typeof require;');
  expect((await invoke()).payload).toBe('function');
  await lambda.crash('echo');
  writeFileSync(join(codeDirectory, 'index.js'), 'export const handler = async () => import.meta.url;');
  expect((await invoke()).payload).toMatch(/^file:/);
});

test('console, stdout and stderr reach the log group with their request, between START and REPORT', async () => {
  const { invoke, lines } = startLambda(
    `console.info('cold');
     export const handler = async () => {
       console.log('one %s', 'two\\nthree');
       console.error({ four: 4 });
       process.stdout.write('{"raw":1}\\n{"raw":2}\\nrest');
       process.stderr.write('to stderr\\n');
     };`,
  );
  const { requestId, payload } = await invoke();
  expect(payload).toBeNull();
  const stamp = '\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z';
  expect(lines().map(({ message, requestId: id }) => [message, id])).toEqual([
    [expect.stringMatching(/^INIT_START Runtime Version: nodejs:24/), undefined],
    [expect.stringMatching(new RegExp(`^${stamp}\t-\tINFO\tcold$`)), undefined],
    [`START RequestId: ${requestId} Version: $LATEST`, requestId],
    [expect.stringMatching(new RegExp(`^${stamp}\t${requestId}\tINFO\tone two\nthree$`)), requestId],
    [expect.stringMatching(new RegExp(`^${stamp}\t${requestId}\tERROR\t\\{ four: 4 \\}$`)), requestId],
    ['{"raw":1}', requestId],
    ['{"raw":2}', requestId],
    ['to stderr', requestId],
    ['rest', requestId],
    [`END RequestId: ${requestId}`, requestId],
    [
      expect.stringMatching(
        /^REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t$/,
      ),
      requestId,
    ],
  ]);
});

test('in JSON the lines carry level and request, and the levels asked for hide the rest', async () => {
  const { invoke, lines } = startLambda(
    `export const handler = async (event) => {
       console.info('hidden');
       console.warn({ a: 1 });
       if (event.fail) throw new TypeError('bad');
     };`,
    { definition: { logFormat: 'JSON', applicationLogLevel: 'WARN', systemLogLevel: 'WARN' } },
  );
  const { requestId } = await invoke();
  expect(lines().map(({ message }) => JSON.parse(message))).toEqual([
    { timestamp: expect.any(String), level: 'WARN', requestId, message: { a: 1 } },
  ]);
  await invoke({ fail: true });
  expect(
    lines()
      .slice(2)
      .map(({ message }) => JSON.parse(message)),
  ).toMatchObject([
    {
      level: 'ERROR',
      message: { errorType: 'TypeError', errorMessage: 'bad', stackTrace: expect.any(Array) },
    },
    { type: 'platform.report', record: { status: 'error', errorType: 'TypeError' } },
  ]);
});

test('a role that may not write logs loses them, and the loss is counted', async () => {
  const { invoke, lines, logs } = startLambda(
    `export const handler = async () => { console.log('unheard'); };`,
    { options: { mayWriteLogs: () => false } },
  );
  await invoke();
  expect(lines()).toEqual([]);
  expect(logs.dropped()).toEqual([
    {
      group: '/aws/lambda/echo',
      reason: 'arn:aws:iam::111122223333:role/EchoRole may not write to it',
      count: 5,
    },
  ]);
});
