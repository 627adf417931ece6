import type { APIGatewayProxyWebsocketEventV2WithRequestContext } from 'aws-lambda';
import { identityOf } from './wiring/identity.ts';
import { onEvent } from './wiring/on-event.ts';
import { open } from './wiring/rooms.ts';

type Event = APIGatewayProxyWebsocketEventV2WithRequestContext<{ connectionId: string; authorizer: unknown }>;

const sessions = open.sessions();

/** `$disconnect`: forgets the socket. API Gateway calls it at best effort; a push that meets a closed socket forgets it too. */
export const handler = onEvent('Disconnect', async ({ requestContext }: Event) => {
  await sessions.forget(identityOf(requestContext.authorizer).person, requestContext.connectionId);
  return { statusCode: 200 };
});
