import type { Caller } from './caller.ts';
import type { Decided } from './decision.ts';
import { allowOwn } from './policy.ts';

/** Who the caller is, as every rule here sees them. */
export async function showMe(admitted: Promise<Caller>): Promise<Decided<Caller>> {
  const caller = await admitted;
  return { decision: allowOwn('me.show', caller), value: caller };
}
