import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { ConversationId } from '../../protocol/ids.ts';
import type { Decision, Operation } from '../domain/decision.ts';
import type { Emergency } from '../domain/emergency.ts';
import { Fault } from '../domain/fault.ts';
import type { PatientExport } from '../domain/patient-exports.ts';
import type { ToldScan } from '../domain/record-scan.ts';
import { type EventFields, type EventName, events, FRAME, fitting, MOST_FRAMES } from './events.ts';

const logger = new Logger({ serviceName: 'wardline' });
const metrics = new Metrics({ namespace: 'Wardline', serviceName: 'wardline' });

/** Who asked, from where: ids and addresses, nothing that anybody wrote. */
export interface Asker {
  readonly person: string;
  readonly session: string;
  readonly sourceIp: string;
  readonly requestId: string;
}

/** Logs what was decided about a request, and counts it under the operation's metric. */
export function reportDecision(asker: Asker, decision: Decision, metric: string): void {
  report('decision', { ...asker, ...decision });
  metrics.addDimension('outcome', decision.code ?? decision.outcome);
  metrics.addMetric(metric, MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
  metrics.clearDimensions();
}

/**
 * Tells what kind of fault it was and where, without its message unless it is ours: libraries quote what they were given.
 * The returned error is what may leave the function.
 */
export function reportFault(operation: string, requestId: string, error: unknown): Error {
  report('fault', { operation, requestId, ...described(error) });
  return new Error(`fault in ${operation}, request ${requestId}`);
}

/** A push that failed for another reason than a closed socket; the message is stored and will be caught up. */
export function reportLostPush(error: unknown): void {
  report('push-lost', described(error));
}

/** How many sockets were looked at, and how many were of a sign-in that was over. */
export function reportSweep(swept: { readonly looked: number; readonly closed: number }): void {
  report('sweep', swept);
}

/** What was sealed, and how much of it is evidence of tampering with the table of records, which an alarm may count. */
export function reportSealing({ number, count }: { readonly number: number; readonly count: number }): void {
  report('sealed', { number, records: count });
  metrics.addMetric('SealedRecords', MetricUnit.Count, count);
  metrics.publishStoredMetrics();
}

/** Somebody writes to the table of records who must not. */
export function reportTampering(records: number): void {
  report('trail-tampered', { records });
  metrics.addMetric('TamperedRecords', MetricUnit.Count, records);
  metrics.publishStoredMetrics();
}

/** An emergency access that nobody has reviewed in time. */
export function reportLateReview({ emergencyId, conversationId, person }: Emergency): void {
  report('review-late', { emergency: emergencyId, conversation: conversationId, person });
}

/** How many reviews are late at this moment: the alarm `UnreviewedEmergencies` stands while there are some. */
export function reportLateReviews(count: number): void {
  if (count === 0) return; // no line each minute for nothing: the alarm takes silence for 0
  metrics.addMetric('UnreviewedEmergencies', MetricUnit.Count, count);
  metrics.publishStoredMetrics();
}

/** What went wrong with one export. */
export function reportExport({ exportId }: PatientExport, error: unknown): void {
  report('export-failed', { export: exportId, ...described(error) });
}

/** How a scan ended; malware is counted, and wakes whoever is on duty: the alarm `InfectedAttachments`. */
export function reportScan({ conversationId, attachmentId, verdict, reason }: ToldScan): void {
  const which = { conversation: conversationId, attachment: attachmentId };
  report('attachment-scanned', { ...which, state: verdict, reason });
  if (verdict !== 'infected') return;
  report('malware-found', which);
  metrics.addMetric('InfectedAttachments', MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
}

/** Whether a preview was made. */
export function reportPreview(shown: EventFields<'attachment-previewed'>): void {
  report('attachment-previewed', shown);
}

/** A step of a revocation that failed after the stamp was set; its receipt counts it. */
export function reportLostStep(error: unknown): void {
  report('step-lost', described(error));
}

/** What went wrong with one conversation of many: the others are answered, and it is asked for by itself. */
export function reportFaultIn(
  operation: Operation | 'keys.destroy' | 'attachment.delete',
  conversation: ConversationId,
  error: unknown,
): void {
  report('conversation-fault', { operation, conversation, ...described(error) });
}

function report<Name extends EventName>(name: Name, fields: EventFields<Name>): void {
  logger[events[name].level](name, fitting(name, fields));
}

function described(error: unknown): EventFields<'push-lost'> {
  if (!(error instanceof Error)) return { fault: typeof error };
  const { $metadata } = error as { $metadata?: { requestId?: string; httpStatusCode?: number } };
  return {
    fault: error.name,
    ...(error instanceof Fault && { what: error.message }),
    ...($metadata && { awsRequestId: $metadata.requestId, awsStatus: $metadata.httpStatusCode }),
    frames: framesOf(error),
  };
}

/**
 * The frames of a stack that begins with the error's own name and message, which are cut off; of another none, since its
 * message may have lines that look like frames.
 */
function framesOf({ stack = '', message }: Error): string[] {
  const name = /^[\w$.]+( \[\w+\])?(: )?/.exec(stack)?.[0] ?? '';
  const rest = stack.slice(name.length + message.length);
  if (!stack.startsWith(message, name.length) || !rest.startsWith('\n    at ')) return [];
  return rest
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => FRAME.test(line))
    .slice(0, MOST_FRAMES);
}
