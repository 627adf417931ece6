import type { CallRecord } from './meter.ts';
import type { Passage } from './passage.ts';
import type { Reply } from './reply.ts';
import type { AwsError } from './service.ts';
import type { Trail } from './trail.ts';
import { traceIdOf } from './wire.ts';

/** Writes a call's event; a call that nobody proved to have made is none, as in CloudTrail. */
export function writeTrail(
  passage: Passage,
  error: AwsError | undefined,
  trail: Trail,
  onFault: (error: unknown) => void,
): void {
  const { call, service, caller, refusal } = passage;
  if (!call || !service || passage.breaks === 'before') return;
  const errorCode = refusal === undefined ? error?.code : 'AccessDenied';
  try {
    trail.write(call, caller, service.trail(call), { errorCode, errorMessage: refusal });
  } catch (fault) {
    onFault(fault);
    const facts = {
      category: 'Management',
      readOnly: false,
      resources: [],
      requestParameters: null,
    } as const;
    trail.write(call, caller, facts, { errorCode, errorMessage: refusal });
  }
}

/** What the meter keeps of a call; `now` by the Clock, `endedAt` by the passage's own measure. */
export function recordOf(
  passage: Passage,
  reply: Reply,
  error: AwsError | undefined,
  now: number,
  endedAt: number,
): CallRecord {
  const { request, caller, service, refusal } = passage;
  const traceId = request && traceIdOf(request.headers);
  return {
    at: now,
    requestId: passage.requestId,
    ...(traceId === undefined ? {} : { traceId }),
    ...(caller ? { principal: caller.principal.arn } : {}),
    service: service?.name ?? 'unknown',
    operation: passage.operation ?? 'unknown',
    allowedBy: passage.allowedBy,
    units: passage.answer?.units ?? { read: 0, write: 0 },
    requestBytes: passage.requestBytes,
    responseBytes: passage.breaks ? 0 : reply.length,
    status: passage.breaks ? 0 : reply.status,
    ...(error ? { errorCode: error.code } : {}),
    ...(refusal === undefined ? {} : { refusal }),
    durationMs: endedAt - passage.startedAt,
  };
}
