import type { IncomingMessage } from 'node:http';
import type { RequestHead } from './request-head.ts';
import { AwsError } from './service.ts';
import type { WireRequest } from './signature.ts';

/** DynamoDB's own limit for a request, and above every other limit here. */
const bodyLimitBytes = 16 * 1024 * 1024;

/** What stands before the body of a request. */
export function readHead(incoming: IncomingMessage): RequestHead {
  const url = incoming.url ?? '/';
  const question = url.indexOf('?');
  return {
    method: incoming.method ?? 'GET',
    path: question < 0 ? url : url.slice(0, question),
    query: question < 0 ? '' : url.slice(question + 1),
    headers: flatten(incoming.headers),
  };
}

/** Reads a whole request; throws RequestEntityTooLargeException above 16 MB. */
export async function readRequest(incoming: IncomingMessage): Promise<WireRequest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bodyLimitBytes)
      chunks.length = 0; // read to its end all the same: a caller still sending hears no answer
    else chunks.push(chunk);
  }
  if (bytes > bodyLimitBytes) {
    throw new AwsError('RequestEntityTooLargeException', 'Request entity too large', 413);
  }
  return { ...readHead(incoming), body: Buffer.concat(chunks) };
}

/** The request's path without its encoding; throws where it has none. */
export function decodedPath(request: RequestHead): string {
  try {
    return decodeURIComponent(request.path);
  } catch {
    throw new AwsError('ValidationException', 'The path of the request is not valid percent-encoded UTF-8');
  }
}

/** The caller's address, without the prefix that IPv6 sockets give to IPv4 addresses. */
export function sourceIpOf(incoming: IncomingMessage): string {
  return (incoming.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '');
}

/** The `Root` of an X-Ray trace header, e.g. `1-67891233-abcdef012345678912345678`. */
export function traceIdOf(headers: WireRequest['headers']): string | undefined {
  return /(?:^|;)\s*Root=([^;\s]+)/.exec(headers['x-amzn-trace-id'] ?? '')?.[1];
}

function flatten(headers: IncomingMessage['headers']): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return flat;
}
