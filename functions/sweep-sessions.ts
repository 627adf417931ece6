import { sweepSessions } from './domain/sweep-sessions.ts';
import { onEvent } from './wiring/on-event.ts';
import { openPush } from './wiring/push-rooms.ts';
import { reportSweep } from './wiring/report.ts';
import { open, world } from './wiring/rooms.ts';

const rooms = {
  now: world.now,
  sessions: open.sessions(),
  records: open.allSessions(),
  sockets: openPush.closer(),
};

/** Every minute: tells and closes the sockets of those who were away too long, or signed in too long ago. */
export const handler = onEvent('SweepSessions', async () => reportSweep(await sweepSessions(rooms)));
