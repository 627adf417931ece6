import * as z from 'zod';
import { onFrame } from './wiring/on-frame.ts';
import { malformed } from './wiring/request.ts';
import { open } from './wiring/rooms.ts';

const door = {
  schema: z.looseObject({ type: z.string() }),
  operation: 'frame.unknown',
  metric: 'UnknownFrame',
  sessions: open.sessions(),
} as const;

/** `$default`: whatever names no frame. Nothing is looked at but whether it has a type at all. */
export const handler = onFrame(door, async (_frame, { caller }) => {
  await caller;
  throw malformed('frame.unknown', 'unknown-type');
});
