import { SUBPROTOCOL } from '../protocol/frames.ts';

/** `$connect`, once its authorizer has allowed it: accepts the subprotocol, or browsers would close the socket. */
export async function handler() {
  return { statusCode: 200, headers: { 'Sec-WebSocket-Protocol': SUBPROTOCOL } };
}
