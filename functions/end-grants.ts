import { endGrants } from './domain/end-grants.ts';
import { openKeeping } from './wiring/keeping-rooms.ts';
import { onEvent } from './wiring/on-event.ts';
import { openPush } from './wiring/push-rooms.ts';
import { reportFaultIn } from './wiring/report.ts';
import { open, world } from './wiring/rooms.ts';

const rooms = {
  ...world,
  sessions: open.sessions(),
  log: open.logWithLists(),
  ends: open.ends(),
  announcements: openPush.announcements(),
  ...openKeeping.keeping(),
  failed: (conversationId: string, error: unknown) => reportFaultIn('member.remove', conversationId, error),
};

/** Every minute: brings logs and lists up to date about memberships whose time is over, and tells those people. */
export const handler = onEvent('EndGrants', () => endGrants(rooms));
