import { mkdirSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { gateway, startLambda } from './lambda-fixture.ts';

interface Seen {
  readonly method?: string;
  readonly url?: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly connection: number;
}

/** A front door that notes what reaches it and answers every call with `{}`. */
async function startFrontDoor() {
  const seen: Seen[] = [];
  const connections = new Map<unknown, number>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const connection = connections.get(request.socket) ?? connections.size;
      connections.set(request.socket, connection);
      const { method, url, headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString(), connection });
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { seen, url: `http://127.0.0.1:${port}`, server };
}

test('https to an AWS host reaches the front door with its Host, from node:https, fetch and an agent of the bundle', async () => {
  const door = await startFrontDoor();
  const { invoke } = startLambda(
    `import https, { get } from 'node:https';
     const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
     const text = (open) => new Promise((resolve, reject) => {
       open((response) => { response.resume(); response.on('end', () => resolve(response.statusCode)); }).on('error', reject);
     });
     export const handler = async () => [
       await text((done) => get('https://a.amazonaws.com/one?x=1', done)),
       await text((done) => https.request({ host: 'b.us-east-1.amazonaws.com', path: '/two', agent, method: 'POST', headers: { 'x-own': 'kept' } }, done).end('body')),
       await text((done) => https.get({ host: 'b.us-east-1.amazonaws.com', path: '/three', agent }, done)),
       (await fetch('https://c.amazonaws.com/four', { method: 'PUT', body: 'put' })).status,
     ];`,
    { options: { awsEndpointUrl: () => door.url } },
  );
  expect((await invoke()).payload).toEqual([200, 200, 200, 200]);
  expect(door.seen.map(({ method, url, headers, body }) => [method, headers.host, url, body])).toEqual([
    ['GET', 'a.amazonaws.com', '/one?x=1', ''],
    ['POST', 'b.us-east-1.amazonaws.com', '/two', 'body'],
    ['GET', 'b.us-east-1.amazonaws.com', '/three', ''],
    ['PUT', 'c.amazonaws.com', '/four', 'put'],
  ]);
  expect(door.seen[1]?.connection).toBe(door.seen[2]?.connection);
});

test('every other outside host is out of reach, and this machine is not', async () => {
  const door = await startFrontDoor();
  const { invoke } = startLambda(
    `import https from 'node:https';
     import net from 'node:net';
     import tls from 'node:tls';
     const failure = (emitter) => new Promise((resolve) => emitter.on('error', ({ code, address }) => resolve([code, address])).on('connect', () => resolve('open')));
     export const handler = async (door) => [
       await failure(https.get('https://example.com/')),
       await failure(https.get('https://amazonaws.com.example.com/')),
       await failure(https.get('https://notamazonaws.com/')),
       await failure(tls.connect(443, 'example.com')),
       await failure(net.connect(80, 'ec2.amazonaws.com')),
       await failure(net.connect({ host: '169.254.169.254', port: 80 })),
       await failure(net.connect('/var/run/docker.sock')),
       await fetch('https://example.com/').catch(({ cause }) => cause.code),
       (await fetch(door)).status,
     ];`,
    { options: { awsEndpointUrl: () => door.url } },
  );
  expect((await invoke(door.url)).payload).toEqual([
    ['ENETUNREACH', 'example.com'],
    ['ENETUNREACH', 'amazonaws.com.example.com'],
    ['ENETUNREACH', 'notamazonaws.com'],
    ['ENETUNREACH', 'example.com'],
    ['ENETUNREACH', 'ec2.amazonaws.com'],
    ['ENETUNREACH', '169.254.169.254'],
    ['ENETUNREACH', '/var/run/docker.sock'],
    'ENETUNREACH',
    200,
  ]);
  expect(door.seen).toHaveLength(1);
});

test('SDK clients in a bundle reach the front door as the environment’s credentials, with the invocation’s trace', async () => {
  const door = await startFrontDoor();
  const { invoke, lambda, definition, directory, lines } = startLambda('', {
    options: { awsEndpointUrl: () => door.url },
  });
  const codeDirectory = join(directory, 'sdk');
  mkdirSync(codeDirectory);
  await build({
    stdin: { contents: sdkHandler, resolveDir: process.cwd() },
    outfile: join(codeDirectory, 'index.mjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: 'import { createRequire } from "module"; const require = createRequire(import.meta.url);' },
  });
  lambda.add({ ...definition, codeDirectory });
  const { traceId, payload, coldStart } = await invoke();
  expect(payload).toBe('JWKS does not include keys');
  expect(coldStart).toBe(true);
  const again = await invoke();

  const [getItem, post, keySet] = door.seen;
  expect(getItem?.headers).toMatchObject({
    host: new URL(door.url).host,
    'x-amz-target': 'DynamoDB_20120810.GetItem',
    'x-amz-security-token': 'token',
    'x-amzn-trace-id': traceId,
    authorization: expect.stringContaining('Credential=ASIA0/'),
  });
  expect(post).toMatchObject({
    url: '/prod/@connections/abc%3D',
    headers: { host: 'api1.execute-api.us-east-1.amazonaws.com', 'x-amzn-trace-id': traceId },
    body: 'hello',
  });
  expect(keySet).toMatchObject({
    url: '/us-east-1_pool/.well-known/jwks.json',
    headers: { host: 'cognito-idp.us-east-1.amazonaws.com' },
  });
  expect(again.traceId).not.toBe(traceId);
  const traces = door.seen.filter(({ url }) => url === '/').map(({ headers }) => headers['x-amzn-trace-id']);
  expect(traces).toEqual([traceId, again.traceId]);
  expect(lines().filter(({ message }) => /warn/i.test(message))).toEqual([]);
});

test('a trace that the invoker brings is gone on with under a parent of its own', async () => {
  const { lambda, arn } = startLambda('export const handler = async () => process.env._X_AMZN_TRACE_ID;');
  const root = 'Root=1-67891233-abcdef012345678912345678';
  const { payload, traceId } = await lambda.invoke(
    arn,
    {},
    { ...gateway, traceId: `${root};Parent=53995c3f42cd8ad8;Sampled=1` },
  );
  expect(payload).toBe(traceId);
  expect(traceId).toMatch(new RegExp(`^${root};Parent=(?!53995c3f42cd8ad8)[0-9a-f]{16};Sampled=0$`));
});

test('a connection that the front door closed during the freeze is not used again', async () => {
  const door = await startFrontDoor();
  const { invoke } = startLambda(
    `import https from 'node:https';
     const agent = new https.Agent({ keepAlive: true });
     export const handler = () => new Promise((resolve, reject) => {
       https.get({ host: 'a.amazonaws.com', agent }, (response) => { response.resume(); response.on('end', () => resolve('read')); }).on('error', reject);
     });`,
    { options: { awsEndpointUrl: () => door.url } },
  );
  for (let round = 0; round < 5; round++) {
    expect((await invoke()).payload).toBe('read');
    door.server.closeAllConnections();
  }
});

const sdkHandler = `
  import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
  import { ApiGatewayManagementApiClient, PostToConnectionCommand } from '@aws-sdk/client-apigatewaymanagementapi';
  import { CognitoJwtVerifier } from 'aws-jwt-verify';
  const dynamo = new DynamoDBClient({});
  const api = new ApiGatewayManagementApiClient({ endpoint: 'https://api1.execute-api.us-east-1.amazonaws.com/prod' });
  const verifier = CognitoJwtVerifier.create({ userPoolId: 'us-east-1_pool', tokenUse: 'access', clientId: 'client' });
  export const handler = async () => {
    await dynamo.send(new GetItemCommand({ TableName: 'one', Key: { id: { S: '1' } } }));
    await api.send(new PostToConnectionCommand({ ConnectionId: 'abc=', Data: 'hello' }));
    return verifier.hydrate().catch(({ message }) => message);
  };
`;
