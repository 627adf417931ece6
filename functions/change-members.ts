import { AddMember, RemoveMember } from '../protocol/requests.ts';
import { changeMembers, type MembershipWish } from './domain/change-members.ts';
import { conversation } from './push/frames.ts';
import { openKeeping } from './wiring/keeping-rooms.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { openPush } from './wiring/push-rooms.ts';
import { type Admission, shaped } from './wiring/request.ts';
import { open, world } from './wiring/rooms.ts';

const sessions = open.sessions();
const rooms = {
  ...world,
  sessions,
  log: open.logWithLists(),
  ...open.newcomers(),
  ends: open.ends(),
  announcements: openPush.announcements(),
  ...openKeeping.keeping(),
};

/** A conversation's members: owners add and remove, anybody leaves. */
export const handler = onRequest(sessions, {
  'POST /conversations/{conversationId}/members': route({
    schema: AddMember,
    operation: 'member.add',
    metric: 'AddMember',
    run: ({ conversationId, ...wish }, admission) =>
      changed(admission, conversationId, { kind: 'member.added', ...wish }),
  }),
  'DELETE /conversations/{conversationId}/members/{person}': route({
    schema: RemoveMember,
    operation: 'member.remove',
    metric: 'RemoveMember',
    run: ({ conversationId, person }, admission) =>
      changed(admission, conversationId, { kind: 'member.removed', person }),
  }),
});

async function changed({ caller }: Admission, conversationId: string, wish: MembershipWish) {
  return shaped(await changeMembers(rooms, caller, conversationId, wish), conversation);
}
