import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import type { Head } from './conversation.ts';
import type { Log } from './log.ts';

/** How long days that were cut still keep what they kept, in milliseconds: a number that was mistaken can be taken back. */
export const KEPT_WHEN_CUT_MS = 7 * 24 * 60 * 60 * 1000;

/** What a number of days is set for: one kind of conversation, or every kind that has none of its own. */
export type RetentionKind = Head['kind'] | 'default';

/** Every kind of conversation. */
const kinds: readonly Head['kind'][] = ['direct', 'group'];

/** Days of the kinds that have some of their own, and of those that have none. */
export type RetentionDays = Readonly<Partial<Record<Head['kind'], number>>> & { readonly default: number };

/** How many days what is said may be read, by kind of conversation: the organisation's rule of this moment. */
export interface RetentionPolicy {
  readonly days: RetentionDays;
  /** What the days were before each cut of the last week: reading ignores it, and no key is destroyed against it. */
  readonly before?: readonly FormerDays[];
  /** The last change; without one, what the deployment was set to holds. */
  readonly changed?: RetentionChange;
  /** Counts the changes. @default 0 */
  readonly version?: number;
}

/** Days that held until they were cut, and for how long they still keep keys; milliseconds since the epoch. */
export interface FormerDays {
  readonly days: RetentionDays;
  readonly until: number;
}

/** A change of the policy; milliseconds since the epoch. */
export interface RetentionChange {
  readonly at: number;
  readonly by: PersonId;
  /** Who asked for it first, where it took two people. */
  readonly requestedBy?: PersonId;
}

export interface Retention {
  /** Strongly consistent: whatever was changed before holds from here on. */
  standing(): Promise<RetentionPolicy>;
}

export interface ChangeableRetention extends Retention {
  /**
   * Sets the days of one kind in the place of `standing`, and what was before them; gives the policy as it stands then,
   * and nothing where somebody else has changed it meanwhile. One conditional write.
   */
  change(standing: RetentionPolicy, set: SetDays): Promise<RetentionPolicy | undefined>;
  /** Keeps former days beside those of `standing`; says whether it did: not where somebody has changed the policy meanwhile. */
  remember(standing: RetentionPolicy, before: readonly FormerDays[]): Promise<boolean>;
}

/** What one change writes. */
export interface SetDays {
  readonly kind: RetentionKind;
  readonly days: number;
  readonly before: readonly FormerDays[];
  readonly changed: RetentionChange;
}

/** Days that an entry of this conversation may be read. */
export function daysFor({ days }: Pick<RetentionPolicy, 'days'>, kind: Head['kind']): number {
  return days[kind] ?? days.default;
}

/** Whether fewer days would hold for some kind than do now. */
export function isShorter(policy: RetentionPolicy, kind: RetentionKind, days: number): boolean {
  const set = { days: { ...policy.days, [kind]: days } };
  return kinds.some((one) => daysFor(set, one) < daysFor(policy, one));
}

/** What must be remembered of a policy that is cut at `at`: its own days, and those of cuts within the week before. */
export function formerDays({ days, before = [] }: RetentionPolicy, at: number): readonly FormerDays[] {
  return [...stillKeeping(before, at), { days, until: at + KEPT_WHEN_CUT_MS }];
}

/**
 * The policy of a deployment that was set to fewer days than were noted last, with what must be remembered of it: the
 * noted days, whether or not the organisation has set its own. As it stands, where they are not fewer.
 */
export function withDaysNoted(
  policy: RetentionPolicy,
  { noted = 0, deployed }: { readonly noted?: number | undefined; readonly deployed: number },
  at: number,
): RetentionPolicy {
  if (noted <= deployed) return policy;
  return { ...policy, before: formerDays({ ...policy, days: { ...policy.days, default: noted } }, at) };
}

/** The former days that keep something yet. */
export function stillKeeping(before: readonly FormerDays[], at: number): readonly FormerDays[] {
  return before.filter(({ until }) => until > at);
}

/** The longest days that held for a kind at some moment of the week before `at`: what nobody can read may be destroyed after them. */
export function longestDaysFor(policy: RetentionPolicy, kind: Head['kind'], at: number): number {
  const held = [policy, ...stillKeeping(policy.before ?? [], at)];
  return Math.max(...held.map((one) => daysFor(one, kind)));
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

/** The head as whoever destroys keys is to read it: days that were cut within the last week hold as before. */
export function underLongestDays(
  log: Pick<Log, 'head'>,
  policy: Promise<RetentionPolicy>,
  now: () => number,
): Pick<Log, 'head'> {
  return {
    head: async (conversationId: ConversationId) => {
      const [head, standing] = await Promise.all([log.head(conversationId), policy]);
      return head && { ...head, retentionDays: longestDaysFor(standing, head.kind, now()) };
    },
  };
}

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
