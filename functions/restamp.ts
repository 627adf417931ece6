import { restamp } from './domain/restamp.ts';
import { setting } from './wiring/env.ts';
import { openKeeping } from './wiring/keeping-rooms.ts';
import { onEvent } from './wiring/on-event.ts';
import { open, world } from './wiring/rooms.ts';

const rooms = {
  now: world.now,
  log: open.log(),
  ...openKeeping.keeping(),
  store: openKeeping.stampingStore(),
  retentionDays: setting('retentionDays'),
};

/** Every minute: goes on giving what is stored its dates of deletion, where policy or holds have changed. */
export const handler = onEvent('Restamp', () => restamp(rooms));
