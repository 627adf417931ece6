import { once } from 'node:events';
import { request } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { RequestAuthorizer } from '../../../local/api-gateway/definition.ts';
import { InvokeRefused } from '../../../local/lambda/invoke.ts';
import { arnOf, type Event, route, startWebSocketApi } from './start-api.ts';

const METHOD_ARN = 'arn:aws:execute-api:us-east-1:111122223333:abcdef1234/prod/$connect';
const authorizer: RequestAuthorizer = {
  kind: 'request',
  authorizerId: 'auth01',
  uri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arnOf('authorize')}/invocations`,
  identitySources: [{ in: 'header', name: 'sec-websocket-protocol' }],
};

function answer(effect: 'Allow' | 'Deny', resource = METHOD_ARN, context: unknown = {}) {
  const Statement = [{ Effect: effect, Action: 'execute-api:Invoke', Resource: resource }];
  return { principalId: 'p-1', policyDocument: { Version: '2012-10-17', Statement }, context };
}

function start(authorize: (event: Event) => unknown, connect: (event: Event) => unknown = accept) {
  return startWebSocketApi([route('$connect', 'connect', { authorizer }), route('$default', 'default')], {
    authorize,
    connect,
    default: () => ({ statusCode: 200 }),
  });
}

test('what the authorizer says of a person reaches this and every later event, as text', async () => {
  const api = await start(() => answer('Allow', METHOD_ARN, { admin: true, level: 3, name: 'x' }));
  const { client } = await api.connect({ protocols: ['bearer.abc'], path: '/prod?a=1&a=2' });
  client.send('{}');
  await expect.poll(() => api.of('default').length).toBe(1);

  const [asked] = api.of('authorize');
  expect(asked?.event).toMatchObject({
    type: 'REQUEST',
    methodArn: METHOD_ARN,
    headers: {
      'Sec-WebSocket-Protocol': 'bearer.abc',
      Host: 'abcdef1234.execute-api.us-east-1.amazonaws.com',
    },
    queryStringParameters: { a: '2' },
    multiValueQueryStringParameters: { a: ['1', '2'] },
    requestContext: { routeKey: '$connect', eventType: 'CONNECT', stage: 'prod', apiId: 'abcdef1234' },
  });
  expect(asked?.invoker).toMatchObject({
    service: 'apigateway.amazonaws.com',
    sourceArn: 'arn:aws:execute-api:us-east-1:111122223333:abcdef1234/authorizers/auth01',
  });
  const authorized = { principalId: 'p-1', admin: 'true', level: '3', name: 'x' };
  expect(api.of('connect')[0]?.event.requestContext.authorizer).toEqual(authorized);
  expect(api.of('default')[0]?.event.requestContext.authorizer).toEqual(authorized);
  expect(api.of('connect')[0]?.invoker.sourceArn).toBe(METHOD_ARN);
});

test.each<[string, (event: Event) => unknown, number]>([
  ['allows another method', () => answer('Allow', METHOD_ARN.replace('prod', 'beta')), 403],
  ['allows all but this', () => ({ ...answer('Allow', '*'), policyDocument: both() }), 403],
  ['answers nothing', () => undefined, 500],
  ['answers a context that holds a list', () => answer('Allow', '*', { a: [] }), 500],
  ['answers more than 8 KB', () => answer('Allow', '*', { a: 'x'.repeat(9000) }), 500],
  ['may not be invoked', () => refuse(), 500],
])('an authorizer that %s refuses the handshake', async (_, authorize, status) => {
  const api = await start(authorize);
  expect((await api.dial({ protocols: ['bearer.abc'] }).refused).status).toBe(status);
  expect(api.of('connect')).toEqual([]);
});

test('a $connect integration that answers no status refuses the handshake', async () => {
  const api = await start(
    () => answer('Allow'),
    () => ({ body: 'hello' }),
  );
  expect((await api.dial({ protocols: ['bearer.abc'] }).refused).status).toBe(502);
});

test('the integration chooses the subprotocol, and without its word none is sent', async () => {
  const chosen = await start(
    () => answer('Allow'),
    () => ({ statusCode: 200, headers: { 'Sec-WebSocket-Protocol': 'chat.v1' } }),
  );
  const { client } = await chosen.connect({ protocols: ['bearer.abc', 'chat.v1'] });
  expect(client.protocol).toBe('chat.v1');

  const silent = await start(
    () => answer('Allow'),
    () => ({ statusCode: 200 }),
  );
  const handshake = request(silent.url.replace('ws:', 'http:').concat('/prod'), {
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol': 'bearer.abc, chat.v1',
      'sec-websocket-extensions': 'permessage-deflate',
    },
  }).end();
  const [response, socket] = await once(handshake, 'upgrade');
  onTestFinished(() => socket.destroy());
  expect(response.headers['sec-websocket-protocol']).toBeUndefined();
  expect(response.headers['sec-websocket-extensions']).toBeUndefined();
});

test('the $connect event has the shape of a Lambda proxy integration', async () => {
  const api = await start(() => answer('Allow'));
  const { client } = await api.connect({
    protocols: ['bearer.abc'],
    headers: { 'user-agent': 'it', 'X-Twice': 'a', constructor: 'c' },
  });
  const event = api.of('connect')[0]?.event;
  const { requestContext, ...rest } = event;
  expect(rest).toEqual({
    headers: expect.objectContaining({
      'X-Twice': 'a',
      constructor: 'c',
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Proto': 'https',
    }),
    multiValueHeaders: expect.objectContaining({ 'X-Twice': ['a'] }),
    isBase64Encoded: false,
  });
  expect(requestContext).toEqual({
    routeKey: '$connect',
    authorizer: { principalId: 'p-1' },
    eventType: 'CONNECT',
    extendedRequestId: requestContext.requestId,
    requestTime: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
    messageDirection: 'IN',
    stage: 'prod',
    connectedAt: expect.any(Number),
    requestTimeEpoch: expect.any(Number),
    identity: { userAgent: 'it', sourceIp: '127.0.0.1' },
    requestId: expect.stringMatching(/^[\w-]{15}=$/),
    domainName: 'abcdef1234.execute-api.us-east-1.amazonaws.com',
    connectionId: expect.stringMatching(/^[\w-]{15}=$/),
    apiId: 'abcdef1234',
  });
  expect(event.headers['X-Amzn-Trace-Id']).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
  expect(api.of('connect')[0]?.invoker.traceId).toBe(event.headers['X-Amzn-Trace-Id']);
  client.close();
});

test('an unknown stage, a plain request and a broken handshake reach no function', async () => {
  const api = await start(() => answer('Allow'));
  expect((await api.dial({ path: '/other', protocols: ['bearer.abc'] }).refused).status).toBe(403);
  const plain = await fetch(api.url.replace('ws:', 'http:').concat('/prod'));
  expect([plain.status, await plain.text()]).toEqual([403, '{"message":"Forbidden"}']);
  const handshake = request(api.url.replace('ws:', 'http:').concat('/prod'), {
    headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-protocol': 'bearer.abc' },
  }).end();
  const [response] = await once(handshake, 'response');
  expect(response.statusCode).toBe(400);
  expect(api.calls).toEqual([]);
});

/** Takes the first subprotocol; clients close where they offered one and got none. */
function accept(event: Event) {
  const [chosen] = event.headers['Sec-WebSocket-Protocol'].split(',');
  return { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': chosen } };
}

function both() {
  const Statement = [
    { Effect: 'Allow', Action: '*', Resource: '*' },
    { Effect: 'Deny', Action: 'execute-api:*', Resource: METHOD_ARN },
  ];
  return { Version: '2012-10-17', Statement };
}

function refuse(): never {
  throw new InvokeRefused('arn', { service: 's', sourceArn: 'a' });
}
