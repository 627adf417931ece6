import {
  type ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { ServerFrame } from '../../protocol/frames.ts';
import type { Closer, EndReason } from '../domain/revoke-session.ts';
import type { Sessions } from '../domain/session-record.ts';

/** A socket that takes its last frame slowly is closed without having been told. */
const TOLD_WITHIN_MS = 500;

/** Tells sockets that their session was ended, and closes them; a fault of either is reported to `lost`. */
export function closeSockets(
  client: ApiGatewayManagementApiClient,
  sessions: Pick<Sessions, 'forget'>,
  lost: (error: unknown) => void,
): Closer {
  const tell = async (ConnectionId: string, reason: EndReason) => {
    const frame: ServerFrame = { type: 'session.ended', reason };
    const Data = Buffer.from(JSON.stringify(frame), 'utf8');
    const post = new PostToConnectionCommand({ ConnectionId, Data });
    await client
      .send(post, { abortSignal: AbortSignal.timeout(TOLD_WITHIN_MS) })
      .catch((error) => (error instanceof GoneException ? undefined : lost(error)));
  };

  return {
    close: async ({ person, connectionId }, reason) => {
      await tell(connectionId, reason);
      try {
        await client.send(new DeleteConnectionCommand({ ConnectionId: connectionId }));
        return 'closed';
      } catch (error) {
        if (!(error instanceof GoneException)) {
          lost(error);
          return 'left-open';
        }
        await sessions.forget(person, connectionId).catch(lost);
        return 'gone';
      }
    },
  };
}
