import * as z from 'zod';
import { ReadRecertification, SignOff } from '../protocol/people.ts';
import { openRecertification, readRecertification, signOff } from './domain/recertify.ts';
import { answered, recertificationAnswer, recertificationPage, signedOffAnswer } from './wiring/answers.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { openPeople } from './wiring/people-rooms.ts';

const rooms = { ...openPeople.moving(), lists: openPeople.quarterLists(), everybody: openPeople.everybody() };

/** The quarter's list of everybody, on which somebody else signs for each. */
export const handler = onRequest(openPeople.sessions(), {
  'POST /admin/recertifications': route({
    schema: z.strictObject({}),
    operation: 'recertification.open',
    metric: 'OpenRecertification',
    run: async (_request, { caller }) =>
      answered(await openRecertification(rooms, caller), recertificationAnswer),
  }),
  'GET /admin/recertifications/{quarter}': route({
    schema: ReadRecertification,
    operation: 'recertification.read',
    metric: 'ReadRecertification',
    run: async (place, { caller }) =>
      answered(await readRecertification(rooms, caller, place), recertificationPage),
  }),
  'POST /admin/recertifications/{quarter}/people/{person}': route({
    schema: SignOff,
    operation: 'recertification.sign-off',
    metric: 'SignOff',
    run: async (wish, { caller }) => answered(await signOff(rooms, caller, wish), signedOffAnswer),
  }),
});
