import { expect, test } from 'vitest';
import { readApis } from '../../../local/api-gateway/read-apis.ts';
import type { Resource } from '../../../local/template/resource.ts';
import { arnOf } from './start-api.ts';

const uri = `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${arnOf('fn')}/invocations`;

/** `type` without `AWS::ApiGatewayV2::`; the ref is the logical id. */
function resource(type: string, logicalId: string, properties: Record<string, unknown>): Resource {
  const full = `AWS::ApiGatewayV2::${type}`;
  return { stack: 'Stack', logicalId, type: full, properties, ref: logicalId, attributes: {} };
}

const socketApi = [
  resource('Api', 'W', {
    Name: 'W',
    ProtocolType: 'WEBSOCKET',
    RouteSelectionExpression: '$request.body.a.type',
  }),
  resource('Authorizer', 'WA', {
    ApiId: 'W',
    AuthorizerType: 'REQUEST',
    AuthorizerUri: uri,
    IdentitySource: ['route.request.header.Sec-WebSocket-Protocol', 'route.request.querystring.token'],
    Name: 'A',
  }),
  resource('Integration', 'WI', { ApiId: 'W', IntegrationType: 'AWS_PROXY', IntegrationUri: uri }),
  resource('Route', 'WC', {
    ApiId: 'W',
    RouteKey: '$connect',
    AuthorizationType: 'CUSTOM',
    AuthorizerId: 'WA',
    Target: 'integrations/WI',
  }),
  resource('Integration', 'WM', {
    ApiId: 'W',
    IntegrationType: 'MOCK',
    IntegrationUri: '',
    RequestTemplates: { '200': '{"statusCode":200}' },
    TemplateSelectionExpression: '200',
  }),
  resource('IntegrationResponse', 'WMR', {
    ApiId: 'W',
    IntegrationId: 'WM',
    IntegrationResponseKey: '$default',
    ResponseTemplates: { '200': '{"type":"pong"}' },
  }),
  resource('Route', 'WP', {
    ApiId: 'W',
    RouteKey: 'ping',
    AuthorizationType: 'NONE',
    RouteResponseSelectionExpression: '$default',
    Target: 'integrations/WM',
  }),
  resource('RouteResponse', 'WPR', { ApiId: 'W', RouteId: 'WP', RouteResponseKey: '$default' }),
  resource('Route', 'WX', {
    ApiId: 'W',
    RouteKey: 'x',
    RouteResponseSelectionExpression: '$default',
    Target: 'integrations/WI',
  }),
  resource('Stage', 'WS', {
    ApiId: 'W',
    StageName: 'prod',
    AutoDeploy: true,
    DefaultRouteSettings: { ThrottlingRateLimit: 1, ThrottlingBurstLimit: '2', LoggingLevel: 'ERROR' },
    RouteSettings: { ping: { ThrottlingRateLimit: 5 } },
    AccessLogSettings: {
      DestinationArn: 'arn:aws:logs:us-east-1:111122223333:log-group:/a/b:*',
      Format: '$context.status',
    },
  }),
];

const httpApi = [
  resource('Api', 'H', {
    ProtocolType: 'HTTP',
    CorsConfiguration: { AllowOrigins: ['https://a'], MaxAge: 60 },
  }),
  resource('Authorizer', 'HA', {
    ApiId: 'H',
    AuthorizerType: 'JWT',
    IdentitySource: ['$request.header.Authorization'],
    JwtConfiguration: { Issuer: 'https://issuer', Audience: ['a'] },
  }),
  resource('Integration', 'HI', {
    ApiId: 'H',
    IntegrationType: 'AWS_PROXY',
    IntegrationUri: arnOf('fn'),
    PayloadFormatVersion: '2.0',
    TimeoutInMillis: 5000,
  }),
  resource('Route', 'HR', {
    ApiId: 'H',
    RouteKey: 'GET /things/{id}',
    AuthorizationType: 'JWT',
    AuthorizerId: 'HA',
    AuthorizationScopes: ['x/y'],
    Target: 'integrations/HI',
  }),
  resource('Stage', 'HS', { ApiId: 'H', StageName: '$default', AutoDeploy: true }),
];

test('the resources of a template become APIs', () => {
  const other: Resource = { ...resource('Api', 'Q', {}), type: 'AWS::SQS::Queue' };
  const [socket, http, ...more] = readApis([...socketApi, other, ...httpApi]);
  expect(more).toEqual([]);
  const fn = { kind: 'function', uri, timeoutMs: 29_000 };
  expect(socket).toEqual({
    apiId: 'W',
    place: 'Stack/W',
    name: 'W',
    protocol: 'WEBSOCKET',
    routeSelection: ['a', 'type'],
    cors: undefined,
    routes: [
      {
        key: '$connect',
        integration: fn,
        authorizer: {
          kind: 'request',
          authorizerId: 'WA',
          uri,
          identitySources: [
            { in: 'header', name: 'sec-websocket-protocol' },
            { in: 'querystring', name: 'token' },
          ],
        },
        scopes: [],
        answers: false,
      },
      {
        key: 'ping',
        integration: { kind: 'mock', status: 200, response: '{"type":"pong"}' },
        authorizer: undefined,
        scopes: [],
        answers: true,
      },
      { key: 'x', integration: fn, authorizer: undefined, scopes: [], answers: false },
    ],
    stages: [
      {
        name: 'prod',
        variables: {},
        throttle: { rate: 1, burst: 2 },
        routeThrottles: { ping: { rate: 5, burst: 5000 } },
        accessLog: { group: '/a/b', format: '$context.status' },
      },
    ],
  });
  expect(http?.cors).toMatchObject({ origins: ['https://a'], maxAgeSeconds: 60, credentials: false });
  expect(http?.routes[0]).toMatchObject({
    key: 'GET /things/{id}',
    integration: { kind: 'function', uri: arnOf('fn'), timeoutMs: 5000 },
    authorizer: {
      kind: 'jwt',
      issuer: 'https://issuer',
      audiences: ['a'],
      identitySource: { in: 'header', name: 'authorization' },
    },
    scopes: ['x/y'],
  });
});

test.each<[string, string, Record<string, unknown>, string]>([
  ['an unknown property', 'WX', { RequestModels: {} }, 'Route Stack/WX: RequestModels is not supported'],
  ['an API key', 'WX', { ApiKeyRequired: true }, 'ApiKeyRequired is not supported'],
  ['an IAM route', 'WX', { AuthorizationType: 'AWS_IAM' }, 'AuthorizationType'],
  ['a target elsewhere', 'WX', { Target: 'integrations/HI' }, 'Target integrations/HI names no integration'],
  [
    'an authorizer on a message route',
    'WX',
    { AuthorizationType: 'CUSTOM', AuthorizerId: 'WA' },
    'on the $connect route only',
  ],
  ['an API elsewhere', 'WX', { ApiId: 'Z' }, 'ApiId Z names no API'],
  [
    'a header as route selection',
    'W',
    { RouteSelectionExpression: '$request.header.x' },
    'only $request.body.<path>',
  ],
  [
    'a queue as integration',
    'HI',
    { IntegrationSubtype: 'SQS-SendMessage' },
    'IntegrationSubtype is not supported',
  ],
  ['an HTTP integration', 'HI', { IntegrationUri: 'https://example.com' }, 'is not a Lambda function'],
  [
    'a payload format that does not exist',
    'HI',
    { PayloadFormatVersion: '3.0' },
    'PayloadFormatVersion 3.0 is not supported',
  ],
  ['a longer wait than 29 s', 'WI', { TimeoutInMillis: 29_001 }, 'TimeoutInMillis 29001'],
  [
    'a cached authorizer',
    'WA',
    { AuthorizerResultTtlInSeconds: 300 },
    'AuthorizerResultTtlInSeconds is not supported',
  ],
  [
    'an 11th scope',
    'HR',
    { AuthorizationScopes: Array(11).fill('x/y') },
    'AuthorizationScopes holds more than 10',
  ],
  [
    'a 51st audience',
    'HA',
    { JwtConfiguration: { Issuer: 'https://issuer', Audience: Array(51).fill('a') } },
    'JwtConfiguration.Audience holds more than 50',
  ],
  [
    'a log line of 3 KB and a byte',
    'WS',
    { AccessLogSettings: { DestinationArn: 'a:log-group:b', Format: 'x'.repeat(3073) } },
    'AccessLogSettings.Format is longer than 3 KB',
  ],
  [
    'a template of 300 KB and a byte',
    'WMR',
    { ResponseTemplates: { a: 'x'.repeat(307_201) } },
    'longer than 300 KB',
  ],
  ['a mock with Velocity', 'WMR', { ResponseTemplates: { a: '#set($x = 1)' } }, 'Velocity'],
  ['a stage that serves nothing', 'WS', { AutoDeploy: false }, 'neither AutoDeploy nor DeploymentId'],
  ['a client certificate', 'WS', { ClientCertificateId: 'c' }, 'ClientCertificateId is not supported'],
  [
    'a nested unknown',
    'WS',
    { DefaultRouteSettings: { Odd: 1 } },
    'DefaultRouteSettings.Odd is not supported',
  ],
  [
    'credentials for any origin',
    'H',
    { CorsConfiguration: { AllowOrigins: ['*'], AllowCredentials: true } },
    'AllowCredentials',
  ],
])('%s is refused by name', (_, logicalId, change, message) => {
  const changed = [...socketApi, ...httpApi].map((one) =>
    one.logicalId === logicalId ? { ...one, properties: { ...one.properties, ...change } } : one,
  );
  expect(() => readApis(changed)).toThrow(message);
});
