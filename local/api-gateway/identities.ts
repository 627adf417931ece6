import type { Identify } from '../template/resource.ts';

/** The names of AWS::ApiGatewayV2 resources: ids of API Gateway's own lengths, made from the seed. */
export const apiGatewayIdentities: Readonly<Record<string, Identify>> = {
  'AWS::ApiGatewayV2::Api': ({ account, seed, property }) => {
    const apiId = seed.slice(0, 10);
    const scheme = property('ProtocolType') === 'WEBSOCKET' ? 'wss' : 'https';
    const endpoint = `${scheme}://${apiId}.execute-api.${account.region}.${account.urlSuffix}`;
    return { ref: apiId, attributes: { ApiId: apiId, ApiEndpoint: endpoint } };
  },
  'AWS::ApiGatewayV2::Stage': ({ property }) => ({ ref: String(property('StageName')), attributes: {} }),
  'AWS::ApiGatewayV2::Route': named('RouteId', 7),
  'AWS::ApiGatewayV2::RouteResponse': named('RouteResponseId', 6),
  'AWS::ApiGatewayV2::Integration': named('IntegrationId', 7),
  'AWS::ApiGatewayV2::IntegrationResponse': named('IntegrationResponseId', 6),
  'AWS::ApiGatewayV2::Authorizer': named('AuthorizerId', 6),
  'AWS::ApiGatewayV2::Deployment': named('DeploymentId', 6),
};

function named(attribute: string, length: number): Identify {
  return ({ seed }) => {
    const id = seed.slice(0, length);
    return { ref: id, attributes: { [attribute]: id } };
  };
}
