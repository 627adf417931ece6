import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { closeSockets } from '../push/close-sockets.ts';
import { announcements } from '../push/sockets.ts';
import { setting } from './env.ts';
import { reportLostPush, reportLostStep } from './report.ts';
import { open } from './rooms.ts';

/** An acknowledgement waits no longer for one slow socket (twice, with its second attempt); who misses it catches up. */
const PUSH_WITHIN_MS = 1_000;

/** The rooms of the doors that reach sockets. */
export const openPush = {
  announcements: () => announcements(openSockets(), open.sessions(), reportLostPush),
  closer: () => closeSockets(openSockets(), open.sessions(), reportLostStep),
};

function openSockets(): ApiGatewayManagementApiClient {
  return new ApiGatewayManagementApiClient({
    endpoint: setting('socketCallbackUrl'),
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: PUSH_WITHIN_MS,
      requestTimeout: PUSH_WITHIN_MS,
      throwOnRequestTimeout: true,
    },
  });
}
