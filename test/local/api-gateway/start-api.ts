import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { localAccount } from '../../../local/account.ts';
import type {
  ApiDefinition,
  RouteDefinition,
  StageDefinition,
} from '../../../local/api-gateway/definition.ts';
import { HttpApi, type HttpApiSettings } from '../../../local/api-gateway/http-api.ts';
import type { TrafficRecord } from '../../../local/api-gateway/traffic.ts';
import { WebSocketApi } from '../../../local/api-gateway/web-socket-api.ts';
import { Clock } from '../../../local/clock.ts';
import type { Functions, Invoker } from '../../../local/lambda/invoke.ts';

/** Thrown by a handler: the function ends with this error document. */
export class FunctionError extends Error {}

// biome-ignore lint/suspicious/noExplicitAny: events are what the tests look into
export type Event = any;
type Handler = (event: Event, invoker: Invoker) => unknown;

interface Call {
  readonly uri: string;
  readonly event: Event;
  readonly invoker: Invoker;
}

/** Functions by name; each invocation is noted before it runs, its event as JSON would carry it. */
function fakeFunctions(handlers: Record<string, Handler>) {
  const calls: Call[] = [];
  const functions: Functions = {
    async invoke(uri, event, invoker) {
      const copy = JSON.parse(JSON.stringify(event));
      calls.push({ uri, event: copy, invoker });
      const facts = { requestId: 'r', durationMs: 1, coldStart: false };
      const handler = handlers[uri.split(':function:')[1]?.split('/')[0] ?? ''];
      try {
        return { payload: await handler?.(copy, invoker), ...facts };
      } catch (error) {
        if (!(error instanceof FunctionError)) throw error;
        const payload = { errorType: 'Error', errorMessage: error.message };
        return { payload, functionError: 'Unhandled' as const, ...facts };
      }
    },
  };
  return { functions, calls, of: (name: string) => calls.filter(({ uri }) => uri.includes(`:${name}`)) };
}

export function arnOf(name: string): string {
  return `arn:aws:lambda:us-east-1:111122223333:function:${name}`;
}

/** A route to the function of that name. */
export function route(key: string, name: string, more: Partial<RouteDefinition> = {}): RouteDefinition {
  const integration = { kind: 'function' as const, uri: arnOf(name), timeoutMs: 29_000 };
  return { key, integration, scopes: [], answers: false, ...more };
}

export function stage(more: Partial<StageDefinition> = {}): StageDefinition {
  return { name: 'prod', variables: {}, routeThrottles: {}, ...more };
}

export async function startWebSocketApi(
  routes: readonly RouteDefinition[],
  handlers: Record<string, Handler>,
  stageSettings: Partial<StageDefinition> = {},
) {
  const fake = fakeFunctions(handlers);
  const clock = new Clock();
  const lines: string[] = [];
  const records: TrafficRecord[] = [];
  const definition: ApiDefinition = {
    apiId: 'abcdef1234',
    place: 'Stack/Api',
    name: 'Api',
    protocol: 'WEBSOCKET',
    routeSelection: ['type'],
    routes,
    stages: [stage(stageSettings), stage({ name: 'beta' })],
  };
  const api = new WebSocketApi({
    definition,
    account: localAccount,
    clock,
    functions: fake.functions,
    logs: { write: (group, _, line) => lines.push(`${group} ${line}`) },
    onFrame: (record) => records.push(record),
  });
  const { url } = await api.listen(0);
  onTestFinished(async () => {
    clock.stop();
    await api.close();
  });

  const dial = (options: ClientOptions & { protocols?: string[]; path?: string } = {}) => {
    const client = new WebSocket(`${url}${options.path ?? '/prod'}`, options.protocols ?? [], options);
    client.on('error', () => {});
    const received: Event[] = [];
    const texts: string[] = [];
    client.on('message', (data) => {
      texts.push(data.toString());
      received.push(textOrJson(data.toString()));
    });
    // not `once`, which rejects with the error that comes before a close
    const closed = new Promise<{ code: number; reason: string }>((resolve) => {
      client.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
    const refused = new Promise<Awaited<ReturnType<typeof answerOf>>>((resolve) => {
      client.on('unexpected-response', (_, response) => void answerOf(response).then(resolve));
    });
    onTestFinished(() => client.terminate());
    return { client, received, texts, closed, refused };
  };
  const connect = async (options: Parameters<typeof dial>[0] = {}) => {
    const dialled = dial(options);
    await once(dialled.client, 'open');
    return dialled;
  };
  return { api, clock, url, lines, records, counters: () => api.counters(), ...fake, dial, connect };
}

export async function startHttpApi(
  definition: Pick<ApiDefinition, 'routes'> & Partial<ApiDefinition>,
  handlers: Record<string, Handler>,
  issuerKeys: HttpApiSettings['issuerKeys'] = async () => ({ keys: [] }),
) {
  const fake = fakeFunctions(handlers);
  const clock = new Clock();
  const lines: string[] = [];
  const records: TrafficRecord[] = [];
  const api = new HttpApi({
    definition: {
      apiId: 'abcdef1234',
      place: 'Stack/Api',
      name: 'Api',
      protocol: 'HTTP',
      routeSelection: [],
      stages: [stage({ name: '$default' })],
      ...definition,
    },
    account: localAccount,
    clock,
    functions: fake.functions,
    issuerKeys,
    logs: { write: (group, _, line) => lines.push(`${group} ${line}`) },
    onRequest: (record) => records.push(record),
  });
  const { url } = await api.listen(0);
  onTestFinished(async () => {
    clock.stop();
    await api.close();
  });
  return { api, clock, url, lines, records, ...fake };
}

/** An HTTP answer, its body both as it came and as JSON where it is some. */
export async function answerOf(response: IncomingMessage) {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return { status: response.statusCode, headers: response.headers, text, body: textOrJson(text) };
}

function textOrJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
