import type { Context } from 'aws-lambda';
import type { Purpose } from '../../protocol/purposes.ts';
import type { Caller } from '../domain/caller.ts';
import type { Decided, Decision } from '../domain/decision.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Identity } from '../domain/session-record.ts';
import type { Trail } from '../store/trail.ts';
import { record } from './record.ts';
import { type Asker, reportFault } from './report.ts';

/** What the wiring hands to a door beside the parsed frame or request. */
export interface Admission {
  readonly identity: Identity;
  /** Settles when the caller's session was read and found live; every rule needs what it gives. */
  readonly caller: Promise<Caller>;
}

/** The same admission, for what the caller states that they ask for. */
export function statedFor({ identity, caller }: Admission, purpose: Purpose | undefined): Admission {
  if (purpose === undefined) return { identity, caller };
  const stated = caller.then((known) => ({
    ...known,
    purpose,
    source: known.source && { ...known.source, purpose },
  }));
  stated.catch(() => {}); // as of the caller itself: whoever needs it meets the refusal
  return { identity, caller: stated };
}

/** What Lambda's context carries from one middleware to the next. */
export interface RequestContext<Parsed> extends Context {
  parsed: Parsed;
  admission: Admission;
  asker: Asker;
}

/** A door's answer with the decision that allowed it. */
export type Answer<T> = Promise<Decided<T>>;

/** The same decision with its value as the protocol says it. */
export function shaped<T, Said>({ decision, value }: Decided<T>, shape: (value: T) => Said): Decided<Said> {
  return { decision, value: shape(value) };
}

/** The decision about a request that no rule saw because it did not parse. */
export function malformed(
  operation: Decision['operation'],
  code: 'malformed' | 'unknown-type' = 'malformed',
): Refusal {
  return new Refusal(code, {
    operation,
    object: '-',
    purpose: 'operations',
    rule: 'well-formed',
    outcome: 'refused',
    code,
  });
}

/** The decision about a token that the pool signed and that names nobody of ours. */
export function nobody(operation: Decision['operation']): Refusal {
  return new Refusal('token-invalid', {
    operation,
    object: '-',
    purpose: 'operations',
    rule: 'live-session',
    outcome: 'refused',
    code: 'token-invalid',
  });
}

/**
 * Records what a door threw: a refusal, or a fault that is told without its message and leaves as another error. A refusal that cannot be
 * recorded is such a fault.
 */
export async function recorded(
  trail: Trail,
  asker: Asker | undefined,
  { operation, metric }: { readonly operation: string; readonly metric: string },
  error: unknown,
): Promise<Refusal | Error> {
  const fault = (cause: unknown) => reportFault(operation, asker?.requestId ?? '-', cause);
  if (!asker || !(error instanceof Refusal)) return fault(error);
  return record(trail, asker, error.decision, metric).then(() => error, fault);
}
