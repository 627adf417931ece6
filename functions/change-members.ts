import { AddMember, RemoveMember } from '../protocol/requests.ts';
import { changeMembers } from './domain/change-members.ts';
import { conversation } from './push/frames.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { open, world } from './wiring/rooms.ts';

const sessions = open.sessions();
const rooms = {
  ...world,
  sessions,
  log: open.logWithLists(),
  people: open.people(),
  announcements: open.announcements(),
};

/** A conversation's members: owners add and remove, anybody leaves. */
export const handler = onRequest(sessions, {
  'POST /conversations/{conversationId}/members': route({
    schema: AddMember,
    operation: 'member.add',
    metric: 'AddMember',
    run: async ({ conversationId, ref, person, role = 'member' }, { caller }) => {
      const change = { kind: 'member.added', person, role } as const;
      const { decision, value } = await changeMembers(rooms, caller, conversationId, change, ref);
      return { decision, value: conversation(value) };
    },
  }),
  'DELETE /conversations/{conversationId}/members/{person}': route({
    schema: RemoveMember,
    operation: 'member.remove',
    metric: 'RemoveMember',
    run: async ({ conversationId, person }, { caller }) => {
      const change = { kind: 'member.removed', person } as const;
      const { decision, value } = await changeMembers(rooms, caller, conversationId, change, world.newRef());
      return { decision, value: conversation(value) };
    },
  }),
});
