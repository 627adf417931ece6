import type { IncomingMessage } from 'node:http';

/** The address of the TCP connection; an IPv4 address in IPv6 dress is shown as IPv4. */
export function sourceIpOf(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
}
