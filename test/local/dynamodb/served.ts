import { createServer, type IncomingMessage } from 'node:http';
import { afterAll } from 'vitest';
import { type Answer, AwsError, type AwsService, type Call } from '../../../local/front-door/service.ts';

export interface Served {
  readonly url: string;
  /** Every call in its order, with what was answered. */
  readonly calls: { call: Call; answer?: Answer; error?: unknown }[];
  readonly last: () => { call: Call; answer?: Answer; error?: unknown };
}

/** Serves one service as the front door would, with every caller allowed; ends with the file unless told otherwise. */
export async function serve(
  service: AwsService,
  atEnd: (close: () => void) => void = afterAll,
): Promise<Served> {
  const calls: Served['calls'] = [];
  const server = createServer(async (request, response) => {
    const call = await callFrom(request, service);
    const entry: Served['calls'][number] = { call };
    calls.push(entry);
    response.setHeader('content-type', `application/x-amz-${service.protocol}`);
    try {
      await service.authorizations(call);
      entry.answer = await service.handle(call);
      response.end(JSON.stringify(entry.answer.body ?? {}));
    } catch (error) {
      entry.error = error;
      const known = error instanceof AwsError ? error : new AwsError('InternalFailure', String(error), 500);
      response.writeHead(known.status);
      response.end(JSON.stringify({ __type: known.code, message: known.message, ...known.members }));
    }
  });
  await new Promise<void>((done) => server.listen(0, done));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const last = () => {
    const entry = calls.at(-1);
    if (!entry) throw new Error('no call was made');
    return entry;
  };
  return { url: `http://127.0.0.1:${port}`, calls, last };
}

/** A call that reached no server. */
export function callOf(service: string, operation: string, input: Call['input']): Call {
  const body = Buffer.from(JSON.stringify(input));
  const from = {
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: {},
    sourceIp: '127.0.0.1',
  };
  return { ...from, service, operation, input, body, requestId: 'r-1' };
}

export const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };

async function callFrom(request: IncomingMessage, service: AwsService): Promise<Call> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
  return { ...callOf(service.name, operation, JSON.parse(body.toString() || '{}')), body };
}
