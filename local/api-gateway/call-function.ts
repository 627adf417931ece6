import type { Clock } from '../clock.ts';
import { type Functions, InvokeRefused, type Invoker } from '../lambda/invoke.ts';

/** What an integration's invocation came to, as API Gateway tells the cases apart. */
export type Outcome =
  | { readonly kind: 'answered'; readonly payload: unknown }
  | { readonly kind: 'failed'; readonly payload: unknown; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'timed-out'; readonly reason: string };

export interface FunctionCall {
  readonly functions: Functions;
  readonly clock: Clock;
  readonly uri: string;
  readonly event: unknown;
  readonly sourceArn: string;
  readonly traceId: string;
  readonly timeoutMs: number;
}

/** Invokes a function for API Gateway and waits no longer than the integration's time-out. Never rejects. */
export async function callFunction(call: FunctionCall): Promise<Outcome> {
  const invoker: Invoker = {
    service: 'apigateway.amazonaws.com',
    sourceArn: call.sourceArn,
    traceId: call.traceId,
  };
  let cancel = () => {};
  const late = new Promise<Outcome>((resolve) => {
    cancel = call.clock.after(call.timeoutMs, () => {
      resolve({ kind: 'timed-out', reason: `no answer within ${call.timeoutMs} ms` });
    });
  });
  try {
    return await Promise.race([invoke(call, invoker), late]);
  } finally {
    cancel();
  }
}

async function invoke(call: FunctionCall, invoker: Invoker): Promise<Outcome> {
  try {
    const { payload, functionError } = await call.functions.invoke(call.uri, call.event, invoker);
    if (functionError === undefined) return { kind: 'answered', payload };
    return { kind: 'failed', payload, reason: 'the function ended with an error' };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // anything that keeps the function from running is an invocation API Gateway could not make
    return { kind: 'refused', reason: error instanceof InvokeRefused ? reason : `not invoked: ${reason}` };
  }
}

/** The function's ARN inside an API Gateway invocation URI, or the ARN itself. */
export function functionArnOf(uri: string): string {
  return /arn:[^:]+:lambda:[^:]*:\d*:function:[^/]+/.exec(uri)?.[0] ?? uri;
}

/** A value that is an object and no array, else undefined. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}
