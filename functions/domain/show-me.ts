import type { Caller } from './caller.ts';
import type { Decided } from './decision.ts';

/** Who the caller is, as every rule here sees them. */
export async function showMe(admitted: Promise<Caller>): Promise<Decided<Caller>> {
  const caller = await admitted;
  return {
    decision: {
      operation: 'me.show',
      object: caller.person,
      purpose: 'operations',
      rule: 'live-session',
      outcome: 'allowed',
    },
    value: caller,
  };
}
