import type { Caller } from './caller.ts';
import type { Decided } from './decision.ts';
import { allowOwn } from './policy.ts';

/** The person is there, which admitting them has noted; says until when that is good. */
export async function keepSession(admitted: Promise<Caller>): Promise<Decided<Caller>> {
  const caller = await admitted;
  return { decision: allowOwn('session.keep', caller), value: caller };
}
