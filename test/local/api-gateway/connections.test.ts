import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import { ExecuteApiService } from '../../../local/api-gateway/execute-api-service.ts';
import type { Call } from '../../../local/front-door/service.ts';
import { route, startWebSocketApi } from './start-api.ts';

const ok = () => ({ statusCode: 200 });

async function start(connect: () => unknown = ok) {
  const api = await startWebSocketApi([route('$connect', 'connect'), route('$disconnect', 'gone')], {
    connect,
    gone: ok,
  });
  const service = new ExecuteApiService({ account: localAccount, apis: [api.api] });
  const call = (
    method: string,
    id: string,
    given: { body?: Buffer; stage?: string; host?: string } = {},
  ): Call => {
    const path = `/${given.stage ?? 'prod'}/@connections/${id}`;
    const host = given.host ?? 'abcdef1234.execute-api.us-east-1.amazonaws.com';
    return {
      service: 'execute-api',
      operation: service.operationOf(method, path) ?? '',
      input: {},
      method,
      path,
      query: new URLSearchParams(),
      headers: { host },
      body: given.body ?? Buffer.alloc(0),
      requestId: randomUUID(),
      sourceIp: '127.0.0.1',
    };
  };
  const idOf = () => String(api.of('connect').at(-1)?.event.requestContext.connectionId);
  return { ...api, service, call, idOf };
}

test('a message posted to a connection arrives, metered in 32 KB', async () => {
  const { service, call, connect, idOf, counters } = await start();
  const { received } = await connect();
  await service.handle(call('POST', idOf(), { body: Buffer.from('hello') }));
  await service.handle(call('POST', encodeURIComponent(idOf()), { body: Buffer.from('€'.repeat(20_000)) }));
  await expect.poll(() => received).toEqual(['hello', '€'.repeat(20_000)]);
  expect(counters()).toMatchObject({ framesOut: 2, billedFrames: 3, bytesOut: 60_005 });
});

test('a connection that is unknown, closed, of another stage or still shaking hands is gone', async () => {
  let release = (_: unknown) => {};
  const { service, call, connect, dial, idOf, of } = await start(() =>
    of('connect').length < 2
      ? ok()
      : new Promise((resolve) => {
          release = resolve;
        }),
  );
  const post = (id: string) => service.handle(call('POST', id, { body: Buffer.from('x') }));
  const gone = { code: 'GoneException', status: 410 };
  await expect(post('AAAA1234=')).rejects.toMatchObject(gone);

  const { client } = await connect();
  client.close();
  await expect.poll(() => of('gone').length).toBe(1);
  await expect(post(idOf())).rejects.toMatchObject(gone);

  const pending = dial();
  await expect.poll(() => of('connect').length).toBe(2);
  await expect(post(idOf())).rejects.toMatchObject(gone);
  release(ok());
  await expect.poll(() => pending.client.readyState).toBe(pending.client.OPEN);
  await expect(post(idOf())).resolves.toBeDefined();
  await expect(service.handle(call('POST', idOf(), { stage: 'beta' }))).rejects.toMatchObject(gone);
  await expect(
    service.handle(call('POST', idOf(), { host: 'other.execute-api.us-east-1.amazonaws.com' })),
  ).rejects.toMatchObject({ status: 403 });
});

test('a message above 128 KB is too large, and one of 128 KB is not', async () => {
  const { service, call, connect, idOf } = await start();
  const { received } = await connect();
  await service.handle(call('POST', idOf(), { body: Buffer.alloc(128 * 1024, 'x') }));
  await expect.poll(() => received.length).toBe(1);
  await expect(
    service.handle(call('POST', idOf(), { body: Buffer.alloc(128 * 1024 + 1, 'x') })),
  ).rejects.toMatchObject({
    code: 'PayloadTooLargeException',
    status: 413,
  });
});

test('a connection tells when it began, when it last spoke and from where', async () => {
  const { service, call, connect, idOf, clock } = await start();
  await connect({ headers: { 'user-agent': 'it' } });
  clock.advance(60_000);
  await service.handle(call('POST', idOf(), { body: Buffer.from('x') }));
  const { body } = await service.handle(call('GET', idOf()));
  const { connectedAt, lastActiveAt, identity } = body as Record<string, string>;
  expect(identity).toEqual({ sourceIp: '127.0.0.1', userAgent: 'it' });
  expect(Date.parse(lastActiveAt ?? '') - Date.parse(connectedAt ?? '')).toBeGreaterThanOrEqual(60_000);
});

test('deleting a connection closes it with no reason and tells $disconnect', async () => {
  const { service, call, connect, idOf, of } = await start();
  const { closed } = await connect();
  expect(await service.handle(call('DELETE', idOf()))).toMatchObject({ status: 204 });
  expect(await closed).toEqual({ code: 1000, reason: '' });
  expect(of('gone').length).toBe(1);
  await expect(service.handle(call('DELETE', idOf()))).rejects.toMatchObject({ code: 'GoneException' });
});

test('managing a connection is authorized per API, stage and method', async () => {
  const { service, call } = await start();
  expect(service.authorizations(call('POST', 'abc%3D'))).toEqual([
    {
      action: 'execute-api:ManageConnections',
      resource: 'arn:aws:execute-api:us-east-1:111122223333:abcdef1234/prod/POST/@connections/{connectionId}',
    },
  ]);
  expect(service.operationOf('PUT', '/prod/@connections/abc=')).toBeUndefined();
  expect(service.operationOf('GET', '/prod/%40connections/abc%3D')).toBe('GetConnection');
  expect(service.trail(call('DELETE', 'abc=')).requestParameters).toMatchObject({ connectionId: 'abc=' });
});
