import { ConversationCatchUp, MAX_PAGE_ENTRIES } from '../protocol/frames.ts';
import { readLog } from './domain/read-log.ts';
import { logFrame } from './push/frames.ts';
import { onFrame } from './wiring/on-frame.ts';
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
const door = {
  schema: ConversationCatchUp,
  operation: 'conversation.catch-up',
  metric: 'CatchUp',
  sessions: open.sessions(),
} as const;

/** Frame `conversation.catch-up`: what stands after `since`, in order, as far as one frame holds. */
export const handler = onFrame(
  door,
  async ({ conversationId, since, limit = MAX_PAGE_ENTRIES }, { caller }) => {
    const { decision, value } = await readLog(
      rooms,
      caller,
      door.operation,
      conversationId,
      { after: since },
      limit,
    );
    const { person } = await caller;
    return { decision, value: logFrame(conversationId, value, person) };
  },
);
