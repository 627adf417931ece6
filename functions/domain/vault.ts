import type { EntryBody } from '../../protocol/bodies.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import type { EntryDraft, MessageEntry, Sealed } from './entry.ts';

/** Seals and opens what people wrote. Nothing else in the house sees a data key. */
export interface Vault {
  /** Seals a body for its one place in the log: moved to another place, or a field changed, it does not open. */
  sealBody(draft: EntryDraft, body: EntryBody): Promise<Sealed>;
  openBody(entry: MessageEntry): Promise<EntryBody>;
  sealTitle(conversationId: ConversationId, at: number, title: string): Promise<Sealed>;
  openTitle(conversationId: ConversationId, title: Sealed): Promise<string>;
}
