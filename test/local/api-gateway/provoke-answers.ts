import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { expect } from 'vitest';
import { localAccount } from '../../../local/account.ts';
import type {
  CorsDefinition,
  JwtAuthorizer,
  RequestAuthorizer,
} from '../../../local/api-gateway/definition.ts';
import { ExecuteApiService } from '../../../local/api-gateway/execute-api-service.ts';
import { replyWithError } from '../../../local/front-door/reply.ts';
import { AwsError } from '../../../local/front-door/service.ts';
import { InvokeRefused } from '../../../local/lambda/invoke.ts';
import {
  answerOf,
  arnOf,
  FunctionError,
  route,
  stage,
  startHttpApi,
  startWebSocketApi,
} from './start-api.ts';

/** What came back; a frame of a socket has neither status nor headers. */
export interface Answered {
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** One answer of API Gateway's own, and how sure it is that AWS gives it. Ids stand as `<id>` in `text`. */
export interface Row extends Answered {
  readonly what: string;
  /** `guide:` AWS's documentation says it; `seen:` people showed what AWS answered them; `guess:` neither. */
  readonly source: `${'guide' | 'seen' | 'guess'}: ${string}`;
  readonly provoke: () => Promise<Answered>;
}

export const JSON_TYPE = { 'content-type': 'application/json' };
export const quota = 'quotas for configuring and running';

type Run = (event: { readonly headers: Record<string, string> }) => unknown;
type Api = Awaited<ReturnType<typeof startHttpApi>> | Awaited<ReturnType<typeof startWebSocketApi>>;

export const never = () => new Promise(() => {});
export const forbid = () => {
  throw new InvokeRefused('arn', { service: 's', sourceArn: 'a' });
};
export const raise = (message: string) => () => {
  throw new FunctionError(message);
};

const ok = () => ({ statusCode: 200, body: 'ok' });
const THROTTLE = { rate: 1, burst: 0 };

export const cors: CorsDefinition = {
  origins: ['https://a.example'],
  methods: ['GET', 'POST'],
  headers: ['authorization'],
  exposed: [],
  maxAgeSeconds: 300,
  credentials: true,
};

/** Asks an HTTP API with the one route `ANY /`, and turns its clock by `turn` ms once the function has been asked. */
export async function http(
  given: { fn?: () => unknown; throttled?: boolean; cors?: CorsDefinition; body?: Buffer; turn?: number },
  options: RequestOptions = {},
): Promise<Answered> {
  const routes = [route('ANY /', 'fn')];
  const stages = [stage({ name: '$default', throttle: given.throttled ? THROTTLE : undefined })];
  const api = await startHttpApi({ routes, stages, cors: given.cors }, { fn: given.fn ?? ok });
  const answer = ask(api.url, options, given.body);
  await turnWhenCalled(api, 'fn', given.turn);
  return answer;
}

/** Options of a request whose line and header values are of so many bytes together. */
export function headOf(bytes: number): RequestOptions {
  const line = 'GET / HTTP/1.1';
  const host = 'localhost';
  const connection = 'close';
  const filler = 'x'.repeat(bytes - line.length - host.length - connection.length);
  return { headers: { host, connection, 'a-header-name-that-does-not-count': filler } };
}

export function preflight(origin: string): RequestOptions {
  return { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'GET' } };
}

const ISSUER = 'https://issuer.example/pool';
const jwtAuthorizer: JwtAuthorizer = {
  kind: 'jwt',
  authorizerId: 'jwt001',
  issuer: ISSUER,
  audiences: ['client-1'],
  identitySource: { in: 'header', name: 'authorization' },
};

/** Asks a route behind a JWT authorizer with a good token but for the claims given, or with that text for a token. */
export async function withToken(
  token: JWTPayload | string,
  { scopes = [], issuerIsAway = false }: { scopes?: string[]; issuerIsAway?: boolean } = {},
): Promise<Answered> {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true });
  const routes = [route('ANY /', 'fn', { authorizer: jwtAuthorizer, scopes })];
  const api = await startHttpApi({ routes }, { fn: ok }, async () => {
    if (issuerIsAway) throw new Error('connect ECONNREFUSED');
    return { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256' }] };
  });
  const now = Math.floor(api.clock.now() / 1000);
  const claims = (more: JWTPayload) => ({ iss: ISSUER, client_id: 'client-1', exp: now + 60, ...more });
  const sign = (more: JWTPayload) =>
    new SignJWT(claims(more)).setProtectedHeader({ alg: 'RS256', kid: 'k1' }).sign(privateKey);
  const authorization = typeof token === 'string' ? token : `Bearer ${await sign(token)}`;
  return ask(api.url, authorization ? { headers: { authorization } } : {});
}

/** The first frame that answers a message of the type `key`, of which a WebSocket API without `$default` knows `known`. */
export async function frame(given: { fn?: () => unknown; key?: string; throttled?: boolean; turn?: number }) {
  const api = await startWebSocketApi(
    [route('known', 'fn')],
    { fn: given.fn ?? ok },
    given.throttled ? { routeThrottles: { known: THROTTLE } } : {},
  );
  const { client, texts } = await api.connect();
  client.send(JSON.stringify({ type: given.key ?? 'known' }));
  await turnWhenCalled(api, 'fn', given.turn);
  await expect.poll(() => texts.length).toBe(1);
  const { connectionId, requestId } = api.records.at(-1) ?? {};
  expect(JSON.parse(texts[0] ?? '')).toMatchObject({ connectionId, requestId });
  expect(client.readyState).toBe(client.OPEN);
  return { text: texts[0] ?? '' };
}

const requestAuthorizer: RequestAuthorizer = {
  kind: 'request',
  authorizerId: 'auth01',
  uri: arnOf('authorize'),
  identitySources: [{ in: 'header', name: 'sec-websocket-protocol' }],
};

/** An authorizer that answers this one statement. */
export function policy(statement: object): Run {
  return () => ({
    principalId: 'p-1',
    policyDocument: { Version: '2012-10-17', Statement: [statement] },
  });
}

/** The answer to a handshake that a WebSocket API refuses. */
export async function handshake(given: {
  path?: string;
  protocols?: string[];
  authorize?: Run;
  connect?: Run;
  throttled?: boolean;
  turn?: number;
}): Promise<Answered> {
  const authorize = given.authorize ?? policy({ Effect: 'Allow', Action: '*', Resource: '*' });
  const connect = given.connect ?? ok;
  const api = await startWebSocketApi(
    [route('$connect', 'connect', { authorizer: requestAuthorizer })],
    { authorize, connect },
    given.throttled ? { throttle: THROTTLE } : {},
  );
  const { refused } = api.dial({ path: given.path ?? '/prod', protocols: given.protocols ?? ['bearer.x'] });
  await turnWhenCalled(api, 'connect', given.turn);
  return refused;
}

/** A path that makes the URL of the API's own name so many characters long. */
export function urlOf(length: number): string {
  const path = '/prod?x=';
  return path + 'x'.repeat(length - `wss://abcdef1234.execute-api.us-east-1.amazonaws.com${path}`.length);
}

/** What the front door answers to a post to a connection, as it goes over the wire. */
export async function connections(given: { id?: string; stage?: string; bytes?: number }): Promise<Answered> {
  const api = await startWebSocketApi([route('$connect', 'connect')], { connect: ok });
  await api.connect();
  const service = new ExecuteApiService({ account: localAccount, apis: [api.api] });
  const id = given.id ?? api.of('connect')[0]?.event.requestContext.connectionId;
  const path = `/${given.stage ?? 'prod'}/@connections/${id}`;
  const refused = await service
    .handle({
      service: 'execute-api',
      operation: 'PostToConnection',
      input: {},
      method: 'POST',
      path,
      query: new URLSearchParams(),
      headers: { host: 'abcdef1234.execute-api.us-east-1.amazonaws.com' },
      body: Buffer.alloc(given.bytes ?? 1, 'x'),
      requestId: 'AAAAAAAAAAAAAAA=',
      sourceIp: '127.0.0.1',
    })
    .catch((error: unknown) => error);
  if (!(refused instanceof AwsError)) throw new Error(`the post to ${path} was not refused`);
  const { status, headers, body } = replyWithError(refused, service);
  return { status, headers, text: body.toString() };
}

async function ask(url: string, options: RequestOptions, body?: Buffer): Promise<Answered> {
  const asked = request(url, { agent: false, ...options });
  asked.on('error', () => {}); // the rest of a body that is too long
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return answerOf(response);
}

/** Turns the clock to the very end of the function's time: nothing may have ended before, and nothing may end later. */
async function turnWhenCalled(api: Api, name: string, milliseconds: number | undefined): Promise<void> {
  if (milliseconds === undefined) return;
  await expect.poll(() => api.of(name).length).toBe(1);
  const ended = api.records.length;
  api.clock.advance(milliseconds - 500);
  await new Promise((resolve) => setImmediate(resolve));
  expect(api.records.length).toBe(ended);
  api.clock.advance(500);
  api.clock.stop();
}
