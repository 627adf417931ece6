import { BeginUpload, ShowAttachment, UploadPart } from '../protocol/attachments.ts';
import { beginUpload, showAttachment, uploadPart } from './domain/upload-attachment.ts';
import { openBucket } from './wiring/attachment-rooms.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { open, world } from './wiring/rooms.ts';

const rooms = {
  ...world,
  log: open.log(),
  attachments: open.attachments(),
  uploadCounts: open.uploadCounts(),
  objects: openBucket.objects(),
};
const operation = 'attachment.upload';

/** `…/attachments` of a conversation: permits to upload what was declared, and how far that has come. */
export const handler = onRequest(open.sessions(), {
  'POST /conversations/{conversationId}/attachments': route({
    schema: BeginUpload,
    ...{ operation, metric: 'BeginUpload', status: 201 },
    run: ({ conversationId, ...declared }, { caller }) =>
      beginUpload(rooms, caller, conversationId, declared),
  }),
  'POST /conversations/{conversationId}/attachments/{attachmentId}/parts': route({
    schema: UploadPart,
    ...{ operation, metric: 'UploadPart' },
    run: (part, { caller }) => uploadPart(rooms, caller, part),
  }),
  'GET /conversations/{conversationId}/attachments/{attachmentId}': route({
    schema: ShowAttachment,
    ...{ operation, metric: 'ShowAttachment' },
    run: (name, { caller }) => showAttachment(rooms, caller, name),
  }),
});
