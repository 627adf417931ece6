import type { AttachmentId, ConversationId } from '../../protocol/ids.ts';
import type { AttachmentName } from '../domain/attachment.ts';
import type { Rendition } from '../domain/objects.ts';

/** What keys begin with: originals are scanned, previews are made of what was found clean. `lib/attachment-store.ts` names the same two. */
const rooms: Readonly<Record<Rendition, string>> = { original: 'files', preview: 'previews' };

/** The key of an object: opaque ids, and never used again. */
export function keyOf({ conversationId, attachmentId }: AttachmentName, rendition: Rendition): string {
  return `${rooms[rendition]}/${conversationId}/${attachmentId}`;
}

/** The key of an export of what a patient may see: an opaque id. */
export function keyOfExport(exportId: string): string {
  return `exports/${exportId}`;
}

/** What the keys of all of a conversation's objects begin with. */
export function prefixOfAll(conversationId: ConversationId, rendition: Rendition): string {
  return `${rooms[rendition]}/${conversationId}/`;
}

/** The attachment whose original has this key; nothing where it is no such key. */
export function originalOf(key: string): AttachmentName | undefined {
  const [room, conversationId, attachmentId, ...more] = key.split('/');
  if (room !== rooms.original || !isId(conversationId) || !isId(attachmentId) || more.length > 0)
    return undefined;
  return { conversationId: conversationId as ConversationId, attachmentId: attachmentId as AttachmentId };
}

function isId(text: string | undefined): boolean {
  return text !== undefined && /^[a-z2-7]{26}$/.test(text);
}
