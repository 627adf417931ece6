import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { waitsToGoOn } from './call.ts';
import type { Passage } from './passage.ts';
import type { Reply } from './reply.ts';
import { isStreaming } from './service.ts';

interface Sending {
  /** Milliseconds since the epoch, by the Clock. */
  readonly now: number;
  readonly fault: (error: unknown) => void;
}

/** Sends a reply, a body that flows as fast as the caller takes it. Nothing where the connection is gone. */
export function sendReply(
  reply: Reply,
  passage: Passage,
  outgoing: ServerResponse,
  { now, fault }: Sending,
): void {
  const { body, status } = reply;
  if (outgoing.destroyed) {
    if (!Buffer.isBuffer(body)) body.destroy();
    return;
  }
  outgoing.sendDate = false;
  outgoing.writeHead(status, {
    date: new Date(now).toUTCString(), // SDKs correct their clocks by this
    ...(status === 204 || status === 304 ? {} : { 'content-length': reply.length }),
    ...identifying(passage),
    ...(wasHeldBack(passage, outgoing) ? { connection: 'close' } : {}),
    ...reply.headers,
  });
  if (Buffer.isBuffer(body)) outgoing.end(body);
  else void flow(body, outgoing, fault);
}

function identifying({ service, request, requestId }: Passage): Readonly<Record<string, string>> {
  if (!service || !isStreaming(service) || !request) return { 'x-amzn-requestid': requestId };
  return service.headersFor(request, requestId);
}

/** Who was never told to go on has not sent its body: the connection is of no further use. */
function wasHeldBack({ service, requestBytes }: Passage, outgoing: ServerResponse): boolean {
  return service !== undefined && isStreaming(service) && waitsToGoOn(outgoing.req) && requestBytes === 0;
}

/** A caller that goes away in the midst of an answer is no fault. */
async function flow(body: Readable, outgoing: ServerResponse, fault: Sending['fault']): Promise<void> {
  try {
    await pipeline(body, outgoing);
  } catch (error) {
    const isGone = error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!isGone) fault(error);
  }
}
