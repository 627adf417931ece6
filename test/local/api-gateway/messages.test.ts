import { expect, test } from 'vitest';
import { selectRoute } from '../../../local/api-gateway/route-selection.ts';
import { route, startWebSocketApi } from './start-api.ts';

const ok = () => ({ statusCode: 200 });

test.each([
  ['its own key', '{"type":"chat.send"}', 'send'],
  ['a number as the key', '{"type":7}', 'seven'],
  ['no JSON', 'hello', 'default'],
  ['nothing', '', 'default'],
  ['a key that names no route', '{"type":"chat.unknown"}', 'default'],
  ['no key', '{"text":"hi"}', 'default'],
  ['a key that is an object', '{"type":{}}', 'default'],
  ['null', 'null', 'default'],
  ['the key in a prototype', '{"__proto__":{"type":"chat.send"}}', 'default'],
  ['$connect', '{"type":"$connect"}', 'default'],
  ['$disconnect', '{"type":"$disconnect"}', 'default'],
  ['$default', '{"type":"$default"}', 'default'],
])('a message with %s goes to its route', async (_, body, name) => {
  const names = { $connect: 'connect', $disconnect: 'disconnect', $default: 'default', '7': 'seven' };
  const routes = Object.entries({ ...names, 'chat.send': 'send' }).map(([key, fn]) => route(key, fn));
  const api = await startWebSocketApi(routes, {
    connect: ok,
    disconnect: ok,
    default: ok,
    send: ok,
    seven: ok,
  });
  const { client } = await api.connect();
  client.send(body);
  await expect.poll(() => api.calls.length).toBe(2);
  expect(api.calls[1]?.uri).toContain(`:${name}`);
  expect(api.calls[1]?.event.body).toBe(body);
});

test('a route key is never found on what every object inherits', () => {
  expect(selectRoute([route('0', 'fn')], ['__proto__', 'length'], '[]')).toBeUndefined();
});

test('a message event carries its ids and no headers', async () => {
  const api = await startWebSocketApi(
    [route('chat.send', 'send')],
    { send: ok },
    { variables: { color: 'red' } },
  );
  const { client } = await api.connect();
  client.send('{"type":"chat.send"}');
  await expect.poll(() => api.records.map(({ routeKey }) => routeKey)).toEqual(['$connect', 'chat.send']);
  const [call] = api.of('send');
  const { requestContext } = call?.event ?? {};
  expect(call?.event).toEqual({
    stageVariables: { color: 'red' },
    requestContext: expect.objectContaining({
      eventType: 'MESSAGE',
      routeKey: 'chat.send',
      messageDirection: 'IN',
    }),
    body: '{"type":"chat.send"}',
    isBase64Encoded: false,
  });
  expect(requestContext.messageId).toMatch(/^[\w-]{15}=$/);
  expect(requestContext).not.toHaveProperty('disconnectStatusCode');
  expect(call?.invoker.sourceArn).toBe(
    'arn:aws:execute-api:us-east-1:111122223333:abcdef1234/prod/chat.send',
  );
  expect(api.records[1]).toEqual({
    api: 'abcdef1234',
    routeKey: 'chat.send',
    connectionId: requestContext.connectionId,
    traceId: call?.invoker.traceId,
    requestId: requestContext.requestId,
    functionArn: 'arn:aws:lambda:us-east-1:111122223333:function:send',
    status: 200,
    durationMs: expect.any(Number),
    bytesIn: 20,
    bytesOut: 0,
    billedFrames: 1,
  });
});

test('messages of one socket start in order and do not wait for each other', async () => {
  let release = () => {};
  const first = new Promise<void>((resolve) => {
    release = resolve;
  });
  const api = await startWebSocketApi([route('$default', 'slow', { answers: true })], {
    slow: async ({ body }) => {
      if (body === '0') await first;
      return { statusCode: 200, body };
    },
  });
  const { client, received } = await api.connect();
  for (const body of ['0', '1', '2', '3']) client.send(body);
  await expect.poll(() => received).toEqual([1, 2, 3]);
  release();
  await expect.poll(() => received).toEqual([1, 2, 3, 0]);
  expect(api.calls.map(({ event }) => event.body)).toEqual(['0', '1', '2', '3']);
});

test('only a route with a route response sends the answer back, whatever its status', async () => {
  const api = await startWebSocketApi([route('a', 'fn', { answers: true }), route('b', 'fn')], {
    fn: () => ({ statusCode: 500, body: 'pong' }),
  });
  const { client, received } = await api.connect();
  client.send('{"type":"b"}');
  client.send('{"type":"a"}');
  await expect.poll(() => api.records.length).toBe(3);
  await expect.poll(() => received).toEqual(['pong']);
  expect(api.records.map(({ bytesOut, billedFrames }) => [bytesOut, billedFrames])).toEqual([
    [0, 0],
    [0, 1],
    [4, 2],
  ]);
});

test('a route takes its burst at once and its rate a second, on its own bucket', async () => {
  const settings = { throttle: { rate: 1, burst: 2 }, routeThrottles: { b: { rate: 1, burst: 1 } } };
  const api = await startWebSocketApi([route('a', 'fn'), route('b', 'fn')], { fn: ok }, settings);
  const { client, received } = await api.connect();
  for (const type of ['a', 'a', 'a', 'b', 'b']) client.send(JSON.stringify({ type }));
  await expect
    .poll(() => received.map(({ message }) => message))
    .toEqual(['Too Many Requests', 'Too Many Requests']);
  expect(api.calls.length).toBe(3);
  api.clock.advance(1000);
  client.send('{"type":"a"}');
  await expect.poll(() => api.calls.length).toBe(4);
});

test('a mock answers by itself, and without an integration response with an error', async () => {
  const mock = { kind: 'mock' as const, status: 200 };
  const template = '{"id":"$context.connectionId"}';
  const api = await startWebSocketApi(
    [
      { key: 'ping', integration: { ...mock, response: template }, scopes: [], answers: true },
      { key: 'bare', integration: mock, scopes: [], answers: true },
    ],
    {},
  );
  const { client, received } = await api.connect();
  client.send('{"type":"ping"}');
  client.send('{"type":"bare"}');
  await expect.poll(() => received.length).toBe(2);
  expect(received[0]).toEqual({ id: api.records[0]?.connectionId });
  expect(received[1]).toMatchObject({ message: 'Internal server error' });
});

test('the access log holds the context of every event, and a dash for what is unknown', async () => {
  const format =
    '{"r":"$context.routeKey","s":"$context.status","e":$context.error.messageString,"x":"$context.nope"}';
  const api = await startWebSocketApi(
    [route('a', 'fn')],
    { fn: ok },
    { accessLog: { group: '/access', format } },
  );
  const { client } = await api.connect();
  client.send('{"type":"a"}');
  client.send('{"type":"b"}');
  await expect
    .poll(() => api.lines)
    .toEqual([
      '/access {"r":"$connect","s":"200","e":-,"x":"-"}',
      '/access {"r":"-","s":"403","e":"Forbidden","x":"-"}',
      '/access {"r":"a","s":"200","e":-,"x":"-"}',
    ]);
});
