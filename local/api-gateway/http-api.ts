import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Account, arn } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Functions } from '../lambda/invoke.ts';
import type { LogSink } from './access-log.ts';
import { callFunction } from './call-function.ts';
import { isPreflight, preflightHeaders, withCors } from './cors.ts';
import type { ApiDefinition, RouteDefinition } from './definition.ts';
import { gatewayAnswer, type HttpAnswer, readAnswer, readAnswerV1 } from './http-answer.ts';
import { httpEvent, type RequestFacts } from './http-event.ts';
import { httpEventV1 } from './http-event-v1.ts';
import { type HttpOutcome, recordRequest } from './http-record.ts';
import { matchRoute, type RouteMatch } from './http-routes.ts';
import { checkJwt, type IssuerKeys } from './jwt-authorizer.ts';
import { isHeadTooLong, READ_HEAD } from './request-head.ts';
import { gatewayId, mintTraceId } from './request-ids.ts';
import { sourceIpOf } from './source-ip.ts';
import { StageThrottle } from './throttle.ts';
import { type TrafficCounters, TrafficMeter, type TrafficRecord } from './traffic.ts';

export interface HttpApiSettings {
  readonly definition: ApiDefinition;
  readonly account: Account;
  readonly clock: Clock;
  readonly functions: Functions;
  readonly issuerKeys: IssuerKeys;
  readonly logs: LogSink;
  /** Told of every request once it has been answered. */
  readonly onRequest?: (record: TrafficRecord) => void;
}

/** "Payload size", in the quotas "for configuring and running an HTTP API". */
const LONGEST_BODY = 10 * 1024 * 1024;

/** An HTTP API of API Gateway on a local port: the `$default` stage at `/`, any other at `/<stage>`. */
export class HttpApi {
  readonly definition: ApiDefinition;
  private readonly settings: HttpApiSettings;
  private readonly meter = new TrafficMeter();
  private readonly throttles: ReadonlyMap<string, StageThrottle>;
  private readonly server: Server;

  constructor(settings: HttpApiSettings) {
    this.settings = settings;
    this.definition = settings.definition;
    this.throttles = new Map(
      settings.definition.stages.map((stage) => [stage.name, new StageThrottle(stage, settings.clock)]),
    );
    this.server = createServer({ maxHeaderSize: READ_HEAD }, (request, response) => {
      request.on('error', () => response.destroy());
      void this.serve(request, response);
    });
  }

  /** Serves on `port` (0 takes a free one). */
  async listen(port: number): Promise<{ url: string }> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, '127.0.0.1', resolve);
    });
    return { url: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}` };
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  counters(): TrafficCounters {
    return this.meter.counters();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    if (body === 'aborted') return;
    const staged = this.stageOf(request);
    const outcome = await this.answer(request, staged, body);
    const bytesIn = body === 'too-large' ? 0 : body.length;
    this.meter.request(bytesIn, outcome.answer.body.length);
    const requestId = staged?.facts.requestId ?? gatewayId();
    send(response, outcome.answer, { requestId, now: this.settings.clock.now() });
    if (staged) recordRequest(request, staged.facts, { ...outcome, bytesIn }, this.settings);
  }

  private async answer(
    request: IncomingMessage,
    staged: StagedRequest | undefined,
    body: Buffer | 'too-large',
  ): Promise<HttpOutcome> {
    const { cors } = this.definition;
    const { origin } = request.headers;
    if (staged && cors && isPreflight(staged.facts.method, request.headers)) {
      const headers = preflightHeaders(cors, origin);
      return { answer: { status: 204, headers, cookies: [], body: Buffer.alloc(0) } };
    }
    let outcome: HttpOutcome = { answer: gatewayAnswer(404, 'Not Found') };
    if (isHeadTooLong(request)) outcome = { answer: gatewayAnswer(431, 'Request Header Fields Too Large') };
    else if (body === 'too-large')
      outcome = { answer: gatewayAnswer(413, 'Request Entity Too Large', CLOSE) };
    else if (staged) outcome = await this.route(request, staged.facts, { path: staged.rest, body });
    const headers = withCors(cors, origin, outcome.answer.headers);
    return { ...outcome, answer: { ...outcome.answer, headers } };
  }

  /** A named stage where the path begins with its name, else `$default`. */
  private stageOf(request: IncomingMessage): StagedRequest | undefined {
    const [path = '/', ...query] = (request.url ?? '/').split('?');
    const { stages, apiId } = this.definition;
    const named = stages.find(({ name }) => path === `/${name}` || path.startsWith(`/${name}/`));
    const stage = named ?? stages.find(({ name }) => name === '$default');
    if (!stage) return undefined;

    const now = this.settings.clock.now();
    const { accountId, region, urlSuffix } = this.settings.account;
    const facts = {
      api: this.definition,
      stage,
      requestId: gatewayId(),
      traceId: mintTraceId(now),
      now,
      accountId,
      domainName: `${apiId}.execute-api.${region}.${urlSuffix}`,
      sourceIp: sourceIpOf(request),
      method: request.method ?? 'GET',
      path,
      rawQuery: query.join('?'),
    };
    return { facts, rest: named ? path.slice(named.name.length + 1) || '/' : path };
  }

  private async route(
    request: IncomingMessage,
    facts: RequestFacts,
    { path, body }: { readonly path: string; readonly body: Buffer },
  ): Promise<HttpOutcome> {
    const match = matchRoute(this.definition.routes, facts.method, path);
    if (!match) return { answer: gatewayAnswer(404, 'Not Found') };
    const { route } = match;
    if (!this.throttles.get(facts.stage.name)?.admits(route.key)) {
      return { answer: gatewayAnswer(429, 'Too Many Requests'), route };
    }
    if (route.authorizer?.kind !== 'jwt') return this.integrate(request, facts, { match, body });

    const source = route.authorizer.identitySource;
    const decision = await checkJwt(route.authorizer, {
      token:
        source.in === 'header'
          ? request.headers[source.name]?.toString()
          : (new URLSearchParams(facts.rawQuery).get(source.name) ?? undefined),
      routeScopes: route.scopes,
      issuerKeys: this.settings.issuerKeys,
      now: facts.now,
    });
    if (!decision.allowed) {
      const message = decision.status === 401 ? 'Unauthorized' : 'Forbidden';
      // AWS's published answer of this authorizer has no content-type, unlike every other of its errors
      const headers = { 'www-authenticate': decision.challenge };
      return {
        answer: { ...gatewayAnswer(decision.status, message), headers },
        route,
        authorizerError: decision.error,
      };
    }
    const { claims, scopes } = decision;
    return this.integrate(request, facts, { match, body, claims, authorizer: { jwt: { claims, scopes } } });
  }

  private async integrate(
    request: IncomingMessage,
    facts: RequestFacts,
    given: {
      readonly match: RouteMatch;
      readonly body: Buffer;
      readonly authorizer?: unknown;
      readonly claims?: Readonly<Record<string, string>>;
    },
  ): Promise<HttpOutcome> {
    const { route, pathParameters } = given.match;
    const { integration } = route;
    if (integration?.kind !== 'function')
      return { answer: gatewayAnswer(500, 'Internal Server Error'), route };
    const isOld = integration.format === '1.0';
    const authorizer = isOld ? given.claims && { claims: given.claims, scopes: null } : given.authorizer;
    const asked = { ...given, authorizer, routeKey: route.key, pathParameters };
    const outcome = await callFunction({
      ...this.settings,
      uri: integration.uri,
      event: isOld ? httpEventV1(request, facts, asked) : httpEvent(request, facts, asked),
      sourceArn: this.sourceArn(facts, route),
      traceId: facts.traceId,
      timeoutMs: integration.timeoutMs,
    });
    const called = { route, claims: given.claims, functionUri: integration.uri };
    if (outcome.kind === 'timed-out') {
      return {
        ...called,
        answer: gatewayAnswer(503, 'Service Unavailable'),
        integrationError: outcome.reason,
      };
    }
    const read = isOld ? readAnswerV1 : readAnswer;
    const answer = outcome.kind === 'answered' ? read(outcome.payload) : undefined;
    if (answer) return { ...called, answer };
    const integrationError = outcome.kind === 'answered' ? 'malformed Lambda proxy response' : outcome.reason;
    return { ...called, answer: gatewayAnswer(500, 'Internal Server Error'), integrationError };
  }

  /** `…:<api>/<stage>/<METHOD>/<path of the route>`; for the catch-all route `…:<api>/<stage>/$default`. */
  private sourceArn(facts: RequestFacts, route: RouteDefinition): string {
    const [, path] = route.key.split(' ');
    const resource = path === undefined ? route.key : `${facts.method}${path}`;
    return arn(this.settings.account, 'execute-api', `${facts.api.apiId}/${facts.stage.name}/${resource}`);
  }
}

/** A request with its stage found; `rest` is the path that routes are matched with. */
interface StagedRequest {
  readonly facts: RequestFacts;
  readonly rest: string;
}

const CLOSE = { connection: 'close' };

/** The whole body; above the limit no more of it is kept. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | 'too-large' | 'aborted'> {
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve) => {
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > LONGEST_BODY) resolve('too-large');
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('close', () => resolve('aborted'));
  });
}

function send(
  response: ServerResponse,
  answer: HttpAnswer,
  { requestId, now }: { readonly requestId: string; readonly now: number },
): void {
  if (response.destroyed) return;
  response.writeHead(answer.status, {
    date: new Date(now).toUTCString(), // else Node.js tells the host's
    ...answer.headers,
    ...(answer.cookies.length > 0 && { 'set-cookie': [...answer.cookies] }),
    ...(answer.status !== 204 && { 'content-length': answer.body.length }),
    'apigw-requestid': requestId,
  });
  response.end(answer.body);
}
