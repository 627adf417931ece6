import { ListHolds, PlaceHold, ReleaseHold } from '../protocol/requests.ts';
import { listHolds, placeHold, releaseHold } from './domain/holds.ts';
import { hold, holdList, release } from './push/frames.ts';
import { openKeeping } from './wiring/keeping-rooms.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { shaped } from './wiring/request.ts';
import { open, world } from './wiring/rooms.ts';

const sessions = open.sessions();
const rooms = {
  ...{ sessions, now: world.now, log: open.log(), people: open.people() },
  holds: openKeeping.holds(),
  requests: open.requests(),
  restamps: openKeeping.restamps(),
};

/** Legal holds: placed and listed by a privacy officer, released by two. */
export const handler = onRequest(sessions, {
  'POST /admin/holds': route({
    schema: PlaceHold,
    operation: 'hold.place',
    metric: 'PlaceHold',
    status: 201,
    run: async (wish, { caller }) => shaped(await placeHold(rooms, caller, wish), hold),
  }),
  'GET /admin/holds': route({
    schema: ListHolds,
    operation: 'hold.list',
    metric: 'ListHolds',
    run: async (_request, { caller }) => shaped(await listHolds(rooms, caller), holdList),
  }),
  'POST /admin/holds/{holdId}/release': route({
    schema: ReleaseHold,
    operation: 'hold.release',
    metric: 'ReleaseHold',
    run: async ({ holdId }, { caller }) => shaped(await releaseHold(rooms, caller, holdId), release),
  }),
});
