import type { Attachment as AttachmentSaid, BegunUpload, UploadPermit } from '../../protocol/attachments.ts';
import type { AttachmentId, ConversationId } from '../../protocol/ids.ts';
import { type Attachment, type Attachments, bytesOfPart, type Declared, stateOf } from './attachment.ts';
import type { Caller } from './caller.ts';
import type { Decided, Decision } from './decision.ts';
import type { Log } from './log.ts';
import type { Objects } from './objects.ts';
import { allow, refuse } from './policy.ts';
import type { UploadCounts } from './upload-quota.ts';

/** What no message carries is deleted after this long: an upload may take a night. */
const ORPHAN_MS = 24 * 60 * 60 * 1000;

/** Permits end well before that: bytes that came later would be stored, and known to nobody. */
const PERMITS_MS = ORPHAN_MS - 60 * 60 * 1000;

export interface UploadingRooms {
  readonly log: Pick<Log, 'head'>;
  readonly attachments: Attachments;
  readonly objects: Pick<Objects, 'permitWhole' | 'beginParts' | 'permitPart' | 'storedParts'>;
  readonly now: () => number;
  readonly newId: () => string;
}

/** What beginning takes besides. */
export interface BeginningRooms extends UploadingRooms {
  readonly uploadCounts: UploadCounts;
}

/**
 * Notes what is going to be uploaded and gives the permit for it, or begins an upload in parts. It counts for its person's day from here on,
 * whatever becomes of it: so that nobody has more open than two days' quota.
 *
 * @throws Refusal `not-a-member`, `read-only`, `shredded`, `upload-quota`
 */
export async function beginUpload(
  rooms: BeginningRooms,
  admitted: Promise<Caller>,
  conversationId: ConversationId,
  declared: Declared,
): Promise<Decided<BegunUpload>> {
  const [caller, head] = await Promise.all([admitted, rooms.log.head(conversationId)]);
  const decision = allow('attachment.upload', caller, { conversationId, head });
  if (head?.shreddedAt !== undefined) throw refuse(decision, 'not-destroyed', 'shredded');
  const { person: uploader } = caller;
  const isCounted = await rooms.uploadCounts.add({ uploader, bytes: declared.bytes, at: rooms.now() });
  if (!isCounted) throw refuse(decision, 'within-limits', 'upload-quota');
  const name = { conversationId, attachmentId: rooms.newId() };
  const uploadId = declared.parts && (await rooms.objects.beginParts(name, declared));
  const attachment: Attachment = { ...declared, ...name, uploader, beganAt: rooms.now(), uploadId };
  await rooms.attachments.begin(attachment, rooms.now() + ORPHAN_MS);
  const { attachmentId } = name;
  if (uploadId !== undefined) return { decision, value: { attachmentId } };
  return { decision, value: { attachmentId, upload: await rooms.objects.permitWhole(attachment) } };
}

/**
 * Gives the permit for one part, or for the whole as part 1, to its uploader as long as they may write there.
 *
 * @throws Refusal `not-a-member`, `read-only`, `unknown-attachment`, `malformed` (no such part)
 */
export async function uploadPart(
  rooms: UploadingRooms,
  admitted: Promise<Caller>,
  { part, ...name }: OwnAttachment & { readonly part: number },
): Promise<Decided<UploadPermit>> {
  const { decision, attachment } = await findOwn(rooms, admitted, name);
  const isOver = rooms.now() >= attachment.beganAt + PERMITS_MS;
  if (isOver || stateOf(attachment) !== 'awaited')
    throw refuse(decision, 'own-attachment', 'unknown-attachment');
  if (bytesOfPart(attachment, part) === undefined) throw refuse(decision, 'well-formed', 'malformed');
  const { objects } = rooms;
  const inParts = attachment.uploadId !== undefined;
  return {
    decision,
    value: await (inParts ? objects.permitPart(attachment, part) : objects.permitWhole(attachment)),
  };
}

/**
 * Tells its uploader how far an upload has come.
 *
 * @throws Refusal `not-a-member`, `read-only`, `unknown-attachment`
 */
export async function showAttachment(
  rooms: UploadingRooms,
  admitted: Promise<Caller>,
  name: OwnAttachment,
): Promise<Decided<AttachmentSaid>> {
  const { decision, attachment } = await findOwn(rooms, admitted, name);
  const isUnderWay = attachment.uploadId !== undefined && stateOf(attachment) === 'awaited';
  const storedParts = isUnderWay ? await rooms.objects.storedParts(attachment) : undefined;
  return { decision, value: said(attachment, storedParts) };
}

export interface OwnAttachment {
  readonly conversationId: ConversationId;
  readonly attachmentId: AttachmentId;
}

/** The caller's own upload in a conversation that they may write to. What is somebody else's is refused as what is not there. */
export async function findOwn(
  { log, attachments }: { readonly log: Pick<Log, 'head'>; readonly attachments: Attachments },
  admitted: Promise<Caller>,
  { conversationId, attachmentId }: OwnAttachment,
): Promise<{ readonly decision: Decision; readonly attachment: Attachment }> {
  const [caller, head, attachment] = await Promise.all([
    admitted,
    log.head(conversationId),
    attachments.find({ conversationId, attachmentId }),
  ]);
  const decision = allow('attachment.upload', caller, { conversationId, head });
  if (head?.shreddedAt !== undefined) throw refuse(decision, 'not-destroyed', 'shredded');
  if (attachment?.uploader !== caller.person) throw refuse(decision, 'own-attachment', 'unknown-attachment');
  return { decision, attachment };
}

/** An attachment as its uploader is told of it. */
export function said(attachment: Attachment, storedParts?: readonly number[]): AttachmentSaid {
  const { attachmentId, contentType, bytes, sha256 } = attachment;
  return {
    attachmentId,
    state: stateOf(attachment),
    contentType,
    bytes,
    sha256,
    ...(storedParts && { storedParts: [...storedParts] }),
  };
}
