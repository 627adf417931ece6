import type { IncomingMessage } from 'node:http';
import type { Passage } from './passage.ts';
import { formIn } from './query-protocol.ts';
import type { RequestHead } from './request-head.ts';
import { AwsError, type AwsService, type Call } from './service.ts';
import type { WireRequest } from './signature.ts';
import { sourceIpOf } from './wire.ts';

/** A call as far as its head and its caller tell. */
export function callOf(
  passage: Passage,
  head: RequestHead,
  service: AwsService,
  operation: string,
  incoming: IncomingMessage,
): Call {
  return {
    service: service.name,
    operation,
    ...(passage.caller ? { principal: passage.caller.principal } : {}),
    input: {},
    method: head.method,
    path: head.path,
    query: new URLSearchParams(head.query.replaceAll('+', '%2B')), // a plus is a plus: SigV4 has no form encoding
    headers: head.headers,
    body: Buffer.alloc(0),
    requestId: passage.requestId,
    sourceIp: sourceIpOf(incoming),
  };
}

/** The JSON object that the operation takes; throws SerializationException for a body that is none. */
export function readInput(request: WireRequest, service: AwsService): Call['input'] {
  if (service.protocol === 'query') return formIn(request);
  if (request.body.length === 0) return {};
  if (service.protocol === 'rest' && !/\bjson\b/.test(request.headers['content-type'] ?? '')) return {};
  try {
    const input: unknown = JSON.parse(request.body.toString('utf8'));
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Call['input'];
  } catch {
    // answered below, like a body that is JSON but no object
  }
  if (service.protocol === 'rest') return {};
  throw new AwsError('SerializationException', '');
}

/** Whether the caller holds its body back until it is told to go on. */
export function waitsToGoOn(incoming: IncomingMessage): boolean {
  return /^100-continue$/i.test(incoming.headers.expect ?? '');
}
