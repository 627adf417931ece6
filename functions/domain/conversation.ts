import type { MemberRole } from '../../protocol/bodies.ts';
import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import type { Entry, Sealed } from './entry.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Days that what nobody may see any more stays stored: a mark that fell behind is raised in time. */
const STORED_AFTER_EXPIRY_DAYS = 7;

export interface Member {
  readonly person: PersonId;
  readonly role: MemberRole;
  /** The member sees what has a higher `seq`, and the entry that added them. */
  readonly joined: number;
  /** From then on they are none any more, whatever the log says; milliseconds since the epoch. Without it, until removed. */
  readonly until?: number | undefined;
  /** They were let in as a guest, and hold their one place here. */
  readonly guest?: true | undefined;
}

/** What a conversation is, in one item that every door reads. */
export interface Head {
  readonly conversationId: ConversationId;
  readonly kind: 'direct' | 'group';
  readonly members: readonly Member[];
  /** The `seq` of the last membership entry that `members` accounts for. */
  readonly membersVersion: number;
  /** A `seq` that the log has reached: the log never restarts below it. */
  readonly last: number;
  /** The hash of the entry at `last`; the next entry's `prev` where the log itself is gone. */
  readonly lastHash: Uint8Array;
  /** When something was last said, or who may hear it last changed: what inboxes sort by. */
  readonly lastAt: number;
  /** Until then sends leave the next place to a change of membership that has lost it; milliseconds since the epoch. */
  readonly yieldUntil?: number;
  /** Days by which its entries are stamped when they are written; who reads goes by the policy of that moment. */
  readonly retentionDays: number;
  /** Legal holds that stand on it: nothing of it is deleted meanwhile. */
  readonly holds?: readonly string[];
  /** The highest `seq` that was deleted because its time had come. */
  readonly deletedUpTo?: number;
  readonly createdAt: number;
  readonly createdBy: PersonId;
  /** The `ref` of the request that made it. */
  readonly ref: string;
  /** A hash of who was to be a member at its creation, for telling a repeat from another creation under its `ref`. */
  readonly founders: Uint8Array;
  readonly title?: Sealed;
  /** When its keys were destroyed, and all that was ever said in it with them; milliseconds since the epoch. */
  readonly shreddedAt?: number;
}

/** The member as the log has them, though their time may be over. */
export function memberOf(head: Head, person: PersonId): Member | undefined {
  return head.members.find((member) => member.person === person);
}

/** The member whose time is not over. */
export function memberAt(head: Head, person: PersonId, now: number): Member | undefined {
  const member = memberOf(head, person);
  return member && isStill(member, now) ? member : undefined;
}

/** Everybody who may hear what is said at this moment. */
export function membersAt(head: Head, now: number): readonly Member[] {
  return head.members.filter((member) => isStill(member, now));
}

/** Whether a membership has not come to its end. */
export function isStill({ until }: Pick<Member, 'until'>, now: number): boolean {
  return until === undefined || now < until;
}

/** Whether the member reads and says nothing. */
export function isReader({ role }: Member): boolean {
  return role === 'reader';
}

/** Whether retention or shredding has taken an entry: computed from the head at this moment, never from an item's own stamp. */
export function isExpired(head: Head, entry: Pick<Entry, 'at'>, now: number): boolean {
  return head.shreddedAt !== undefined || expiryOf(head, entry) <= now;
}

/** From when an entry may be deleted; milliseconds since the epoch. Never, while a legal hold stands. */
export function storedUntil(head: Head, entry: Pick<Entry, 'at'>): number | undefined {
  return isHeld(head) ? undefined : expiryOf(head, entry) + STORED_AFTER_EXPIRY_DAYS * DAY_MS;
}

/** Whether a legal hold keeps what retention would delete. It hides and shows nothing. */
export function isHeld({ holds = [] }: Pick<Head, 'holds'>): boolean {
  return holds.length > 0;
}

function expiryOf(head: Head, entry: Pick<Entry, 'at'>): number {
  return entry.at + head.retentionDays * DAY_MS;
}
