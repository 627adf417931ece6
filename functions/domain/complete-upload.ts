import { type Attachment as AttachmentSaid, isPicture } from '../../protocol/attachments.ts';
import { type Attachment, type Attachments, checksumOf, stateOf } from './attachment.ts';
import type { Caller } from './caller.ts';
import type { Decided } from './decision.ts';
import { Fault } from './fault.ts';
import type { Log } from './log.ts';
import type { Objects, StoredObject } from './objects.ts';
import { beginsAsPicture, HEAD_BYTES, isBarePicture } from './picture.ts';
import { refuse } from './policy.ts';
import { findOwn, type OwnAttachment, said } from './upload-attachment.ts';

export interface CompletingRooms {
  readonly log: Pick<Log, 'head'>;
  readonly attachments: Attachments;
  readonly objects: Pick<Objects, 'joinParts' | 'look' | 'read' | 'remove'>;
}

/**
 * Notes the version that was uploaded, once it is found to be what was declared: from then on a message may carry it. What is
 * something else is deleted. Answers again with what stands where it was completed before.
 *
 * @throws Refusal `not-a-member`, `read-only`, `unknown-attachment`, `attachment-incomplete`, `attachment-altered`, `picture-refused`
 */
export async function completeUpload(
  rooms: CompletingRooms,
  admitted: Promise<Caller>,
  name: OwnAttachment,
): Promise<Decided<AttachmentSaid>> {
  const { decision, attachment } = await findOwn(rooms, admitted, name);
  if (stateOf(attachment) !== 'awaited') return { decision, value: said(attachment) };

  const found = await uploaded(rooms, attachment);
  if (!found) throw refuse(decision, 'uploaded-as-declared', 'attachment-incomplete');
  const whyNot = await whyNotTaken(rooms, attachment, found);
  if (whyNot) {
    await rooms.objects.remove(name, found.versionId); // its item stays for its day: the permit may store the same bytes once more
    throw refuse(decision, 'uploaded-as-declared', whyNot);
  }

  const stored = await rooms.attachments.store(name, found.versionId);
  if (!stored) throw new Fault(`the attachment ${name.attachmentId} was forgotten while it was completed`);
  return { decision, value: said(stored) };
}

async function uploaded({ objects }: CompletingRooms, attachment: Attachment) {
  if (attachment.uploadId !== undefined && !(await objects.joinParts(attachment))) return undefined;
  return objects.look(attachment);
}

/** Whether it is something else than was declared. Of the bytes the permits let nothing else through: that is asked all the same. */
async function whyNotTaken(
  { objects }: CompletingRooms,
  attachment: Attachment,
  found: StoredObject,
): Promise<'attachment-altered' | 'picture-refused' | undefined> {
  const isDeclared =
    found.bytes === attachment.bytes &&
    found.contentType === attachment.contentType &&
    found.checksum === checksumOf(attachment) &&
    !found.saysMore; // who fetched it would undo an encoding, and have what nobody has scanned
  if (!isDeclared) return 'attachment-altered';
  if (!isPicture(attachment.contentType)) {
    const head = await objects.read(attachment, found.versionId, HEAD_BYTES);
    return beginsAsPicture(head) ? 'picture-refused' : undefined; // it would keep its metadata, and have no preview
  }
  const bytes = await objects.read(attachment, found.versionId);
  return isBarePicture(bytes, attachment.contentType) ? undefined : 'picture-refused';
}
