import type { ConversationId, PersonId } from '../../protocol/ids.ts';

/** A conversation on somebody's list. */
export interface Listing {
  readonly conversationId: ConversationId;
  /** Everything up to it was marked as read; 0 where nothing was. */
  readonly readUpTo: number;
}

/** A part of a list, by ascending id, and whether it ended before there was nothing more. */
export interface ListPage {
  readonly listings: readonly Listing[];
  readonly more: boolean;
}

/** Ids above `after` and not above `through`; all where neither is said. */
export interface IdRange {
  readonly after?: ConversationId | undefined;
  readonly through?: ConversationId | undefined;
}

/** How an attempt to mark ended. `absent`: not on the list. `conflict`: a change of membership is under way. */
export type Marked =
  | {
      readonly outcome: 'marked' /** The mark as it stands: the one asked for, or a higher one. */;
      readonly upTo: number;
    }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'conflict' };

/** Each person's list of conversations: a change of membership moves it in the same transaction. */
export interface Lists {
  /** Strongly consistent; at most `limit` conversations. */
  page(person: PersonId, range: IdRange, limit: number): Promise<ListPage>;
  /** Moves the mark forward, never back, and never onto a list that the conversation is not on. */
  mark(person: PersonId, conversationId: ConversationId, upTo: number): Promise<Marked>;
}

/** How far a conversation has come, as its head told a moment ago. */
export interface Standing {
  readonly last: number;
  readonly lastAt: number;
  readonly membersVersion: number;
}

/** Many heads at once. */
export interface Standings {
  /** Eventually consistent, at half the price: what is missing or old shows a moment later. */
  of(conversations: readonly ConversationId[]): Promise<ReadonlyMap<ConversationId, Standing>>;
}
