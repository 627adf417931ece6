import { watchEmergencies } from './domain/watch-emergencies.ts';
import { openEmergencies } from './wiring/emergency-rooms.ts';
import { onEvent } from './wiring/on-event.ts';
import { reportLateReview, reportLateReviews } from './wiring/report.ts';
import { open, world } from './wiring/rooms.ts';

const rooms = {
  now: world.now,
  sessions: open.sessions(),
  ...openEmergencies.telling(),
  late: reportLateReview,
};

/** Every minute: tells privacy officers what awaits their review, counts what is late, and says so once a day. */
export const handler = onEvent('WatchEmergencies', async () =>
  reportLateReviews(await watchEmergencies(rooms)),
);
