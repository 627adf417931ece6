import { type ContentType, isPicture, MAX_WHOLE_BYTES } from '../../protocol/attachments.ts';
import type { Attachment, AttachmentName, Attachments } from './attachment.ts';
import type { DeletionList } from './follow-messages.ts';
import type { Log } from './log.ts';
import type { Objects } from './objects.ts';
import { isBarePicture } from './picture.ts';
import type { Scan } from './record-scan.ts';

/** The longest edge of a preview, in pixels. */
export const PREVIEW_EDGE = 512;

/** Whoever can draw a small picture of a large one. */
export interface Previews {
  /**
   * A JPEG of the picture in these bytes, at most {@link PREVIEW_EDGE} pixels wide and high, and nothing but its pixels. Nothing where they are
   * no picture of that type, or more than is decoded. Never throws for what the bytes are.
   */
  of(bytes: Uint8Array, contentType: ContentType): Promise<Uint8Array | undefined>;
}

export interface PreviewingRooms {
  readonly attachments: Pick<Attachments, 'find' | 'previewed'>;
  readonly log: Pick<Log, 'head'>;
  readonly objects: Pick<Objects, 'read' | 'keepPreview'>;
  readonly list: Pick<DeletionList, 'put'>;
  readonly previews: Previews;
  /** Records what was shown of an attachment, for whoever wonders why there is no preview. */
  readonly recorded: (shown: {
    conversation: string;
    attachment: string;
    outcome: 'made' | 'not-decodable';
  }) => void;
}

/**
 * Keeps a preview of what was found clean and is a picture. An upload need not be complete for it: the scan is often over before its completion is
 * asked for, and nobody reaches a preview before a message carries the attachment. May be repeated: there is one preview of each.
 */
export async function makePreview(rooms: PreviewingRooms, scan: Scan): Promise<void> {
  const { conversationId, attachmentId } = scan;
  const name = { conversationId, attachmentId };
  const attachment = await rooms.attachments.find(name);
  if (!attachment) return rooms.list.put(name); // deleted meanwhile, perhaps between a preview and its note
  if (!isWanted(attachment, scan)) return;
  if (await isDestroyed(rooms, name)) return rooms.list.put(name);

  const preview = await drawn(rooms, attachment, scan.versionId);
  rooms.recorded({
    conversation: conversationId,
    attachment: attachmentId,
    outcome: preview ? 'made' : 'not-decodable',
  });
  if (!preview) return;
  const isNoted = await rooms.attachments.previewed(name, await rooms.objects.keepPreview(name, preview));
  // Whoever destroys a conversation marks it before they delete: a preview that was kept too late for them is seen here.
  if (!isNoted || (await isDestroyed(rooms, name))) await rooms.list.put(name);
}

function isWanted(attachment: Attachment, { versionId, verdict }: Scan): boolean {
  const { contentType, versionId: noted = versionId, previewVersionId } = attachment;
  const isShown = isPicture(contentType) || contentType === 'application/dicom';
  return verdict === 'clean' && isShown && noted === versionId && previewVersionId === undefined;
}

async function isDestroyed({ log }: PreviewingRooms, { conversationId }: AttachmentName): Promise<boolean> {
  return (await log.head(conversationId))?.shreddedAt !== undefined;
}

/** Whatever its completion would refuse is not decoded either. */
async function drawn(rooms: PreviewingRooms, attachment: Attachment, versionId: string) {
  const { contentType, bytes: size } = attachment;
  if (size > MAX_WHOLE_BYTES) return undefined; // of DICOM alone: pictures are smaller
  const bytes = await standing(rooms, attachment, versionId);
  if (!bytes || (isPicture(contentType) && !isBarePicture(bytes, contentType))) return undefined;
  return rooms.previews.of(bytes, contentType);
}

/** Nothing where it was deleted meanwhile, as what its completion refuses is. */
async function standing(
  { objects, attachments }: PreviewingRooms,
  attachment: Attachment,
  versionId: string,
) {
  try {
    return await objects.read(attachment, versionId);
  } catch (error) {
    if (await attachments.find(attachment)) throw error;
    return undefined;
  }
}
