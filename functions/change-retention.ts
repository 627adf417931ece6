import { ChangeRetention, ShowRetention } from '../protocol/requests.ts';
import { changeRetention, showRetention } from './domain/change-retention.ts';
import { changedRetention, retentionPolicy } from './push/frames.ts';
import { openKeeping } from './wiring/keeping-rooms.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { shaped } from './wiring/request.ts';
import { open, world } from './wiring/rooms.ts';

const sessions = open.sessions();
const rooms = {
  sessions,
  now: world.now,
  retention: open.retention(),
  restamps: openKeeping.restamps(),
  people: open.people(),
  requests: open.requests(),
};

/** `GET` and `POST /admin/retention`: how long what is said may be read, by kind of conversation; cut by two people. */
export const handler = onRequest(sessions, {
  'GET /admin/retention': route({
    schema: ShowRetention,
    operation: 'retention.show',
    metric: 'ShowRetention',
    run: async (_request, { caller }) => shaped(await showRetention(rooms, caller), retentionPolicy),
  }),
  'POST /admin/retention': route({
    schema: ChangeRetention,
    operation: 'retention.change',
    metric: 'ChangeRetention',
    run: async (change, { caller }) => shaped(await changeRetention(rooms, caller, change), changedRetention),
  }),
});
