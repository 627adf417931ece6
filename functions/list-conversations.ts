import { ListConversations, MAX_INBOX_PAGE } from '../protocol/requests.ts';
import { type InboxPlace, listConversations } from './domain/list-conversations.ts';
import { inbox } from './push/frames.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { reportFaultIn } from './wiring/report.ts';
import { open, world } from './wiring/rooms.ts';
import { openVault } from './wiring/vault-rooms.ts';

const rooms = {
  now: world.now,
  log: open.log(),
  lists: open.lists(),
  standings: open.standings(),
  vault: openVault.vault(),
  retention: open.retention(),
  failed: (conversationId: string, error: unknown) =>
    reportFaultIn('conversation.list', conversationId, error),
};

/** `GET /conversations`: the caller's inbox, newest first. */
export const handler = onRequest(open.sessions(), {
  'GET /conversations': route({
    schema: ListConversations,
    operation: 'conversation.list',
    metric: 'ListConversations',
    run: async ({ after, limit = MAX_INBOX_PAGE }, { caller }) => {
      const place = after === undefined ? undefined : placeOf(after);
      const { decision, value } = await listConversations(rooms, caller, { after: place, limit });
      return { decision, value: inbox(value, (await caller).person) };
    },
  }),
});

/** The place that `next` of an earlier page stands for. */
function placeOf(next: string): InboxPlace {
  const [lastAt, conversationId = ''] = next.split('.');
  return { lastAt: Number(lastAt), conversationId };
}
