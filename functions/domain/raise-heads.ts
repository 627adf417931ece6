import type { ConversationId } from '../../protocol/ids.ts';
import { type Entry, hashOf } from './entry.ts';

/** How far a conversation's log has come. */
export interface Mark {
  readonly conversationId: ConversationId;
  readonly last: number;
  /** The hash of the entry at `last`. */
  readonly lastHash: Uint8Array;
  /** When that entry was written; milliseconds since the epoch. */
  readonly lastAt: number;
}

export interface Heads {
  /** Moves a head's mark forward; a head that is there already, or is gone, is left as it is. */
  raise(mark: Mark): Promise<void>;
}

/**
 * Notes in each head how far its log has come: once for each conversation, however many of its entries come at once.
 * Said twice, or in another order, it comes to the same.
 */
export async function raiseHeads(heads: Heads, entries: readonly Entry[]): Promise<void> {
  const newest = new Map<ConversationId, Entry>();
  for (const entry of entries) {
    const known = newest.get(entry.conversationId);
    if (!known || known.seq < entry.seq) newest.set(entry.conversationId, entry);
  }
  await Promise.all(
    [...newest.values()].map((entry) =>
      heads.raise({
        conversationId: entry.conversationId,
        last: entry.seq,
        lastHash: hashOf(entry),
        lastAt: entry.at,
      }),
    ),
  );
}
