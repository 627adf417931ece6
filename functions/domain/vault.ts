import type { EntryBody } from '../../protocol/bodies.ts';
import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import type { EntryDraft, MessageEntry, Sealed } from './entry.ts';
import type { Phi, Withheld } from './phi.ts';

/** Seals and opens what people wrote. Nothing else in the house sees a data key. */
export interface Vault {
  /** Seals a body for its one place in the log: moved to another place, or a field changed, it does not open. */
  sealBody(draft: EntryDraft, body: Withheld<EntryBody>): Promise<Sealed>;
  openBody(entry: MessageEntry): Promise<Withheld<EntryBody>>;
  sealTitle(conversationId: ConversationId, at: number, title: Phi<string>): Promise<Sealed>;
  openTitle(conversationId: ConversationId, title: Sealed): Promise<Phi<string>>;
}

/**
 * Does `work` with a vault that opens in the name of `person`, whom AWS's own record then names beside the conversation: no key that was
 * in memory before is used, and none stays there.
 */
export type OpensFor = <T>(
  person: PersonId,
  work: (vault: Pick<Vault, 'openBody'>) => Promise<T>,
) => Promise<T>;

/** What somebody wrote about a conversation and not in it. */
export interface Notes {
  /** Seals what somebody wrote about a conversation, for the one place that `place` names; it goes with the conversation's keys. */
  sealNote(place: NotePlace, at: number, note: Phi<string>): Promise<Sealed>;
  openNote(place: NotePlace, note: Sealed): Promise<Phi<string>>;
}

/** Where a note stands: no two notes have one place. */
export interface NotePlace {
  readonly conversationId: ConversationId;
  /** The id of what it stands in, and the name of the field. */
  readonly of: string;
  readonly field: 'reason' | 'note' | 'text';
}
