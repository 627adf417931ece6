import type { IncomingMessage } from 'node:http';
import type { ApiDefinition, StageDefinition } from './definition.ts';
import { decoded } from './http-routes.ts';
import { clfTime } from './request-ids.ts';

/** What an HTTP API knows of a request. */
export interface RequestFacts {
  readonly api: ApiDefinition;
  readonly stage: StageDefinition;
  readonly requestId: string;
  readonly traceId: string;
  readonly now: number;
  readonly accountId: string;
  readonly domainName: string;
  readonly sourceIp: string;
  readonly method: string;
  /** As it stands in the request, the stage's name included. */
  readonly path: string;
  readonly rawQuery: string;
}

/**
 * The event of payload format 2.0 (developer guide, "Create AWS Lambda proxy integrations for HTTP APIs"). Header names
 * are lower case, repeated headers and query strings are joined by commas, cookies stand apart, and a body whose type
 * is no text is base64.
 */
export function httpEvent(
  request: IncomingMessage,
  facts: RequestFacts,
  given: {
    readonly routeKey: string;
    readonly pathParameters: Readonly<Record<string, string>>;
    readonly authorizer?: unknown;
    readonly body: Buffer;
  },
) {
  const { cookie, ...headers } = headersOf(request, facts);
  const query = queryOf(facts.rawQuery);
  const path = decoded(facts.path);
  const binary = given.body.length > 0 && !isText(headers['content-type']);
  return {
    version: '2.0',
    routeKey: given.routeKey,
    rawPath: path,
    rawQueryString: facts.rawQuery,
    ...(cookie && { cookies: cookie.split(/;\s*/) }),
    headers,
    ...(Object.keys(query).length > 0 && { queryStringParameters: query }),
    requestContext: {
      accountId: facts.accountId,
      apiId: facts.api.apiId,
      ...(given.authorizer !== undefined && { authorizer: given.authorizer }),
      domainName: facts.domainName,
      domainPrefix: facts.domainName.split('.')[0],
      http: {
        method: facts.method,
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: facts.sourceIp,
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: facts.requestId,
      routeKey: given.routeKey,
      stage: facts.stage.name,
      time: clfTime(facts.now),
      timeEpoch: facts.now,
    },
    ...(Object.keys(given.pathParameters).length > 0 && { pathParameters: given.pathParameters }),
    ...(Object.keys(facts.stage.variables).length > 0 && { stageVariables: facts.stage.variables }),
    ...(given.body.length > 0 && { body: given.body.toString(binary ? 'base64' : 'utf8') }),
    isBase64Encoded: binary,
  };
}

function headersOf(request: IncomingMessage, facts: RequestFacts): Record<string, string> {
  const joined = new Map<string, string>();
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    const name = (request.rawHeaders[at] ?? '').toLowerCase();
    const value = request.rawHeaders[at + 1] ?? '';
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ','}${value}`);
  }
  for (const name of ['connection', 'keep-alive', 'transfer-encoding', 'upgrade']) joined.delete(name);
  joined.set('host', facts.domainName);
  joined.set('x-amzn-trace-id', facts.traceId);
  joined.set('x-forwarded-for', facts.sourceIp);
  joined.set('x-forwarded-port', '443');
  joined.set('x-forwarded-proto', 'https');
  return Object.fromEntries(joined);
}

function queryOf(rawQuery: string): Record<string, string> {
  const query = new URLSearchParams(rawQuery);
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name).join(',')]));
}

/** Whether a body of this type stands in an event as it is. */
export function isText(contentType: string | undefined): boolean {
  return /^(?:text\/|application\/(?:[\w.+-]+\+)?(?:json|xml|javascript)\b)/i.test(contentType ?? '');
}
