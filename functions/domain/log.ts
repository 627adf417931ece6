import type { ConversationId } from '../../protocol/ids.ts';
import type { Head } from './conversation.ts';
import type { Entry, MembershipEntry } from './entry.ts';

/** A stretch of the log in ascending order, and whether it ended before there was nothing more to read. */
export interface Stretch {
  readonly entries: readonly Entry[];
  readonly more: boolean;
}

/** How one attempt to append ended. `lost` carries the entry that stands at that place. */
export type Appended =
  | { readonly outcome: 'stored' }
  | { readonly outcome: 'lost'; readonly winner: Entry }
  | { readonly outcome: 'conflict' };

/** How an attempt to create ended. `conflict`: another one is under way, and nothing is there yet. */
export type Created =
  | { readonly outcome: 'created' }
  | { readonly outcome: 'exists'; readonly existing: Head }
  | { readonly outcome: 'conflict' };

/** Where a guest was let in last, by the entry that did it. Whether that still holds, the conversation's head says. */
export interface GuestPlace {
  readonly conversationId: ConversationId;
  readonly seq: number;
}

/** What must still stand when a guest is let in: the place that was read before. */
export interface GuestClaim {
  readonly was: GuestPlace | undefined;
}

/** What a change of membership is written on the condition of, beside that nobody was faster. */
export interface MembershipCondition {
  /** A guest's claim to their one place. */
  readonly guest?: GuestClaim | undefined;
  /** That no more holds were placed than so many. */
  readonly placings?: number | undefined;
}

/** A conversation's head and log. All reads are strongly consistent. */
export interface Log {
  head(conversationId: ConversationId): Promise<Head | undefined>;
  /** The newest entries, ascending. */
  newest(conversationId: ConversationId, limit: number): Promise<readonly Entry[]>;
  /** Entries with `seq` above `after`, ascending; at most `limit` entries and 1 MB. */
  forward(conversationId: ConversationId, after: number, limit: number): Promise<Stretch>;
  /** Entries with `seq` below `before` and above `above` (0 unless said): the `limit` nearest to `before`, ascending. */
  backward(conversationId: ConversationId, before: number, limit: number, above?: number): Promise<Stretch>;
  /**
   * Puts the entry at its `seq` if nobody stands there: one conditional write, never an overwrite. The store may delete
   * it from `storedUntil` on (milliseconds since the epoch), and never where that is not said.
   */
  append(entry: Entry, storedUntil: number | undefined): Promise<Appended>;
  /**
   * Puts a membership entry and the head that follows from it, both or neither; with a `guest`'s claim also their one
   * place. `conflict` where the head's membership or the condition has moved on, or another write was under way.
   */
  appendMembership(
    entry: MembershipEntry,
    before: Head,
    after: Head,
    condition?: MembershipCondition,
  ): Promise<Appended>;
  /** Asks sends that read the head from now on to leave the next place to a change of membership, which takes this back. */
  askToYield(conversationId: ConversationId, until: number): Promise<void>;
  /** Replaces the members of a head that is still at `before.membersVersion`; says whether it was. */
  rebuild(before: Head, after: Head): Promise<boolean>;
  /** Creates a conversation, its members' lists included, unless it exists: then answers what stands there. */
  create(head: Head): Promise<Created>;
}
