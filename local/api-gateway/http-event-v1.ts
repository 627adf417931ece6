import type { IncomingMessage } from 'node:http';
import { isText, type RequestFacts } from './http-event.ts';
import { decoded } from './http-routes.ts';
import { clfTime } from './request-ids.ts';

type Values = Readonly<Record<string, readonly string[]>>;

/**
 * The event of payload format 1.0 (developer guide, "Create AWS Lambda proxy integrations for HTTP APIs"): header names as
 * they were sent, each value of a repeated header or query string in the `multiValue…` members, the last one beside them,
 * and null for what the request does not have.
 */
export function httpEventV1(
  request: IncomingMessage,
  facts: RequestFacts,
  given: {
    readonly routeKey: string;
    readonly pathParameters: Readonly<Record<string, string>>;
    readonly authorizer?: unknown;
    readonly body: Buffer;
  },
) {
  const headers = headersOf(request, facts);
  const query = queryOf(facts.rawQuery);
  const path = decoded(facts.path);
  const resource = given.routeKey.split(' ')[1] ?? given.routeKey;
  const binary = given.body.length > 0 && !isText(request.headers['content-type']);
  const hasQuery = Object.keys(query).length > 0;
  return {
    version: '1.0',
    resource,
    path,
    httpMethod: facts.method,
    headers: lastOf(headers),
    multiValueHeaders: headers,
    queryStringParameters: hasQuery ? lastOf(query) : null,
    multiValueQueryStringParameters: hasQuery ? query : null,
    requestContext: {
      accountId: facts.accountId,
      apiId: facts.api.apiId,
      ...(given.authorizer !== undefined && { authorizer: given.authorizer }),
      domainName: facts.domainName,
      domainPrefix: facts.domainName.split('.')[0],
      extendedRequestId: facts.requestId,
      httpMethod: facts.method,
      identity: { ...NOBODY, sourceIp: facts.sourceIp, userAgent: request.headers['user-agent'] ?? '' },
      path,
      protocol: `HTTP/${request.httpVersion}`,
      requestId: facts.requestId,
      requestTime: clfTime(facts.now),
      requestTimeEpoch: facts.now,
      resourceId: given.routeKey,
      resourcePath: resource,
      stage: facts.stage.name,
    },
    pathParameters: orNull(given.pathParameters),
    stageVariables: orNull(facts.stage.variables),
    body: given.body.length > 0 ? given.body.toString(binary ? 'base64' : 'utf8') : null,
    isBase64Encoded: binary,
  };
}

/** Members of `identity` that only REST APIs fill in. */
const NOBODY = {
  accessKey: null,
  accountId: null,
  caller: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  user: null,
  userArn: null,
};

const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host']);

function headersOf(request: IncomingMessage, facts: RequestFacts): Values {
  const headers: Record<string, string[]> = {};
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at] ?? '';
    if (HOP_BY_HOP.has(name.toLowerCase())) continue;
    headers[name] = [...(headers[name] ?? []), request.rawHeaders[at + 1] ?? ''];
  }
  return {
    ...headers,
    Host: [facts.domainName],
    'X-Amzn-Trace-Id': [facts.traceId],
    'X-Forwarded-For': [facts.sourceIp],
    'X-Forwarded-Port': ['443'],
    'X-Forwarded-Proto': ['https'],
  };
}

function queryOf(rawQuery: string): Values {
  const query = new URLSearchParams(rawQuery);
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name)]));
}

function lastOf(values: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, all]) => [name, all.at(-1) ?? '']));
}

function orNull<T extends object>(values: T): T | null {
  return Object.keys(values).length > 0 ? values : null;
}
