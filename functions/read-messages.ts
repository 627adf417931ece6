import { MAX_PAGE_ENTRIES } from '../protocol/frames.ts';
import { ReadMessages } from '../protocol/requests.ts';
import { readLog } from './domain/read-log.ts';
import { logPage } from './push/frames.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { openingInAName } from './wiring/opening-in-a-name.ts';
import { open, world } from './wiring/rooms.ts';
import { openVault } from './wiring/vault-rooms.ts';

const rooms = {
  now: world.now,
  log: open.log(),
  vault: openVault.vault(),
  openFor: openingInAName(),
  retention: open.retention(),
};

/** `GET /conversations/{conversationId}/messages`: history, from its end unless `after` or `before` says otherwise. */
export const handler = onRequest(open.sessions(), {
  'GET /conversations/{conversationId}/messages': route({
    schema: ReadMessages,
    operation: 'conversation.read',
    metric: 'ReadMessages',
    run: async ({ conversationId, after, before, limit = MAX_PAGE_ENTRIES }, { caller }) => {
      const range = after === undefined ? { before: before ?? Number.POSITIVE_INFINITY } : { after };
      const { decision, value } = await readLog(
        rooms,
        caller,
        'conversation.read',
        conversationId,
        range,
        limit,
      );
      return { decision, value: logPage(conversationId, value, (await caller).person) };
    },
  }),
});
