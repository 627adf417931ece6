import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Functions } from '../lambda/invoke.ts';
import type { LogSink } from './access-log.ts';
import type { ApiDefinition, RouteDefinition, StageDefinition } from './definition.ts';
import { askAuthorizer } from './request-authorizer.ts';
import { isUrlTooLong } from './request-head.ts';
import { gatewayId } from './request-ids.ts';
import { sourceIpOf } from './source-ip.ts';
import type { StageThrottle } from './throttle.ts';
import type { TrafficMeter, TrafficRecord } from './traffic.ts';
import { authorizerEvent, connectEvent, handshakeHeaders, type SocketFacts } from './web-socket-events.ts';
import { Exchange } from './web-socket-exchange.ts';
import { runIntegration } from './web-socket-integration.ts';

export type Handshake =
  | { readonly accepted: true; readonly facts: SocketFacts; readonly subprotocol: string | undefined }
  | { readonly accepted: false; readonly status: number; readonly body: string };

interface Run extends WebSocketApiSettings {
  readonly throttles: ReadonlyMap<string, StageThrottle>;
  readonly meter: TrafficMeter;
}

/**
 * Decides a WebSocket handshake: the `$connect` authorizer, then the `$connect` integration, whose 2xx accepts, whose
 * other status goes to the client, and whose `Sec-WebSocket-Protocol` header chooses the subprotocol (developer guide,
 * "Manage connected users and client apps: $connect and $disconnect routes").
 */
export async function shakeHands(request: IncomingMessage, run: Run): Promise<Handshake> {
  const url = urlOf(request);
  const stage = run.definition.stages.find(({ name }) => url?.pathname.replace(/\/$/, '') === `/${name}`);
  if (!url || !stage) return refused(403, '{"message":"Forbidden"}');
  if (!isWebSocketRequest(request)) return refused(400, '{"message":"Bad Request"}');
  if (isUrlTooLong(domainOf(run), request.url ?? '')) return refused(414, '{"message":"URI Too Long"}');
  return connect(request, { run, stage, query: url.searchParams });
}

function domainOf({ definition, account }: Run): string {
  return `${definition.apiId}.execute-api.${account.region}.${account.urlSuffix}`;
}

interface Connect {
  readonly run: Run;
  readonly stage: StageDefinition;
  readonly query: URLSearchParams;
}

async function connect(request: IncomingMessage, { run, stage, query }: Connect): Promise<Handshake> {
  const api = run.definition;
  let facts: SocketFacts = {
    api,
    stage,
    connectionId: gatewayId(),
    connectedAt: run.clock.now(),
    domainName: domainOf(run),
    sourceIp: sourceIpOf(request),
    userAgent: request.headers['user-agent'],
  };
  const exchange = new Exchange(facts, 'CONNECT', '$connect', run);
  const headers = handshakeHeaders(request, facts, exchange.traceId);
  const end = (status: number, functionArn?: string, error?: { message: string; reason: string }) => {
    run.meter.request(0, 0);
    exchange.end({ status, functionArn, bytesIn: 0, bytesOut: 0, billedFrames: 0, error }, facts);
  };
  const refuse = (status: number, message: string, reason: string, functionArn?: string) => {
    end(status, functionArn, { message, reason });
    return refused(status, exchange.errorBody(message));
  };

  const route: RouteDefinition | undefined = api.routes.find(({ key }) => key === '$connect');
  if (!run.throttles.get(stage.name)?.admits('$connect')) {
    return refuse(429, 'Too Many Requests', 'above the rate and burst limit of the route');
  }
  if (route?.authorizer?.kind === 'request') {
    const methodArn = exchange.arnOf(`${stage.name}/$connect`);
    const decision = await askAuthorizer(route.authorizer, {
      ...run,
      sourceArn: exchange.arnOf(`authorizers/${route.authorizer.authorizerId}`),
      methodArn,
      traceId: exchange.traceId,
      sourceIp: facts.sourceIp,
      header: (name) => request.headers[name]?.toString(),
      query,
      event: () => authorizerEvent(facts, exchange, { methodArn, headers, query }),
    });
    if (!decision.allowed) return refuse(decision.status, decision.message, decision.error);
    facts = { ...facts, authorizer: decision.authorizer };
  }
  if (!route) {
    end(200);
    return { accepted: true, facts, subprotocol: undefined };
  }

  const event = connectEvent(facts, exchange, headers, query);
  const result = await runIntegration(route, { ...run, ...exchange.invocation(), event });
  const { functionArn } = result;
  if (result.kind === 'error') return refuse(result.status, result.message, result.reason, functionArn);
  end(result.status, functionArn);
  if (result.status < 200 || result.status > 299) return refused(result.status, result.body ?? '');
  return { accepted: true, facts, subprotocol: protocolIn(result.headers) };
}

/** Answers a handshake that is not accepted, `now` in milliseconds since the epoch, and ends the connection. */
export function refuseHandshake(
  socket: Duplex,
  { status, body }: Extract<Handshake, { accepted: false }>,
  now: number,
): void {
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`,
      `Date: ${new Date(now).toUTCString()}`,
      'Connection: close',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}

function refused(status: number, body: string): Handshake {
  return { accepted: false, status, body };
}

function urlOf(request: IncomingMessage): URL | undefined {
  return URL.canParse(request.url ?? '', 'ws://local') ? new URL(request.url ?? '', 'ws://local') : undefined;
}

/** What RFC 6455, section 4.2.1, asks of a handshake; looked at before any function runs for it. */
function isWebSocketRequest({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['sec-websocket-version'] === '13' &&
    /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')
  );
}

/** A header value that could end the header is dropped. */
function protocolIn(headers: Readonly<Record<string, string>>): string | undefined {
  const chosen = headers['sec-websocket-protocol'];
  return chosen && /^[\x21-\x7e]+$/.test(chosen) ? chosen : undefined;
}

/** What a WebSocket API stands on: its template, and the run around it. */
export interface WebSocketApiSettings {
  readonly definition: ApiDefinition;
  readonly account: Account;
  readonly clock: Clock;
  readonly functions: Functions;
  readonly logs: LogSink;
  /** Told of every connect, frame and disconnect once it has been dealt with. */
  readonly onFrame?: (record: TrafficRecord) => void;
}
