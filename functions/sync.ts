import { Sync } from '../protocol/frames.ts';
import { sync } from './domain/sync.ts';
import { bytesOf, synced } from './push/frames.ts';
import { onFrame } from './wiring/on-frame.ts';
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
  bytesOf,
  failed: (conversationId: string, error: unknown) => reportFaultIn('sync', conversationId, error),
};
const door = { schema: Sync, operation: 'sync', metric: 'Sync', sessions: open.sessions() } as const;

/** Frame `sync`: what was missed in all of the caller's conversations, as much as one frame holds. */
export const handler = onFrame(door, async ({ cursors, after, through }, { caller }) => {
  const question = { cursors: new Map(Object.entries(cursors)), after, through };
  const { decision, value } = await sync(rooms, caller, question);
  const { person } = await caller;
  return { decision, value: synced(value, person) };
});
