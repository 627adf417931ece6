import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { admit } from './domain/caller.ts';
import { bearerOf, originAllowed } from './wiring/handshake.ts';
import { openVerifier, toAuthorizerContext } from './wiring/identity.ts';
import { open } from './wiring/rooms.ts';

const verify = openVerifier();
const sessions = open.sessions();

/**
 * Authorizer of `$connect`: a valid access token of a session that was not ended, from a listed origin or from none.
 * What it answers as context, API Gateway hands to every later event of the socket.
 */
export async function handler(event: APIGatewayRequestAuthorizerEvent): Promise<APIGatewayAuthorizerResult> {
  const identity = originAllowed(event.headers) ? await verify(bearerOf(event.headers) ?? '') : undefined;
  if (!identity) return policy('Deny', event.methodArn, 'nobody', {});
  const allowed = await admit(sessions, identity, 'session.connect', Date.now()).catch(() => undefined);
  return policy(allowed ? 'Allow' : 'Deny', event.methodArn, identity.person, toAuthorizerContext(identity));
}

function policy(
  Effect: 'Allow' | 'Deny',
  Resource: string,
  principalId: string,
  context: Record<string, string>,
) {
  const Statement = [{ Action: 'execute-api:Invoke', Effect, Resource }];
  return { principalId, policyDocument: { Version: '2012-10-17', Statement }, context };
}
