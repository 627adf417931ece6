import { SUBPROTOCOL } from '../protocol/frames.ts';
import { onEvent } from './wiring/on-event.ts';

/** `$connect`, once its authorizer has allowed it: accepts the subprotocol, or browsers would close the socket. */
export const handler = onEvent('Connect', async () => ({
  statusCode: 200,
  headers: { 'Sec-WebSocket-Protocol': SUBPROTOCOL },
}));
