import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import type { Caller } from './caller.ts';
import type { Head } from './conversation.ts';
import type { Decided } from './decision.ts';
import type { Log } from './log.ts';
import { allowOwn } from './policy.ts';
import type { Restamps } from './restamp.ts';

/** What a number of days is set for: one kind of conversation, or every kind that has none of its own. */
export type RetentionKind = Head['kind'] | 'default';

/** How many days what is said may be read, by kind of conversation: the organisation's rule of this moment. */
export interface RetentionPolicy {
  readonly days: Readonly<Partial<Record<Head['kind'], number>>> & { readonly default: number };
  /** The last change; without one, what the deployment was set to holds. Milliseconds since the epoch. */
  readonly changed?: { readonly at: number; readonly by: PersonId };
}

export interface Retention {
  /** Strongly consistent: whatever was changed before holds from here on. */
  standing(): Promise<RetentionPolicy>;
}

export interface ChangeableRetention extends Retention {
  /** Sets the days of one kind and gives the policy as it stands then. */
  change(kind: RetentionKind, days: number, changed: { at: number; by: PersonId }): Promise<RetentionPolicy>;
}

/** Days that an entry of this conversation may be read. */
export function daysFor({ days }: RetentionPolicy, kind: Head['kind']): number {
  return days[kind] ?? days.default;
}

/** The head as it is to be read: what has expired follows from the policy, and not from what entries were stamped by. */
export function underPolicy(log: ReadLog, policy: Promise<RetentionPolicy>): ReadLog {
  return {
    head: async (conversationId: ConversationId) => {
      const [head, standing] = await Promise.all([log.head(conversationId), policy]);
      return head && headUnder(standing, head);
    },
    forward: (...asked) => log.forward(...asked),
    backward: (...asked) => log.backward(...asked),
  };
}

type ReadLog = Pick<Log, 'head' | 'forward' | 'backward'>;

/** One head as {@link underPolicy} gives it. */
export function headUnder(policy: RetentionPolicy, head: Head): Head {
  return { ...head, retentionDays: daysFor(policy, head.kind) };
}

/** The policy read once, however often it is asked for: an answer about many conversations goes by one policy. */
export function readOnce(retention: Retention): Retention {
  let reading: Promise<RetentionPolicy> | undefined;
  return {
    standing: () => {
      reading ??= retention.standing();
      return reading;
    },
  };
}

/** The policy, and whether what is stored is still being stamped by it. */
export interface RetentionState {
  readonly policy: RetentionPolicy;
  readonly restamping: boolean;
}

export interface RetentionRooms {
  readonly retention: ChangeableRetention;
  readonly restamps: Pick<Restamps, 'standing' | 'ask'>;
  readonly now: () => number;
}

/**
 * Tells the policy.
 *
 * @throws Refusal `not-allowed`
 */
export async function showRetention(
  rooms: RetentionRooms,
  admitted: Promise<Caller>,
): Promise<Decided<RetentionState>> {
  const decision = allowOwn('retention.show', await admitted);
  const [policy, restamp] = await Promise.all([rooms.retention.standing(), rooms.restamps.standing()]);
  return { decision, value: { policy, restamping: restamp.done < restamp.asked } };
}

/**
 * Sets the days of one kind of conversation. Whoever reads goes by it from the write on; what is stored is stamped anew
 * behind it, so that deletion follows. Longer days bring back what has expired and was not yet deleted.
 *
 * @throws Refusal `not-allowed`
 */
export async function changeRetention(
  rooms: RetentionRooms,
  admitted: Promise<Caller>,
  { kind, days }: { readonly kind: RetentionKind; readonly days: number },
): Promise<Decided<RetentionState>> {
  const caller = await admitted;
  const decision = { ...allowOwn('retention.change', caller), object: kind };
  await rooms.restamps.ask(); // first: where the function dies between the two, a stamping that changes nothing
  const policy = await rooms.retention.change(kind, days, { at: rooms.now(), by: caller.person });
  return { decision, value: { policy, restamping: true } };
}
