import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { connectSession } from './domain/session.ts';
import { bearerOf, openOrigins } from './wiring/handshake.ts';
import { openVerifier, toAuthorizerContext } from './wiring/identity.ts';
import { onEvent } from './wiring/on-event.ts';
import { record } from './wiring/record.ts';
import { open, world } from './wiring/rooms.ts';

const verify = openVerifier();
const originAllowed = openOrigins();
const sessions = open.sessions();
const trail = open.trail();

/**
 * Authorizer of `$connect`: a valid access token of a session that was not ended, from a listed origin or from none.
 * What it answers as context, API Gateway hands to every later event of the socket.
 */
export const handler = onEvent('Authorize', async (event: APIGatewayRequestAuthorizerEvent) => {
  const { requestId, identity: from } = event.requestContext;
  const identity = originAllowed(event.headers) ? await verify(bearerOf(event.headers)) : undefined;
  const decision = await connectSession(sessions, identity, world.now());
  const { person, session } = identity ?? { person: '-', session: '-' };
  const asker = { person, session, sourceIp: from.sourceIp ?? '-', requestId };
  await record(trail, asker, decision, 'Authorize');
  const answer = policy(decision.outcome === 'allowed' ? 'Allow' : 'Deny', event.methodArn);
  return { ...answer, principalId: person, ...(identity && { context: toAuthorizerContext(identity) }) };
});

function policy(
  Effect: 'Allow' | 'Deny',
  Resource: string,
): Pick<APIGatewayAuthorizerResult, 'policyDocument'> {
  const Statement = [{ Action: 'execute-api:Invoke', Effect, Resource }];
  return { policyDocument: { Version: '2012-10-17', Statement } };
}
