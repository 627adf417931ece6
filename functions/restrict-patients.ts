import { RestrictPatient } from '../protocol/people.ts';
import { restrictPatient } from './domain/restrictions.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { openRestrictions } from './wiring/restriction-rooms.ts';
import { open } from './wiring/rooms.ts';

const rooms = { people: open.people(), restrictions: openRestrictions() };

/** `POST /admin/people/{person}/restrictions`: whom a patient's conversations let in no more. */
export const handler = onRequest(open.sessions(), {
  'POST /admin/people/{person}/restrictions': route({
    schema: RestrictPatient,
    operation: 'person.restrict',
    metric: 'RestrictPatient',
    run: ({ person, restrictions }, { caller }) => restrictPatient(rooms, caller, person, restrictions),
  }),
});
