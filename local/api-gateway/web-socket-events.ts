import type { IncomingMessage } from 'node:http';
import type { ApiDefinition, StageDefinition } from './definition.ts';
import { clfTime } from './request-ids.ts';

/** What stays the same over a socket's life. */
export interface SocketFacts {
  readonly api: ApiDefinition;
  readonly stage: StageDefinition;
  readonly connectionId: string;
  readonly connectedAt: number;
  readonly domainName: string;
  readonly sourceIp: string;
  readonly userAgent: string | undefined;
  /** `principalId` and the stringified `context` of the authorizer, where `$connect` has one. */
  readonly authorizer?: Readonly<Record<string, string>>;
}

/** What one event has of its own. */
export interface EventFacts {
  readonly routeKey: string;
  readonly requestId: string;
  readonly now: number;
}

interface Headers {
  readonly headers: Readonly<Record<string, string>>;
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>;
}

/** The headers of a WebSocket handshake as a function sees them behind API Gateway's own front. */
export function handshakeHeaders(request: IncomingMessage, socket: SocketFacts, traceId: string): Headers {
  const multi = new Map<string, string[]>();
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at] ?? '';
    if (NOT_PASSED.has(name.toLowerCase())) continue;
    multi.set(name, [...(multi.get(name) ?? []), request.rawHeaders[at + 1] ?? '']);
  }
  multi.set('Host', [socket.domainName]);
  multi.set('X-Amzn-Trace-Id', [traceId]);
  multi.set('X-Forwarded-For', [socket.sourceIp]);
  multi.set('X-Forwarded-Port', ['443']);
  multi.set('X-Forwarded-Proto', ['https']);
  const multiValueHeaders = Object.fromEntries(multi);
  const headers = Object.fromEntries(
    Object.entries(multiValueHeaders).map(([name, values]) => [name, values.at(-1) ?? '']),
  );
  return { headers, multiValueHeaders };
}

/** Hop-by-hop headers, and those that the front sets itself. */
const NOT_PASSED = new Set([
  'connection',
  'upgrade',
  'host',
  'x-amzn-trace-id',
  'x-forwarded-for',
  'x-forwarded-port',
  'x-forwarded-proto',
]);

/** The query of a handshake as proxy integrations get it: absent where there is none. */
function queryOf(query: URLSearchParams): Readonly<Record<string, unknown>> {
  if (query.size === 0) return {};
  const names = [...new Set(query.keys())];
  return {
    queryStringParameters: Object.fromEntries(names.map((name) => [name, query.getAll(name).at(-1)])),
    multiValueQueryStringParameters: Object.fromEntries(names.map((name) => [name, query.getAll(name)])),
  };
}

/**
 * The `$connect` event of a Lambda proxy integration, in the shape of the developer guide's "Manage connected users and
 * client apps" and of AWS's own sample events.
 */
export function connectEvent(
  socket: SocketFacts,
  event: EventFacts,
  headers: Headers,
  query: URLSearchParams,
) {
  return {
    ...headers,
    ...queryOf(query),
    ...variablesOf(socket),
    requestContext: requestContext(socket, event, 'CONNECT'),
    isBase64Encoded: false,
  };
}

/** The event of one message; API Gateway passes no headers with it. */
export function messageEvent(socket: SocketFacts, event: EventFacts & { messageId: string }, body: string) {
  return {
    ...variablesOf(socket),
    requestContext: { ...requestContext(socket, event, 'MESSAGE'), messageId: event.messageId },
    body,
    isBase64Encoded: false,
  };
}

/** The `$disconnect` event, with the four headers that AWS's own sample of it shows. */
export function disconnectEvent(
  socket: SocketFacts,
  event: EventFacts,
  close: { code: number; reason: string },
) {
  const headers = { Host: socket.domainName, 'x-api-key': '', 'X-Forwarded-For': '', 'x-restapi': '' };
  return {
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    ...variablesOf(socket),
    requestContext: {
      ...requestContext(socket, event, 'DISCONNECT'),
      disconnectStatusCode: close.code,
      disconnectReason: close.reason,
    },
    isBase64Encoded: false,
  };
}

/** The event of a REQUEST authorizer (developer guide, "Control access to WebSocket APIs with Lambda authorizers"). */
export function authorizerEvent(
  socket: SocketFacts,
  event: EventFacts,
  given: { readonly methodArn: string; readonly headers: Headers; readonly query: URLSearchParams },
) {
  return {
    type: 'REQUEST',
    methodArn: given.methodArn,
    ...given.headers,
    queryStringParameters: {},
    multiValueQueryStringParameters: {},
    ...queryOf(given.query),
    stageVariables: socket.stage.variables,
    requestContext: requestContext(socket, event, 'CONNECT'),
  };
}

/** `requestContext`, also the source of the access log's variables. */
export function requestContext(
  socket: SocketFacts,
  event: EventFacts,
  eventType: 'CONNECT' | 'MESSAGE' | 'DISCONNECT',
) {
  return {
    routeKey: event.routeKey,
    ...(socket.authorizer ? { authorizer: socket.authorizer } : {}),
    eventType,
    extendedRequestId: event.requestId,
    requestTime: clfTime(event.now),
    messageDirection: 'IN',
    stage: socket.stage.name,
    connectedAt: socket.connectedAt,
    requestTimeEpoch: event.now,
    identity: {
      ...(socket.userAgent === undefined ? {} : { userAgent: socket.userAgent }),
      sourceIp: socket.sourceIp,
    },
    requestId: event.requestId,
    domainName: socket.domainName,
    connectionId: socket.connectionId,
    apiId: socket.api.apiId,
  };
}

function variablesOf(socket: SocketFacts) {
  return Object.keys(socket.stage.variables).length > 0 ? { stageVariables: socket.stage.variables } : {};
}
