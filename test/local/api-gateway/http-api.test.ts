import { once } from 'node:events';
import { request } from 'node:http';
import { expect, test } from 'vitest';
import type { CorsDefinition } from '../../../local/api-gateway/definition.ts';
import { route, stage, startHttpApi } from './start-api.ts';

const ok = () => ({ statusCode: 200, body: 'ok' });

test('an event of format 2.0 says what was asked', async () => {
  const { url, calls } = await startHttpApi({ routes: [route('POST /things/{id}/parts', 'fn')] }, { fn: ok });
  const target = `${url}/things/a%20b/parts?x=1&x=2&y=%C3%A9`;
  const asked = request(target, {
    method: 'POST',
    headers: {
      'X-Twice': ['a', 'b'],
      Cookie: 'c=1; d=2',
      'User-Agent': 'it',
      'Content-Type': 'application/json',
    },
  }).end('{"a":1}');
  await once(asked, 'response');
  const [call] = calls;
  expect(call?.event).toEqual({
    version: '2.0',
    routeKey: 'POST /things/{id}/parts',
    rawPath: '/things/a b/parts',
    rawQueryString: 'x=1&x=2&y=%C3%A9',
    cookies: ['c=1', 'd=2'],
    headers: expect.objectContaining({
      'x-twice': 'a,b',
      host: 'abcdef1234.execute-api.us-east-1.amazonaws.com',
      'x-amzn-trace-id': call?.invoker.traceId,
      'x-forwarded-for': '127.0.0.1',
    }),
    queryStringParameters: { x: '1,2', y: 'é' },
    pathParameters: { id: 'a b' },
    requestContext: {
      accountId: '111122223333',
      apiId: 'abcdef1234',
      domainName: 'abcdef1234.execute-api.us-east-1.amazonaws.com',
      domainPrefix: 'abcdef1234',
      http: {
        method: 'POST',
        path: '/things/a b/parts',
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: 'it',
      },
      requestId: expect.stringMatching(/^[\w-]{15}=$/),
      routeKey: 'POST /things/{id}/parts',
      stage: '$default',
      time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      timeEpoch: expect.any(Number),
    },
    body: '{"a":1}',
    isBase64Encoded: false,
  });
  expect(call?.event.headers).not.toHaveProperty('cookie');
  expect(call?.invoker).toMatchObject({
    service: 'apigateway.amazonaws.com',
    sourceArn: 'arn:aws:execute-api:us-east-1:111122223333:abcdef1234/$default/POST/things/{id}/parts',
  });
});

test('a body that is no text comes as base64, and none as no body', async () => {
  const { url, calls } = await startHttpApi({ routes: [route('ANY /', 'fn')] }, { fn: ok });
  await fetch(url, {
    method: 'PUT',
    body: new Uint8Array([0, 255]),
    headers: { 'content-type': 'image/png' },
  });
  await fetch(url);
  expect(calls.map(({ event }) => [event.body, event.isBase64Encoded])).toEqual([
    ['AP8=', true],
    [undefined, false],
  ]);
});

test('the most specific route is chosen', async () => {
  const keys = ['GET /a/b', 'GET /a/{x}', 'ANY /a/{x}', 'GET /a/{rest+}', 'ANY /{proxy+}', 'GET /a/{x}/c'];
  const { url, calls } = await startHttpApi(
    { routes: [...keys].reverse().map((key) => route(key, 'fn')) },
    { fn: ok },
  );
  const asked = [
    ['GET', '/a/b', 'GET /a/b'],
    ['GET', '/a/z', 'GET /a/{x}'],
    ['POST', '/a/z', 'ANY /a/{x}'],
    ['GET', '/a/z/c', 'GET /a/{x}/c'],
    ['GET', '/a/z/d', 'GET /a/{rest+}'],
    ['POST', '/a/z/d', 'ANY /{proxy+}'],
  ];
  for (const [method, path] of asked) await fetch(url + path, { method });
  expect(calls.map(({ event }) => event.routeKey)).toEqual(asked.map(([, , key]) => key));
  expect(calls.at(-2)?.event.pathParameters).toEqual({ rest: 'z/d' });
});

test('$default takes what no route does, and a named stage stands in the path', async () => {
  const { url, calls } = await startHttpApi(
    { routes: [route('$default', 'fn'), route('GET /x', 'fn')], stages: [stage({ name: 'v1' })] },
    { fn: ok },
  );
  await fetch(`${url}/v1/x`);
  await fetch(`${url}/v1/y`);
  expect((await fetch(`${url}/x`)).status).toBe(404);
  expect(calls.map(({ event }) => [event.routeKey, event.rawPath])).toEqual([
    ['GET /x', '/v1/x'],
    ['$default', '/v1/y'],
  ]);
  expect(calls[1]?.invoker.sourceArn).toMatch(/:abcdef1234\/v1\/\$default$/);
});

test.each<[string, unknown, number, string, string]>([
  ['a plain object', { a: 1 }, 200, 'application/json', '{"a":1}'],
  ['text', 'hello', 200, 'application/json', 'hello'],
  ['a status', { statusCode: 201, body: 'x' }, 201, 'text/plain; charset=utf-8', 'x'],
  [
    'base64',
    { statusCode: 200, headers: { 'Content-Type': 'image/png' }, body: 'aGk=', isBase64Encoded: true },
    200,
    'image/png',
    'hi',
  ],
])('an answer of %s is understood as AWS does', async (_, answer, status, type, body) => {
  const { url } = await startHttpApi({ routes: [route('GET /', 'fn')] }, { fn: () => answer });
  const response = await fetch(url);
  expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
    status,
    type,
    body,
  ]);
  expect(response.headers.get('apigw-requestid')).toMatch(/^[\w-]{15}=$/);
});

test('each cookie of an answer is a set-cookie header', async () => {
  const answer = { statusCode: 200, cookies: ['a=1; Secure', 'b=2'], headers: { 'X-Number': 7 } };
  const { url } = await startHttpApi({ routes: [route('GET /', 'fn')] }, { fn: () => answer });
  const { headers } = await fetch(url);
  expect([headers.getSetCookie(), headers.get('x-number')]).toEqual([['a=1; Secure', 'b=2'], '7']);
});

test('a body above 10 MB is refused before any function, and an aborted one reaches none', async () => {
  const { url, calls, api } = await startHttpApi({ routes: [route('POST /', 'fn')] }, { fn: ok });
  const response = await fetch(url, { method: 'POST', body: new Uint8Array(10 * 1024 * 1024 + 1) });
  expect(response.status).toBe(413);
  const aborted = request(url, { method: 'POST', headers: { 'content-length': 100 } }).on('error', () => {});
  aborted.write('half');
  await expect.poll(() => aborted.socket?.bytesWritten ?? 0).toBeGreaterThan(0);
  aborted.destroy();
  expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(200);
  expect(calls.length).toBe(1);
  expect(api.counters().requests).toBe(2);
});

test('a route above its rate and burst answers 429 until the clock has moved', async () => {
  const { url, clock } = await startHttpApi(
    {
      routes: [route('GET /', 'fn')],
      stages: [stage({ name: '$default', throttle: { rate: 1, burst: 1 } })],
    },
    { fn: ok },
  );
  expect((await fetch(url)).status).toBe(200);
  expect((await fetch(url)).status).toBe(429);
  clock.advance(1000);
  expect((await fetch(url)).status).toBe(200);
});

const cors: CorsDefinition = {
  origins: ['https://a.example'],
  methods: ['GET', 'POST'],
  headers: ['authorization'],
  exposed: ['x-id'],
  maxAgeSeconds: 60,
  credentials: true,
};

test("the API's CORS headers replace the integration's, for listed origins only", async () => {
  const fn = () => ({ statusCode: 200, headers: { 'Access-Control-Allow-Origin': '*', 'x-id': '1' } });
  const { url } = await startHttpApi({ routes: [route('GET /', 'fn')], cors }, { fn });
  const ask = async (origin: string) => (await fetch(url, { headers: { origin } })).headers;
  const listed = await ask('https://a.example');
  expect(listed.get('access-control-allow-origin')).toBe('https://a.example');
  expect(listed.get('access-control-expose-headers')).toBe('x-id');
  const other = await ask('https://b.example');
  expect(other.get('access-control-allow-origin')).toBeNull();
  expect(other.get('x-id')).toBe('1');
});

test('each request is logged and told with its function, status and bytes', async () => {
  const format =
    '$context.httpMethod $context.routeKey $context.status $context.identity.caller $context.error.message';
  const accessLog = { group: '/access', format };
  const { url, lines, records } = await startHttpApi(
    { routes: [route('GET /', 'fn')], stages: [stage({ name: '$default', accessLog })] },
    { fn: ok },
  );
  await fetch(url);
  await fetch(`${url}/nope`);
  await expect.poll(() => lines).toEqual(['/access GET GET / 200 - -', '/access GET - 404 - Not Found']);
  expect(records[0]).toMatchObject({
    api: 'abcdef1234',
    routeKey: 'GET /',
    functionArn: 'arn:aws:lambda:us-east-1:111122223333:function:fn',
    status: 200,
    bytesOut: 2,
    traceId: expect.stringMatching(/^Root=1-/),
  });
});
