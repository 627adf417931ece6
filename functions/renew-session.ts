import { SessionRenew } from '../protocol/frames.ts';
import { renewSession } from './domain/session.ts';
import { openVerifier } from './wiring/identity.ts';
import { onFrame } from './wiring/on-frame.ts';
import { open } from './wiring/rooms.ts';

const sessions = open.sessions();
const verify = openVerifier();
const door = { schema: SessionRenew, operation: 'session.renew', metric: 'RenewSession', sessions } as const;

/** Frame `session.renew`: puts the socket under a newer access token of the same person and sign-in. */
export const handler = onFrame(door, async ({ token }, { caller, identity }) => {
  const { decision, value } = await renewSession(sessions, caller, identity, verify(token));
  return { decision, value: { type: 'session.renewed', expiresAt: new Date(value.expiresAt).toISOString() } };
});
