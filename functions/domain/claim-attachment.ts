import type { MessageBody } from '../../protocol/bodies.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import { type Attachments, stateOf, whyClosed } from './attachment.ts';
import type { Caller } from './caller.ts';
import { checkPhoto, type PhotoRooms } from './clinical-photo.ts';
import type { Head } from './conversation.ts';
import type { Decision } from './decision.ts';
import type { Withheld } from './phi.ts';
import { refuse } from './policy.ts';

/** What a message carries is kept this long, until the stream has told that the message stands in its log: far longer than a stream lags. */
const UNTIL_TOLD_MS = 8 * 24 * 60 * 60 * 1000;

export interface ClaimingRooms extends PhotoRooms {
  readonly attachments: Pick<Attachments, 'claim'>;
}

/** A body that carries a file. */
export type CarryingBody = Exclude<Withheld<MessageBody>, { readonly kind: 'text' }>;

/** A message that carries a file. */
export interface CarryingDraft {
  readonly ref: string;
  readonly conversationId: ConversationId;
  readonly body: CarryingBody;
}

/** Whether a body carries a file. */
export function carries(body: Withheld<MessageBody>): body is CarryingBody {
  return body.kind !== 'text';
}

/**
 * Has this message, and no other, carry the file that it names: one that its sender uploaded, that was found to be what it was declared
 * as, and in which no scan has found anything. May be repeated. Of a clinical photograph {@link checkPhoto} is asked first.
 *
 * @throws Refusal `unknown-attachment`, `attachment-used`, `malware-found`, `not-scannable`, `scan-failed`, and what {@link checkPhoto} refuses
 */
export async function claimAttachment(
  rooms: ClaimingRooms,
  caller: Caller,
  decision: Decision,
  head: Head,
  { ref, conversationId, body }: CarryingDraft,
): Promise<void> {
  if (body.kind === 'clinical-photo') await checkPhoto(rooms, caller, decision, head, body);
  const { attachmentId, contentType, bytes, sha256 } = body;
  const claimed = await rooms.attachments.claim(
    { conversationId, attachmentId },
    { ref, uploader: caller.person, declared: { contentType, bytes, sha256 } },
    rooms.now() + UNTIL_TOLD_MS,
  );
  if (claimed.outcome === 'claimed') return;

  const { existing } = claimed;
  const isOwn = existing?.uploader === caller.person;
  if (!isOwn) throw refuse(decision, 'own-attachment', 'unknown-attachment');
  if (existing.claimedBy !== undefined && existing.claimedBy !== ref) {
    throw refuse(decision, 'own-attachment', 'attachment-used');
  }
  const closed = whyClosed(stateOf(existing));
  const code = closed === undefined || closed === 'not-scanned' ? 'unknown-attachment' : closed;
  throw refuse(decision, 'own-attachment', code);
}
