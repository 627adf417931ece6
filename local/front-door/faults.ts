import type { Principal } from '../iam/policy.ts';
import { AwsError, type Call } from './service.ts';

/** What goes wrong with a call. */
export type Effect =
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: 'refuse'; readonly error: (call: Call) => AwsError }
  | { readonly kind: 'loseReply' }
  | { readonly kind: 'dropBefore' };

/** Which calls a fault befalls; every member that is present must fit. */
export interface FaultRule {
  readonly service?: string;
  readonly operation?: string;
  readonly principal?: (principal: Principal | undefined) => boolean;
  readonly call?: (call: Call) => boolean;
  /** Fitting calls to let pass first. @default 0 */
  readonly after?: number;
  /** Calls to befall, then no more. @default no limit */
  readonly times?: number;
  readonly effect: Effect;
}

/** The call is answered so much later, in milliseconds of real time. */
export function delay(milliseconds: number): Effect {
  return { kind: 'delay', milliseconds };
}

/** The service says that it is asked too often, in the words it has for that. */
export function throttle(): Effect {
  return { kind: 'refuse', error: throttled };
}

/** The service answers 500. */
export function fail(): Effect {
  return refuse(new AwsError('InternalServerError', 'Internal server error', 500));
}

/** The service answers with this error instead of doing the work. */
export function refuse(error: AwsError): Effect {
  return { kind: 'refuse', error: () => error };
}

/** The work is done, and then the connection breaks instead of carrying the answer. */
export function loseReply(): Effect {
  return { kind: 'loseReply' };
}

/** The connection breaks before anything is done. */
export function dropBefore(): Effect {
  return { kind: 'dropBefore' };
}

/** The faults that a test has planted in the front door. */
export class Faults {
  private readonly rules = new Set<{ readonly rule: FaultRule; seen: number }>();

  /** Plants a fault; call what it returns to take it away. */
  add(rule: FaultRule): () => void {
    const entry = { rule, seen: 0 };
    this.rules.add(entry);
    return () => {
      this.rules.delete(entry);
    };
  }

  /** What befalls this call, counting it; in the order in which the rules were added. */
  take(call: Call): readonly Effect[] {
    const effects: Effect[] = [];
    for (const entry of this.rules) {
      if (!fits(entry.rule, call)) continue;
      entry.seen += 1;
      const nth = entry.seen - (entry.rule.after ?? 0);
      if (nth >= 1 && nth <= (entry.rule.times ?? Number.POSITIVE_INFINITY)) effects.push(entry.rule.effect);
    }
    return effects;
  }
}

function fits(rule: FaultRule, call: Call): boolean {
  if (rule.service !== undefined && rule.service !== call.service) return false;
  if (rule.operation !== undefined && rule.operation !== call.operation) return false;
  if (rule.principal && !rule.principal(call.principal)) return false;
  return rule.call?.(call) ?? true;
}

function throttled(call: Call): AwsError {
  if (call.service === 'dynamodb') {
    return new AwsError(
      'ProvisionedThroughputExceededException',
      'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.',
    );
  }
  if (call.service === 's3') return new AwsError('SlowDown', 'Please reduce your request rate.', 503);
  if (call.service === 'execute-api') return new AwsError('LimitExceededException', 'Rate exceeded', 429);
  return new AwsError('ThrottlingException', 'Rate exceeded');
}
