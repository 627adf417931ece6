import { ShredConversation } from '../protocol/requests.ts';
import { askToShred } from './domain/ask-to-shred.ts';
import { shredding } from './push/frames.ts';
import { openBucket } from './wiring/attachment-rooms.ts';
import { setting } from './wiring/env.ts';
import { openKeeping } from './wiring/keeping-rooms.ts';
import { openKeys } from './wiring/key-rooms.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { open, world } from './wiring/rooms.ts';
import { openShredding } from './wiring/shredding-rooms.ts';
import { openVault } from './wiring/vault-rooms.ts';

const sessions = open.sessions();
const rooms = {
  sessions,
  ...world,
  log: open.log(),
  people: open.people(),
  requests: open.requests(),
  records: openKeys.shreds(),
  keys: openKeys.destructible(),
  objects: openBucket.deleter(),
  holds: openKeeping.holds(),
  exports: openShredding.exports(),
  exportFiles: openShredding.exportFiles(),
  signer: openVault.signer(),
  recoveryDays: setting('keysRecoveryDays'),
  backupDays: setting('backupDays'),
};

/** `POST /admin/shreds`: destroys a conversation's keys once two people have asked for it, and certifies that. */
export const handler = onRequest(sessions, {
  'POST /admin/shreds': route({
    schema: ShredConversation,
    operation: 'conversation.shred',
    metric: 'ShredConversation',
    run: async ({ conversationId }, { caller }) => {
      const { decision, value } = await askToShred(rooms, caller, conversationId);
      return { decision, value: shredding(value) };
    },
  }),
});
