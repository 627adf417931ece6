import type { Clock } from '../clock.ts';
import type { Functions } from '../lambda/invoke.ts';
import { fillContext } from './access-log.ts';
import { callFunction, functionArnOf, objectOf } from './call-function.ts';
import type { RouteDefinition } from './definition.ts';

/** What a route's integration came to. */
export type IntegrationResult = (
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly body?: string;
      readonly headers: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'error';
      /** What a handshake is refused with; a frame is answered with the message. */
      readonly status: 500 | 502 | 504;
      readonly message: 'Internal server error' | 'Endpoint request timed out';
      readonly reason: string;
    }
) & { readonly functionArn?: string };

/**
 * Runs a route's integration. A function's answer needs a `statusCode` (developer guide, "Set up a WebSocket API
 * integration response"); a handshake whose function fails ends with 502, one that may not be invoked with 500.
 */
export async function runIntegration(
  route: RouteDefinition,
  given: {
    readonly functions: Functions;
    readonly clock: Clock;
    readonly event: unknown;
    readonly sourceArn: string;
    readonly traceId: string;
    readonly context: Readonly<Record<string, string>>;
  },
): Promise<IntegrationResult> {
  const { integration } = route;
  if (!integration) return { kind: 'answered', status: 200, headers: {} };
  if (integration.kind === 'mock') {
    if (integration.response === undefined) return internal(500, 'the mock has no integration response');
    return {
      kind: 'answered',
      status: integration.status,
      body: fillContext(integration.response, given.context),
      headers: {},
    };
  }

  const outcome = await callFunction({ ...given, uri: integration.uri, timeoutMs: integration.timeoutMs });
  const functionArn = functionArnOf(integration.uri);
  if (outcome.kind === 'timed-out') {
    const { reason } = outcome;
    return { kind: 'error', status: 504, message: 'Endpoint request timed out', reason, functionArn };
  }
  if (outcome.kind !== 'answered') {
    return { ...internal(outcome.kind === 'refused' ? 500 : 502, outcome.reason), functionArn };
  }
  const answer = objectOf(outcome.payload);
  const status = Number(answer?.statusCode);
  if (!answer || !Number.isInteger(status) || status < 100 || status > 599) {
    return { ...internal(502, 'malformed Lambda proxy response'), functionArn };
  }
  return {
    kind: 'answered',
    status,
    body: typeof answer.body === 'string' ? answer.body : undefined,
    headers: headersOf(answer),
    functionArn,
  };
}

function internal(status: 500 | 502, reason: string): IntegrationResult {
  return { kind: 'error', status, message: 'Internal server error', reason };
}

/** Header names in lower case, `multiValueHeaders` joined. */
function headersOf(answer: Readonly<Record<string, unknown>>): Record<string, string> {
  const single = Object.entries(objectOf(answer.headers) ?? {});
  const multi = Object.entries(objectOf(answer.multiValueHeaders) ?? {});
  return Object.fromEntries(
    [...single, ...multi].map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : String(value),
    ]),
  );
}
