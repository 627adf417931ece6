import { SessionKeep } from '../protocol/frames.ts';
import { keepSession } from './domain/keep-session.ts';
import { onFrame } from './wiring/on-frame.ts';
import { open } from './wiring/rooms.ts';

const door = {
  schema: SessionKeep,
  operation: 'session.keep',
  metric: 'KeepSession',
  sessions: open.sessions(),
} as const;

/** Frame `session.keep`: the person is there, and says when they will be signed out. */
export const handler = onFrame(door, async (_frame, { caller }) => {
  const { decision, value } = await keepSession(caller);
  const [idleAt, endsAt] = [new Date(value.idleAt).toISOString(), new Date(value.endsAt).toISOString()];
  return { decision, value: { type: 'session.kept', idleAt, endsAt } };
});
