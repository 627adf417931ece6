import { CreatePerson } from '../protocol/people.ts';
import { createPerson } from './domain/create-person.ts';
import { answered, createdAnswer } from './wiring/answers.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { newPassword } from './wiring/passwords.ts';
import { openPeople } from './wiring/people-rooms.ts';
import { world } from './wiring/rooms.ts';

const { find, create } = openPeople.accounts();
const rooms = {
  newId: world.newId,
  newPassword,
  accounts: { find, create },
  profiles: openPeople.profiles(),
};

/** `POST /admin/people`: makes somebody who can sign in, and tells their temporary password this once. */
export const handler = onRequest(openPeople.sessions(), {
  'POST /admin/people': route({
    schema: CreatePerson,
    operation: 'person.create',
    metric: 'CreatePerson',
    run: async (joiner, { caller }) => answered(await createPerson(rooms, caller, joiner), createdAnswer),
  }),
});
