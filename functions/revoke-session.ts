import { RevokeSession } from '../protocol/requests.ts';
import { revokeSession } from './domain/revoke-session.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { openPeople } from './wiring/people-rooms.ts';
import { world } from './wiring/rooms.ts';

const rooms = {
  ...world,
  people: openPeople.people(),
  stamps: openPeople.stamps(),
  sockets: openPeople.closer(),
  signIns: openPeople.signIns(),
  signer: openPeople.signer(),
};

/** `POST /admin/revocations`: ends somebody's sign-ins at once, and answers with a signed receipt of what was done. */
export const handler = onRequest(openPeople.sessions(), {
  'POST /admin/revocations': route({
    schema: RevokeSession,
    operation: 'session.revoke',
    metric: 'RevokeSession',
    run: ({ person, session }, { caller }) =>
      revokeSession(rooms, caller, { person, ...(session !== undefined && { session }) }),
  }),
});
