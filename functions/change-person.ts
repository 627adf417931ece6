import { ChangeRoles, NamePerson } from '../protocol/people.ts';
import { changeRoles } from './domain/change-roles.ts';
import { disablePerson, enablePerson } from './domain/disable-person.ts';
import { answered, changedAnswer, personAnswer } from './wiring/answers.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { openPeople } from './wiring/people-rooms.ts';

const rooms = openPeople.moving();

/** What somebody is: changes hold from their next frame on, whatever their tokens say. */
export const handler = onRequest(openPeople.sessions(), {
  'POST /admin/people/{person}/roles': route({
    schema: ChangeRoles,
    operation: 'person.change-roles',
    metric: 'ChangeRoles',
    run: async ({ person, ...move }, { caller }) =>
      answered(await changeRoles(rooms, caller, person, move), changedAnswer),
  }),
  'POST /admin/people/{person}/disable': route({
    schema: NamePerson,
    operation: 'person.disable',
    metric: 'DisablePerson',
    run: async ({ person }, { caller }) =>
      answered(await disablePerson(rooms, caller, person), ({ receipt }) => receipt),
  }),
  'POST /admin/people/{person}/enable': route({
    schema: NamePerson,
    operation: 'person.enable',
    metric: 'EnablePerson',
    run: async ({ person }, { caller }) => answered(await enablePerson(rooms, caller, person), personAnswer),
  }),
});
