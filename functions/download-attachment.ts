import { DownloadAttachment } from '../protocol/attachments.ts';
import { downloadAttachment } from './domain/download-attachment.ts';
import { openDownloads } from './wiring/download-rooms.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { open, world } from './wiring/rooms.ts';

const rooms = {
  now: world.now,
  log: open.log(),
  retention: open.retention(),
  attachments: open.attachments(),
  objects: openDownloads(),
};

/** `POST …/messages/{seq}/downloads`: where who may read a message fetches what it carries, within a minute. */
export const handler = onRequest(open.sessions(), {
  'POST /conversations/{conversationId}/messages/{seq}/downloads': route({
    schema: DownloadAttachment,
    operation: 'attachment.download',
    metric: 'DownloadAttachment',
    run: ({ rendition = 'original', ...place }, { caller }) =>
      downloadAttachment(rooms, caller, { ...place, rendition }),
  }),
});
