import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { clientFrames } from '../../protocol/frames.ts';
import { closingBytes, closingFrames, smuggledRequests } from '../fixtures/bad-frames.ts';
import { MARKER } from '../fixtures/broken-json.ts';
import type { Person } from '../fixtures/deployed.ts';
import { httpRoutes, writtenRoutes } from '../fixtures/every-door.ts';
import { type Bystanders, expectHarmless } from '../fixtures/harmless.ts';
import { closeCode, type RawAnswer, rawExchange, rawRequest, rawSocket } from '../fixtures/raw-wire.ts';
import { type Run, startRun } from '../fixtures/running.ts';

let run: Run;
let ana: Person;
let ben: Person;
let cleo: Person;
let conversationId: string;
let bystanders: Bystanders;

beforeAll(async () => {
  run = await startRun();
  ana = await run.person('ana-1', 'clinician');
  ben = await run.person('ben-1', 'patient');
  cleo = await run.person('cleo-1', 'patient');
  conversationId = await group(ana, ben);
  const sockets = [await run.socket(ben), await run.socket(cleo)] as const;
  bystanders = { sockets, conversationId: await group(ben, cleo) };
  for (const socket of sockets) await socket.ask({ type: 'session.open' });
});
afterAll(() => run.close());

const harmless = (batch: () => Promise<void>) => expectHarmless(run, bystanders, batch);

test('the routes that PROTOCOL.md has are those of the template', () => {
  expect(writtenRoutes().sort()).toEqual(httpRoutes(run.stack).sort());
});

test('frames that API Gateway does not take close their own socket and no other', async () => {
  const protocols = ['wardline.v1', `bearer.${ana.tokens.accessToken}`];
  const other = await run.socket(ana);
  const seen: unknown[] = [];
  await harmless(async () => {
    const waiting = await rawSocket(run.deployment.webSocketUrl, protocols);
    waiting.write(Buffer.from([0x81, 0xfe, 0x10])); // the first bytes of a frame whose rest does not come
    for (const [what, send] of closingFrames) {
      const socket = new WebSocket(run.deployment.webSocketUrl, protocols);
      socket.on('error', () => {}); // `close` follows
      socket.on('open', () => send(socket));
      const code = await new Promise((resolve) => socket.on('close', resolve));
      seen.push([what, code]);
    }
    for (const [what, sent] of closingBytes) {
      const socket = await rawSocket(run.deployment.webSocketUrl, protocols);
      socket.write(Buffer.from(sent));
      seen.push([what, await closeCode(socket)]);
    }
    expect(await other.ask('{}')).toMatchObject({ code: 'malformed' });
    waiting.destroy();
  });
  expect(seen).toEqual([...closingFrames, ...closingBytes].map(([what, _sent, code]) => [what, code]));
});

test('a frame that names another’s connection in any place is refused, and nobody but its sender hears of it', async () => {
  const [theirs] = bystanders.sockets;
  const [connectionId = '', ...others] = await connectionsOf(ben);
  expect([connectionId, others]).toEqual([expect.stringMatching(/./), []]);
  const socket = await run.socket(ana);
  const ask = (frame: object) => socket.ask(JSON.stringify(frame), ({ type }) => type !== 'message.new');
  const frames: readonly Record<string, unknown>[] = [
    { type: 'session.open' },
    { type: 'session.keep' },
    { type: 'session.renew', token: ana.tokens.accessToken },
    { type: 'sync', cursors: {} },
    { type: 'conversation.catch-up', conversationId, since: 0 },
    { type: 'conversation.mark-read', conversationId, upTo: 0 },
    {
      type: 'message.send',
      ref: randomUUID(),
      conversationId,
      since: 0,
      body: { kind: 'text', text: 'mine' },
    },
  ];
  expect(frames.map(({ type }) => type).sort()).toEqual(Object.keys(clientFrames).sort());
  const heard = theirs.heard.length;
  await harmless(async () => {
    for (const frame of frames) {
      const aimed = [
        ...['connectionId', 'requestContext', 'to'].map((key) => ({
          ...frame,
          [key]: key === 'requestContext' ? { connectionId } : connectionId,
        })),
        ...Object.keys(frame).map((field) => ({ ...frame, [field]: connectionId })),
        ...Object.keys(frame)
          .filter((field) => typeof frame[field] === 'object')
          .map((field) => ({ ...frame, [field]: { ...(frame[field] as object), connectionId } })),
      ];
      for (const one of aimed) expect(await ask(one), JSON.stringify(one)).toMatchObject({ type: 'refused' });
    }
    expect(theirs.heard).toHaveLength(heard);
    expect(await connectionsOf(ben)).toEqual([connectionId]);
    expect(await connectionsOf(ana)).not.toContain(connectionId); // or what is pushed to her would come to him
  });
  for (const frame of frames.slice(0, -1)) expect(await ask(frame)).not.toMatchObject({ type: 'refused' });
  expect(await ask(frames.at(-1) as object)).toMatchObject({ type: 'message.accepted' }); // as it is, each is taken
  socket.close();
});

test('requests that are none of the API’s are answered by API Gateway', async () => {
  const members = `/conversations/${conversationId}/members`;
  const gateway: [method: string, target: string, status: number][] = [
    ...['PUT', 'PATCH', 'DELETE', 'HEAD', 'TRACE', 'PROPFIND', 'POST'].map(
      (method): [string, string, number] => [method, '/me', 404],
    ),
    ...[
      members,
      `${members}/${ana.id}`,
      '/',
      '//me',
      '/ME',
      '/me/',
      '/me/..',
      '/conversations/../me',
      '/%6de%2f',
      `/${MARKER}`,
    ].map((target): [string, string, number] => ['GET', target, 404]),
    ['GET', `http://other.example/${MARKER}`, 404],
    ['GET', `/me?${'x'.repeat(11_000)}`, 431],
    ['OPTIONS', '/me', 404],
  ];
  const seen: unknown[] = [];
  await harmless(async () => {
    for (const [method, target] of gateway) {
      seen.push([method, target, (await ask(method, target, {})).status]);
    }
    const heavy = `{"${MARKER}":"${'x'.repeat(11 * 1024 * 1024)}"}`;
    expect(await ask('POST', '/conversations', { body: heavy })).toEqual({
      status: 413,
      body: '{"message":"Request Entity Too Large"}',
    });
    const override = { 'x-http-method-override': 'DELETE', 'x-original-url': `${members}/${ana.id}` };
    expect((await ask('GET', `${members}/${ana.id}`, { headers: override })).status).toBe(404);
  });
  expect(seen).toEqual(gateway);
});

test('requests that hide a second request in the first get one answer', async () => {
  await harmless(async () => {
    for (const bytes of smuggledRequests(ana.tokens.accessToken)) {
      const said = await rawExchange(run.deployment.httpApiUrl, bytes);
      expect(said.match(/HTTP\/1\.1 \d+/g), bytes).toEqual(['HTTP/1.1 400']);
      expect(said).not.toContain(MARKER);
    }
  });
});

async function ask(
  method: string,
  target: string,
  {
    type = 'application/json',
    headers = {},
    body,
  }: { type?: string; headers?: Record<string, string>; body?: string | Buffer | undefined },
): Promise<RawAnswer> {
  const answer = await rawRequest(run.deployment.httpApiUrl, {
    method,
    target,
    headers: { authorization: `Bearer ${ana.tokens.accessToken}`, 'content-type': type, ...headers },
    ...(body !== undefined && { body }),
  });
  expect(answer.body).not.toContain(MARKER);
  return answer;
}

/** What API Gateway calls the sockets of a person's that are listed. */
async function connectionsOf({ id }: Person): Promise<readonly string[]> {
  const { awsEndpointUrl: endpoint, administrator: credentials, account, resources } = run.stack;
  const table = resources.find(
    ({ type, logicalId }) => type.endsWith('::Table') && /^Sessions/.test(logicalId),
  );
  const client = DynamoDBDocumentClient.from(
    new DynamoDBClient({ endpoint, credentials, region: account.region }),
  );
  const asked = new GetCommand({ TableName: table?.ref, Key: { pk: `P#${id}` }, ConsistentRead: true });
  const { Item } = await client.send(asked);
  client.destroy();
  return Object.keys(Item?.sockets ?? {});
}

async function group(owner: Person, member: Person): Promise<string> {
  const proposal = { ref: randomUUID(), kind: 'group', members: [member.id] };
  const { body } = await run.request(owner, 'POST', 'conversations', proposal);
  return (body as { conversationId: string }).conversationId;
}
