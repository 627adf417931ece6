import { evaluate } from './evaluate.ts';
import type { Judge, StatementName } from './policy.ts';

/** Something that a caller was allowed, by which statement, and how often. */
export interface Allowance extends StatementName {
  /** The session that called. */
  readonly principal: string;
  readonly action: string;
  readonly times: number;
}

/** Something that a caller was refused, in AWS's sentence. */
export interface Refusal {
  readonly principal: string;
  readonly action: string;
  readonly message: string;
  readonly times: number;
}

/** Keeps count of every decision of a run: which statement allowed which action to whom, and what was refused. */
export class PermissionRecord {
  private readonly allowed = new Map<string, Allowance>();
  private readonly refused = new Map<string, Refusal>();

  /** Decides as `evaluate` does and remembers it. */
  readonly judge: Judge = (principal, authorization) => {
    const verdict = evaluate(principal, authorization);
    const asked = { principal: principal.arn, action: authorization.action };
    if (verdict.allowed) count(this.allowed, { ...asked, ...verdict.by });
    else count(this.refused, { ...asked, message: verdict.message });
    return verdict;
  };

  allowances(): readonly Allowance[] {
    return [...this.allowed.values()];
  }

  refusals(): readonly Refusal[] {
    return [...this.refused.values()];
  }
}

function count<T extends object>(counted: Map<string, T & { readonly times: number }>, one: T): void {
  const key = JSON.stringify(one);
  counted.set(key, { ...one, times: (counted.get(key)?.times ?? 0) + 1 });
}
