import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Decision, Operation } from '../domain/decision.ts';
import { Fault } from '../domain/fault.ts';

const logger = new Logger({ serviceName: 'wardline' });
const metrics = new Metrics({ namespace: 'Wardline', serviceName: 'wardline' });

/** Who asked, from where: ids and addresses, nothing that anybody wrote. */
export interface Asker {
  readonly person: string;
  readonly session: string;
  readonly sourceIp: string;
  readonly requestId: string;
}

/** Writes the one record of what was decided about a request, and counts it under the operation's metric. */
export function reportDecision(asker: Asker, decision: Decision, metric: string): void {
  const { operation, object, opened, purpose, rule, outcome, code } = decision;
  const { person, session, sourceIp, requestId } = asker;
  logger.info('decision', {
    person,
    session,
    sourceIp,
    requestId,
    operation,
    object,
    opened,
    purpose,
    rule,
    outcome,
    code,
  });
  metrics.addDimension('outcome', code ?? outcome);
  metrics.addMetric(metric, MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
  metrics.clearDimensions();
}

/**
 * Tells what kind of fault it was and where, without its message unless it is ours: libraries quote what they were given.
 * The returned error is what may leave the function.
 */
export function reportFault(operation: string, requestId: string, error: unknown): Error {
  logger.error('fault', { operation, requestId, ...described(error) });
  return new Error(`fault in ${operation}, request ${requestId}`);
}

/** A push that failed for another reason than a closed socket; the message is stored and will be caught up. */
export function reportLostPush(error: unknown): void {
  logger.warn('push-lost', described(error));
}

/** How many sockets were looked at, and how many were of a sign-in that was over. */
export function reportSweep({ looked, closed }: { readonly looked: number; readonly closed: number }): void {
  logger.info('sweep', { looked, closed });
}

/** A step of a revocation that failed after the stamp was set; its receipt counts it. */
export function reportLostStep(error: unknown): void {
  logger.error('step-lost', described(error));
}

/** What went wrong with one conversation of many: the others are answered, and it is asked for by itself. */
export function reportFaultIn(operation: Operation, conversation: string, error: unknown): void {
  logger.error('fault', { operation, conversation, ...described(error) });
}

function described(error: unknown) {
  if (!(error instanceof Error)) return { fault: typeof error };
  const stack = (error.stack ?? '').replace(error.message, '');
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const { $metadata } = error as { $metadata?: { requestId?: string; httpStatusCode?: number } };
  return {
    fault: error.name,
    ...(error instanceof Fault && { what: error.message }),
    ...($metadata && { awsRequestId: $metadata.requestId, awsStatus: $metadata.httpStatusCode }),
    frames: frames.slice(0, 12).map((line) => line.trim()),
  };
}
