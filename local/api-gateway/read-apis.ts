import type { Resource } from '../template/resource.ts';
import type {
  ApiDefinition,
  AuthorizerDefinition,
  CorsDefinition,
  IntegrationDefinition,
  RouteDefinition,
  StageDefinition,
  Throttle,
} from './definition.ts';
import { type GatewayType, propertiesOf, shapes, unsupported } from './properties.ts';
import { readAuthorizer } from './read-authorizer.ts';
import { readIntegration } from './read-integration.ts';

/**
 * Joins the AWS::ApiGatewayV2 resources of a template into APIs. Throws with the resource and the property where one
 * would change behaviour and is not supported.
 */
export function readApis(resources: readonly Resource[]): ApiDefinition[] {
  const gateway = resources.filter(({ type }) => type in shapes);
  const apis = ofType(gateway, 'AWS::ApiGatewayV2::Api');
  const known = new Set(apis.map(({ ref }) => ref));
  for (const resource of gateway) {
    const { ApiId: apiId } = resource.properties;
    if (resource.type !== 'AWS::ApiGatewayV2::Api' && !known.has(String(apiId))) {
      throw unsupported(resource, `ApiId ${String(apiId)} names no API of the template`);
    }
  }
  return apis.map((api) =>
    readApi(
      api,
      gateway.filter(({ properties }) => properties.ApiId === api.ref),
    ),
  );
}

function readApi(resource: Resource, parts: readonly Resource[]): ApiDefinition {
  const api = propertiesOf(resource, 'AWS::ApiGatewayV2::Api');
  const protocol = api.ProtocolType;
  for (const deployment of ofType(parts, 'AWS::ApiGatewayV2::Deployment')) {
    propertiesOf(deployment, 'AWS::ApiGatewayV2::Deployment');
  }
  const integrations = new Map(
    ofType(parts, 'AWS::ApiGatewayV2::Integration').map((part) => [
      `integrations/${part.ref}`,
      readIntegration(part, parts, protocol),
    ]),
  );
  const authorizers = new Map(
    ofType(parts, 'AWS::ApiGatewayV2::Authorizer').map((part) => [part.ref, readAuthorizer(part, protocol)]),
  );

  const quick = quickCreated(resource);
  return {
    apiId: resource.ref,
    place: `${resource.stack}/${resource.logicalId}`,
    name: api.Name ?? resource.logicalId,
    protocol,
    routeSelection: protocol === 'WEBSOCKET' ? readSelection(resource, api.RouteSelectionExpression) : [],
    cors: readCors(resource),
    routes: [
      ...quick.routes,
      ...ofType(parts, 'AWS::ApiGatewayV2::Route').map((part) =>
        readRoute(part, { parts, protocol, integrations, authorizers }),
      ),
    ],
    stages: [...quick.stages, ...ofType(parts, 'AWS::ApiGatewayV2::Stage').map(readStage)],
  };
}

/** The route, integration and `$default` stage that an HTTP API with a `Target` brings along ("quick create"). */
function quickCreated(resource: Resource): Pick<ApiDefinition, 'routes' | 'stages'> {
  const {
    Target: uri,
    RouteKey: key = '$default',
    ProtocolType,
  } = propertiesOf(resource, 'AWS::ApiGatewayV2::Api');
  if (uri === undefined) return { routes: [], stages: [] };
  if (ProtocolType !== 'HTTP') throw unsupported(resource, 'Target is for HTTP APIs only');
  if (!uri.includes(':lambda:')) throw unsupported(resource, `Target ${uri} is not a Lambda function`);
  return {
    routes: [
      {
        key,
        integration: { kind: 'function', uri, timeoutMs: LONGEST_HTTP_WAIT_MS },
        scopes: [],
        answers: false,
      },
    ],
    stages: [{ name: '$default', variables: {}, routeThrottles: {} }],
  };
}

/** Quotas for HTTP APIs. */
const LONGEST_HTTP_WAIT_MS = 30_000;

function ofType(resources: readonly Resource[], type: GatewayType): Resource[] {
  return resources.filter((resource) => resource.type === type);
}

function readSelection(api: Resource, expression: string | undefined): string[] {
  const path = /^\$\{?request\.body\.([\w-]+(?:\.[\w-]+)*)\}?$/.exec(expression ?? '')?.[1];
  if (!path) {
    throw unsupported(
      api,
      `RouteSelectionExpression ${expression} is not supported, only $request.body.<path> is`,
    );
  }
  return path.split('.');
}

function readCors(resource: Resource): CorsDefinition | undefined {
  const { CorsConfiguration: cors } = propertiesOf(resource, 'AWS::ApiGatewayV2::Api');
  if (!cors) return undefined;
  const origins = cors.AllowOrigins ?? [];
  const odd = origins.find(
    (origin) => origin.includes('*') && !['*', 'https://*', 'http://*'].includes(origin),
  );
  if (odd) throw unsupported(resource, `CorsConfiguration.AllowOrigins ${odd} is not supported`);
  if (cors.AllowCredentials && origins.includes('*')) {
    throw unsupported(resource, 'CorsConfiguration.AllowCredentials cannot stand with AllowOrigins *');
  }
  return {
    origins,
    methods: cors.AllowMethods ?? [],
    headers: cors.AllowHeaders ?? [],
    exposed: cors.ExposeHeaders ?? [],
    maxAgeSeconds: cors.MaxAge,
    credentials: cors.AllowCredentials ?? false,
  };
}

function readRoute(
  resource: Resource,
  given: {
    readonly parts: readonly Resource[];
    readonly protocol: ApiDefinition['protocol'];
    readonly integrations: ReadonlyMap<string, IntegrationDefinition>;
    readonly authorizers: ReadonlyMap<string, AuthorizerDefinition>;
  },
): RouteDefinition {
  const route = propertiesOf(resource, 'AWS::ApiGatewayV2::Route');
  const integration = route.Target === undefined ? undefined : given.integrations.get(route.Target);
  const optional = given.protocol === 'WEBSOCKET' && route.RouteKey === '$connect';
  if (!integration && (route.Target !== undefined || !optional)) {
    throw unsupported(resource, `Target ${route.Target} names no integration of the API`);
  }
  if (given.protocol === 'HTTP' && !/^(?:\$default|[A-Z]+ \/\S*)$/.test(route.RouteKey)) {
    throw unsupported(resource, `RouteKey ${route.RouteKey} is neither $default nor METHOD /path`);
  }
  return {
    key: route.RouteKey,
    integration,
    authorizer: authorizerOf(resource, given),
    scopes: route.AuthorizationScopes,
    answers:
      route.RouteResponseSelectionExpression === '$default' &&
      ofType(given.parts, 'AWS::ApiGatewayV2::RouteResponse').some(
        (part) => propertiesOf(part, 'AWS::ApiGatewayV2::RouteResponse').RouteId === resource.ref,
      ),
  };
}

function authorizerOf(
  resource: Resource,
  given: Parameters<typeof readRoute>[1],
): AuthorizerDefinition | undefined {
  const route = propertiesOf(resource, 'AWS::ApiGatewayV2::Route');
  if (route.AuthorizationType === 'NONE') return undefined;
  const authorizer = given.authorizers.get(route.AuthorizerId ?? '');
  if (!authorizer)
    throw unsupported(resource, `AuthorizerId ${route.AuthorizerId} names no authorizer of the API`);
  const expected = route.AuthorizationType === 'JWT' ? 'jwt' : 'request';
  if (authorizer.kind !== expected) {
    throw unsupported(resource, `AuthorizationType ${route.AuthorizationType} does not fit its authorizer`);
  }
  if (given.protocol === 'WEBSOCKET' && route.RouteKey !== '$connect') {
    throw unsupported(resource, 'AuthorizerId is accepted on the $connect route only');
  }
  return authorizer;
}

function readStage(resource: Resource): StageDefinition {
  const stage = propertiesOf(resource, 'AWS::ApiGatewayV2::Stage');
  if (!stage.AutoDeploy && !stage.DeploymentId) {
    throw unsupported(resource, 'neither AutoDeploy nor DeploymentId is set, so that it would serve nothing');
  }
  const group = /:log-group:([^:]+)/.exec(stage.AccessLogSettings?.DestinationArn ?? '')?.[1];
  const format = stage.AccessLogSettings?.Format;
  if (stage.AccessLogSettings && (!group || !format)) {
    throw unsupported(resource, 'AccessLogSettings must give a Format and the ARN of a log group');
  }
  return {
    name: stage.StageName,
    variables: stage.StageVariables,
    throttle: throttleOf(stage.DefaultRouteSettings),
    routeThrottles: Object.fromEntries(
      Object.entries(stage.RouteSettings).flatMap(([key, settings]) => {
        const throttle = throttleOf(settings);
        return throttle ? [[key, throttle]] : [];
      }),
    ),
    accessLog: group && format ? { group, format } : undefined,
  };
}

function throttleOf(settings: { ThrottlingRateLimit?: number; ThrottlingBurstLimit?: number } | undefined) {
  const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = settings ?? {};
  if (rate === undefined && burst === undefined) return undefined;
  return { rate: rate ?? 10_000, burst: burst ?? 5_000 } satisfies Throttle; // the account's own default quota
}
