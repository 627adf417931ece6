import { CreateConversation } from '../protocol/requests.ts';
import { createConversation } from './domain/create-conversation.ts';
import { conversation } from './push/frames.ts';
import { openKeeping } from './wiring/keeping-rooms.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { open, world } from './wiring/rooms.ts';
import { openVault } from './wiring/vault-rooms.ts';

const rooms = {
  now: world.now,
  pause: world.pause,
  log: open.logWithLists(),
  people: open.people(),
  vault: openVault.vault(),
  ...openKeeping.keeping(),
};

/** `POST /conversations`: one conversation per caller and `ref`, one direct conversation per pair of people. */
export const handler = onRequest(open.sessions(), {
  'POST /conversations': route({
    schema: CreateConversation,
    operation: 'conversation.create',
    metric: 'CreateConversation',
    status: 201,
    run: async (request, { caller }) => {
      const { decision, value } = await createConversation(rooms, caller, request);
      return { decision, value: conversation(value.head, value.title) };
    },
  }),
});
