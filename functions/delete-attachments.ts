import { deleteAttachments } from './domain/follow-messages.ts';
import { openBucket } from './wiring/attachment-rooms.ts';
import { openKeeping } from './wiring/keeping-rooms.ts';
import { onEvent } from './wiring/on-event.ts';
import { reportFaultIn } from './wiring/report.ts';
import { open, world } from './wiring/rooms.ts';

const rooms = {
  now: world.now,
  list: openKeeping.deletionList(),
  attachments: open.attachments(),
  objects: openBucket.deleter(),
  failed: (conversationId: string, error: unknown) =>
    reportFaultIn('attachment.delete', conversationId, error),
};

/** Every minute: deletes the attachments whose messages are gone, and those that no message carried. */
export const handler = onEvent('DeleteAttachments', () => deleteAttachments(rooms));
