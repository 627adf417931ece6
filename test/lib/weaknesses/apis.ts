import { type Placed, type Properties, resources, type Templates, target } from '../../fixtures/template.ts';
import { toldByAccessLog } from '../access-log.ts';
import { anything, aString, into, type Wish, wants } from '../wishes.ts';
import type { Look } from './look.ts';

/** Of the two APIs. */
export const ofApis: Readonly<Record<string, Look>> = {
  'AWS::ApiGatewayV2::Api': (api) =>
    wants(
      api.Properties,
      api.path.startsWith('SocketApi')
        ? { ProtocolType: 'WEBSOCKET', RouteSelectionExpression: '$request.body.type' }
        : {
            ProtocolType: 'HTTP',
            'CorsConfiguration.AllowOrigins': ['https://app.example.org'],
            'CorsConfiguration.AllowMethods': ['GET', 'POST', 'DELETE'],
            'CorsConfiguration.AllowHeaders': ['authorization', 'content-type', 'wardline-purpose'],
            'CorsConfiguration.AllowCredentials': undefined,
            'CorsConfiguration.MaxAge': 3600,
          },
    ),

  'AWS::ApiGatewayV2::Authorizer': (authorizer) =>
    wants(authorizer.Properties, {
      ApiId: anything,
      ...(authorizer.path.startsWith('SocketApi')
        ? {
            AuthorizerType: 'REQUEST',
            AuthorizerUri: anything,
            IdentitySource: ['route.request.header.Sec-WebSocket-Protocol'],
          }
        : {
            AuthorizerType: 'JWT',
            IdentitySource: ['$request.header.Authorization'],
            'JwtConfiguration.Audience.0': anything,
            'JwtConfiguration.Issuer': anything,
          }),
    }),

  'AWS::ApiGatewayV2::Route': (route, templates) => [
    ...wants(route.Properties, { ApiId: anything, Target: anything, ...routeWants(route.Properties) }),
    ...(answers(route.Properties) && !hasResponse(route, templates) ? ['has no route response'] : []),
  ],

  'AWS::ApiGatewayV2::RouteResponse': (response) =>
    wants(response.Properties, { ApiId: anything, RouteId: anything, RouteResponseKey: '$default' }),

  'AWS::ApiGatewayV2::Integration': (integration) =>
    wants(integration.Properties, {
      ApiId: anything,
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: anything,
      PayloadFormatVersion: integration.path.startsWith('SocketApi') ? undefined : '2.0',
    }),

  'AWS::ApiGatewayV2::Stage': (stage) => [
    ...wants(stage.Properties, {
      ApiId: anything,
      AutoDeploy: true,
      'DefaultRouteSettings.ThrottlingRateLimit': 2000,
      'DefaultRouteSettings.ThrottlingBurstLimit': 2000,
      'AccessLogSettings.DestinationArn': anything,
      'AccessLogSettings.Format': aString,
      ...(stage.path.startsWith('SocketApi')
        ? {
            StageName: 'live',
            'DefaultRouteSettings.LoggingLevel': 'ERROR',
            'DefaultRouteSettings.DataTraceEnabled': false, // true would log message bodies
          }
        : { StageName: '$default' }),
    }),
    ...toldByAccessLog(String(into(stage.Properties.AccessLogSettings, 'Format'))),
  ],

  'AWS::ApiGateway::Account': (account) => wants(account.Properties, { CloudWatchRoleArn: anything }),
};

const answers = ({ RouteKey }: Properties) =>
  !['$connect', '$disconnect'].includes(String(RouteKey)) && !isHttp(String(RouteKey));
const isHttp = (routeKey: string) => /^[A-Z]+ \//.test(routeKey);

function routeWants(route: Properties): Readonly<Record<string, Wish>> {
  const key = String(route.RouteKey);
  if (key === '$connect') return { AuthorizationType: 'CUSTOM', AuthorizerId: anything };
  if (key === '$disconnect') return { AuthorizationType: 'NONE' };
  if (isHttp(key))
    return { AuthorizationType: 'JWT', AuthorizerId: anything, AuthorizationScopes: ['wardline/user'] };
  return { RouteKey: aString, AuthorizationType: 'NONE', RouteResponseSelectionExpression: '$default' };
}

function hasResponse(route: Placed, templates: Templates): boolean {
  return resources(templates, 'AWS::ApiGatewayV2::RouteResponse').some(
    (response) => target(response.Properties.RouteId) === route.id,
  );
}
