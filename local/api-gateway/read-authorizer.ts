import type { Resource } from '../template/resource.ts';
import type { ApiDefinition, AuthorizerDefinition, IdentitySource } from './definition.ts';
import { propertiesOf, unsupported } from './properties.ts';

/** A REQUEST Lambda authorizer of a WebSocket API, or a JWT authorizer of an HTTP API. */
export function readAuthorizer(
  resource: Resource,
  protocol: ApiDefinition['protocol'],
): AuthorizerDefinition {
  const given = propertiesOf(resource, 'AWS::ApiGatewayV2::Authorizer');
  const sources = given.IdentitySource.map((text) => readIdentitySource(resource, text));
  if (given.AuthorizerType === 'REQUEST') {
    if (protocol === 'HTTP')
      throw unsupported(resource, 'AuthorizerType REQUEST is supported for WebSocket APIs only');
    if (!given.AuthorizerUri) throw unsupported(resource, 'AuthorizerUri is missing');
    return {
      kind: 'request',
      authorizerId: resource.ref,
      uri: given.AuthorizerUri,
      identitySources: sources,
    };
  }
  const jwt = given.JwtConfiguration;
  const [identitySource, ...others] = sources;
  if (protocol === 'WEBSOCKET') throw unsupported(resource, 'AuthorizerType JWT is for HTTP APIs only');
  if (!jwt) throw unsupported(resource, 'JwtConfiguration is missing');
  if (!identitySource || others.length > 0) {
    throw unsupported(resource, 'IdentitySource of a JWT authorizer must be exactly one expression');
  }
  return {
    kind: 'jwt',
    authorizerId: resource.ref,
    issuer: jwt.Issuer,
    audiences: jwt.Audience,
    identitySource,
  };
}

function readIdentitySource(resource: Resource, text: string): IdentitySource {
  const found = /^(?:route\.|\$)request\.(header|querystring)\.([\w-]+)$/.exec(text);
  const [, place, name] = found ?? [];
  if (!place || !name) throw unsupported(resource, `IdentitySource ${text} is not supported`);
  return place === 'header' ? { in: 'header', name: name.toLowerCase() } : { in: 'querystring', name };
}
