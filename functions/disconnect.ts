import type { APIGatewayProxyWebsocketEventV2WithRequestContext } from 'aws-lambda';
import { endSocket } from './domain/session.ts';
import { identityOf } from './wiring/identity.ts';
import { onEvent } from './wiring/on-event.ts';
import { record } from './wiring/record.ts';
import { open } from './wiring/rooms.ts';

type Event = APIGatewayProxyWebsocketEventV2WithRequestContext<{
  connectionId: string;
  requestId: string;
  identity?: { readonly sourceIp?: string };
  authorizer: unknown;
}>;

const sessions = open.sessions();
const trail = open.trail();

/** `$disconnect`: forgets the socket. API Gateway calls it at best effort; a push that meets a closed socket forgets it too. */
export const handler = onEvent('Disconnect', async ({ requestContext }: Event) => {
  const { authorizer, connectionId, requestId, identity: from } = requestContext;
  const { person, session } = identityOf(authorizer);
  const decision = await endSocket(sessions, person, connectionId);
  const asker = { person, session, sourceIp: from?.sourceIp ?? '-', requestId };
  await record(trail, asker, decision, 'Disconnect');
  return { statusCode: 200 };
});
