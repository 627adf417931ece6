import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { route, startWebSocketApi } from './start-api.ts';

const KB = 1024;
const MINUTE = 60_000;

function start(more: Parameters<typeof route>[2] = { answers: true }) {
  const routes = [route('$default', 'echo', more), route('$disconnect', 'gone')];
  return startWebSocketApi(routes, {
    echo: ({ body }) => ({ statusCode: 200, body: `got ${body.length}` }),
    gone: () => ({ statusCode: 200 }),
  });
}

type Api = Awaited<ReturnType<typeof start>>;
type Socket = Awaited<ReturnType<Api['connect']>>;

test.each<[string, (socket: Socket) => void, number]>([
  ['a frame of 32 KB and a byte', ({ client }) => client.send('x'.repeat(32 * KB + 1)), 1009],
  ['a frame of 129 KB', ({ client }) => client.send('x'.repeat(129 * KB)), 1009],
  ['a message of 128 KB and a byte', ({ client }) => fragments(client, [...Array(128).fill(KB), 1]), 1009],
  ['a small frame and one of 33 KB', ({ client }) => fragments(client, [1, 33 * KB]), 1009],
  ['a binary frame', ({ client }) => client.send(Buffer.from('{}')), 1003],
])('%s closes the socket, and no other', async (_, send, code) => {
  const api = await start();
  const [hostile, other] = [await api.connect(), await api.connect()];
  hostile.client.send('before');
  send(hostile);
  expect(await hostile.closed).toEqual({ code, reason: '' });
  await expect.poll(() => api.of('gone').length).toBe(1);
  expect(api.of('gone')[0]?.event.requestContext).toMatchObject({
    eventType: 'DISCONNECT',
    disconnectStatusCode: code,
  });
  expect(api.of('echo').map(({ event }) => event.body)).toEqual(['before']);
  other.client.send('still here');
  await expect.poll(() => other.received).toEqual(['got 10']);
});

test('a message of 128 KB passes in frames of 32 KB', async () => {
  const api = await start();
  const { client, received } = await api.connect();
  fragments(client, Array(4).fill(32 * KB));
  await expect.poll(() => received).toEqual([`got ${128 * KB}`]);
  expect(api.counters()).toMatchObject({ framesIn: 1, framesOut: 1, billedFrames: 5 });
});

test.each([
  ['arrays 10,000 deep', '['.repeat(10_000) + ']'.repeat(10_000)],
  ['objects 6,000 deep', '{"a":'.repeat(6_000)],
  ['__proto__', '{"__proto__":{"type":"x"},"constructor":{"prototype":{"type":"y"}}}'],
  ['an escaped lone surrogate', '{"type":"\\ud800"}'],
  ['nothing', ''],
  ['a zero byte', '\0'],
])('a message of %s is one event, and harms nobody', async (_, body) => {
  const api = await start();
  const { client, received } = await api.connect();
  client.send(body);
  await expect.poll(() => received).toEqual([`got ${body.length}`]);
  expect(({} as { type?: string }).type).toBeUndefined();
});

test('text that is no UTF-8, and a frame that breaks the protocol, close that socket alone', async () => {
  const api = await start();
  const other = await api.connect();
  for (const [bytes, code] of [
    [[0x81, 0x83, 0, 0, 0, 0, 0xed, 0xa0, 0x80], 1007],
    [[0xf1, 0x80, 0, 0, 0, 0], 1002],
  ] as const) {
    const hostile = await api.connect();
    rawSocketOf(hostile).write(Buffer.from(bytes));
    expect((await hostile.closed).code).toBe(code);
  }
  other.client.send('x');
  await expect.poll(() => other.received).toEqual(['got 1']);
});

test('half a handshake, half a frame and a vanished client leave the server as it was', async () => {
  const api = await start();
  const port = Number(new URL(api.url).port);
  const half = connectTcp(port, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void half.destroy());
  await once(half, 'connect');
  half.write('GET /prod HTTP/1.1\r\nUpgrade: websocket\r\n');
  const halfFrame = await api.connect();
  rawSocketOf(halfFrame).write(Buffer.from([0x81]));
  const vanished = await api.connect();
  rawSocketOf(vanished).resetAndDestroy();
  await expect.poll(() => api.of('gone').length).toBe(1);
  expect(api.of('gone')[0]?.event.requestContext.disconnectStatusCode).toBe(1006);
  const other = await api.connect();
  other.client.send('x');
  await expect.poll(() => other.received).toEqual(['got 1']);
});

test.each<[string, Parameters<typeof route>[2], number]>([
  ['to', { answers: false }, 1],
  ['from', { answers: true }, 2],
])(
  '10 minutes without a message end a socket, pings or not; one %s the server puts that off',
  async (_, more, frames) => {
    const api = await start(more);
    const { client, closed } = await api.connect();
    api.clock.advance(9 * MINUTE);
    client.send('x');
    await expect.poll(() => api.counters().framesIn + api.counters().framesOut).toBe(frames);
    api.clock.advance(9 * MINUTE);
    client.ping();
    await once(client, 'pong');
    expect(client.readyState).toBe(client.OPEN);
    api.clock.advance(MINUTE);
    expect(await closed).toEqual({ code: 1001, reason: 'Going away' });
    await expect.poll(() => api.of('gone').length).toBe(1);
    expect(api.of('gone')[0]?.event.requestContext).toMatchObject({
      disconnectStatusCode: 1001,
      disconnectReason: 'Going away',
    });
  },
);

test('2 hours end a socket that is never idle', async () => {
  const api = await start();
  const { client, closed, received } = await api.connect();
  for (let quarter = 1; quarter < 14; quarter += 1) {
    api.clock.advance(9 * MINUTE);
    client.send('x');
    await expect.poll(() => received.length).toBe(quarter);
  }
  expect(client.readyState).toBe(client.OPEN);
  api.clock.advance(3 * MINUTE);
  expect((await closed).code).toBe(1001);
});

test('a client that closes is told of to $disconnect, with its code and reason', async () => {
  const api = await start();
  const first = await api.connect();
  first.client.close(4001, 'bye');
  const second = await api.connect();
  await expect.poll(() => api.of('gone').length).toBe(1);
  second.client.close();
  await expect.poll(() => api.of('gone').length).toBe(2);
  const [said, silent] = api.of('gone').map(({ event }) => event);
  expect(said.requestContext).toMatchObject({ disconnectStatusCode: 4001, disconnectReason: 'bye' });
  expect(silent).toMatchObject({
    headers: { Host: 'abcdef1234.execute-api.us-east-1.amazonaws.com', 'x-api-key': '' },
    requestContext: {
      routeKey: '$disconnect',
      eventType: 'DISCONNECT',
      disconnectStatusCode: 1005,
      disconnectReason: 'Client-side close frame status not set',
    },
    isBase64Encoded: false,
  });
});

/** Sends one message in frames of these sizes. */
function fragments(client: Socket['client'], sizes: readonly number[]) {
  for (const [at, size] of sizes.entries()) client.send('x'.repeat(size), { fin: at === sizes.length - 1 });
}

/** The TCP socket under a `ws` client, for bytes that `ws` would not send. */
function rawSocketOf({ client }: Socket): import('node:net').Socket {
  return (client as unknown as { _socket: import('node:net').Socket })._socket;
}
