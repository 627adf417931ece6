import { type ApprovingRooms, type Awaiting, secondPerson } from './approvals.ts';
import type { Caller } from './caller.ts';
import type { Decided } from './decision.ts';
import { allowOwn } from './policy.ts';
import type { Restamps } from './restamps.ts';
import {
  type ChangeableRetention,
  formerDays,
  isShorter,
  type RetentionKind,
  type RetentionPolicy,
  stillKeeping,
} from './retention.ts';

/** The policy, and whether what is stored is still being stamped by it. */
export interface RetentionState {
  readonly policy: RetentionPolicy;
  readonly restamping: boolean;
}

export interface RetentionRooms extends ApprovingRooms {
  readonly retention: ChangeableRetention;
  readonly restamps: Pick<Restamps, 'standing' | 'ask'>;
}

/**
 * Tells the policy.
 *
 * @throws Refusal `not-allowed`
 */
export async function showRetention(
  rooms: Pick<RetentionRooms, 'retention' | 'restamps'>,
  admitted: Promise<Caller>,
): Promise<Decided<RetentionState>> {
  const decision = allowOwn('retention.show', await admitted);
  const [policy, restamp] = await Promise.all([rooms.retention.standing(), rooms.restamps.standing()]);
  return { decision, value: { policy, restamping: restamp.done < restamp.asked } };
}

/** A policy that was changed, or a cut that waits for its second person. */
export type ChangedRetention = RetentionState | Awaiting;

/**
 * Sets the days of one kind of conversation; fewer days than hold now when a second person asks for the same number
 * within a day. Whoever reads goes by it from the write on; what is stored is stamped anew behind it, so that deletion
 * follows: a week after a cut at the earliest, of keys too. Longer days bring back what has expired and was not yet
 * deleted.
 *
 * @throws Refusal `not-allowed`
 */
export async function changeRetention(
  rooms: RetentionRooms,
  admitted: Promise<Caller>,
  wish: { readonly kind: RetentionKind; readonly days: number },
): Promise<Decided<ChangedRetention>> {
  const caller = await admitted;
  const { kind, days } = wish;
  const decision = { ...allowOwn('retention.change', caller), object: `${kind}-${days}` };
  const standing = await rooms.retention.standing();
  const isCut = isShorter(standing, kind, days);
  const approval = isCut ? await secondPerson(rooms, caller, decision) : undefined;
  if (approval?.state === 'awaiting-second-person') return { decision, value: approval };

  await rooms.restamps.ask(); // first: where the function dies between the two, a stamping that changes nothing
  const at = rooms.now();
  const policy = await rooms.retention.change(standing, {
    ...{ kind, days },
    before: isCut ? formerDays(standing, at) : stillKeeping(standing.before ?? [], at),
    changed: { at, by: caller.person, ...(approval && { requestedBy: approval.requestedBy }) },
  });
  if (!policy) return changeRetention(rooms, admitted, wish); // what is fewer may be another thing by now
  if (approval) await rooms.requests.close(approval.request);
  return { decision, value: { policy, restamping: true } };
}
