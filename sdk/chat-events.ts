import type { AttachmentState } from '../protocol/attachments.ts';
import type { LogEntry } from '../protocol/frames.ts';
import type { StatusChange } from './outbox.ts';
import type { Kept } from './presence.ts';
import type { StateChange } from './states.ts';

/** What a chat tells, by the name of the event. */
export interface ChatEvents {
  /** The chat went from one state to another. */
  state: StateChange;
  /** The next entry of a conversation: in order, each once, one's own too. */
  message: LogEntry & { readonly conversationId: string };
  /** One's own message came a step further. */
  status: StatusChange;
  /** A conversation of this person that the app has not named, and a `seq` that its log has reached. */
  conversation: { readonly conversationId: string; readonly last: number };
  /** The malware scan of an attachment has ended: only what is `clean` can be downloaded. `seq` is of the message that carries it, if one does. */
  attachment: {
    readonly conversationId: string;
    readonly attachmentId: string;
    readonly seq?: number;
    readonly sender: string;
    readonly state: AttachmentState;
  };
  /** Another device of this person marked everything up to there as read. */
  read: { readonly conversationId: string; readonly upTo: number };
  /** Entries that are not to be had: retention took them, or they came before this person joined. */
  gap: { readonly conversationId: string; readonly from: number; readonly to: number };
  /** This person no longer belongs to a conversation. */
  removed: { readonly conversationId: string };
  /** The deployment was restored to a time before what this device knows: forget this conversation, it comes again from its beginning. */
  restored: { readonly conversationId: string };
  /** When this person will be signed out unless they do something; after `chat.active()`. */
  kept: Kept;
  /** Something was refused that the app is not waiting for. */
  refused: { readonly conversationId?: string; readonly code: string; readonly message: string };
}
