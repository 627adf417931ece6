import type { ConversationId } from '../../protocol/ids.ts';
import type { Entry } from './entry.ts';

/** An entry that was deleted because its time had come. */
export interface Deletion {
  readonly entry: Entry;
  /** Milliseconds since the epoch. */
  readonly deletedAt: number;
}

export interface Deletions {
  /**
   * Notes in a conversation's head that entries up to `seq` were deleted by their date, and gives the days that they were
   * stamped by; nothing where the head is gone.
   */
  reach(conversationId: ConversationId, seq: number): Promise<number | undefined>;
  /** Records by ids and hashes alone what was deleted. What was recorded before is left as it is. */
  record(
    conversationId: ConversationId,
    deleted: readonly Deletion[],
    retentionDays: number | undefined,
  ): Promise<void>;
}

/**
 * Records what retention deleted, so that it can be told from what was lost: an entry that is neither in the log nor in a
 * record is missing. Told twice, or in other batches, it comes to the same.
 */
export async function recordDeletions(deletions: Deletions, deleted: readonly Deletion[]): Promise<void> {
  const byConversation = new Map<ConversationId, Deletion[]>();
  for (const one of deleted) {
    const { conversationId } = one.entry;
    byConversation.set(conversationId, [...(byConversation.get(conversationId) ?? []), one]);
  }
  await Promise.all(
    [...byConversation].map(async ([conversationId, ofIt]) => {
      const upTo = Math.max(...ofIt.map(({ entry }) => entry.seq));
      await deletions.record(conversationId, ofIt, await deletions.reach(conversationId, upTo));
    }),
  );
}
