import * as z from 'zod';
import { NamePerson } from '../protocol/people.ts';
import { listSessions } from './domain/list-sessions.ts';
import { answered, sessionsAnswer } from './wiring/answers.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { open, world } from './wiring/rooms.ts';

const sessions = open.sessions();
const rooms = { sessions, people: open.people(), now: world.now };

/** Where somebody is signed in: the caller, or somebody in their charge. */
export const handler = onRequest(sessions, {
  'GET /me/sessions': route({
    schema: z.strictObject({}),
    operation: 'session.list',
    metric: 'ListSessions',
    run: async (_request, { caller }) => answered(await listSessions(rooms, caller), sessionsAnswer),
  }),
  'GET /admin/people/{person}/sessions': route({
    schema: NamePerson,
    operation: 'session.list',
    metric: 'ListSessions',
    run: async ({ person }, { caller }) =>
      answered(await listSessions(rooms, caller, person), sessionsAnswer),
  }),
});
