import { SessionOpen } from '../protocol/frames.ts';
import { openSession } from './domain/session.ts';
import { features } from './wiring/features.ts';
import { onFrame } from './wiring/on-frame.ts';
import { open } from './wiring/rooms.ts';

const sessions = open.sessions();
const door = {
  schema: SessionOpen,
  operation: 'session.open',
  metric: 'OpenSession',
  sessions,
} as const;

/** Frame `session.open`: lists the socket for pushes and says until when its token is good. */
export const handler = onFrame(door, async ({ device }, { caller }) => {
  const { decision, value } = await openSession(sessions, caller, device);
  const expiresAt = new Date(value.expiresAt).toISOString();
  return { decision, value: { type: 'session.opened', features: [...features], expiresAt } };
});
