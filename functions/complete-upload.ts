import { CompleteUpload } from '../protocol/attachments.ts';
import { completeUpload } from './domain/complete-upload.ts';
import { openBucket } from './wiring/attachment-rooms.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { open } from './wiring/rooms.ts';

const rooms = { log: open.log(), attachments: open.attachments(), objects: openBucket.objects() };

/** `POST …/attachments/{attachmentId}/completion`: takes what was uploaded where it is what was declared, and deletes it where not. */
export const handler = onRequest(open.sessions(), {
  'POST /conversations/{conversationId}/attachments/{attachmentId}/completion': route({
    schema: CompleteUpload,
    operation: 'attachment.upload',
    metric: 'CompleteUpload',
    run: (name, { caller }) => completeUpload(rooms, caller, name),
  }),
});
