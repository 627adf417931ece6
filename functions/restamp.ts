import { restamp } from './domain/restamp.ts';
import { setting } from './wiring/env.ts';
import { onEvent } from './wiring/on-event.ts';
import { open, world } from './wiring/rooms.ts';

const rooms = {
  now: world.now,
  log: open.log(),
  ...open.keeping(),
  store: open.stampingStore(),
  retentionDays: setting('retentionDays'),
};

/** Every minute: goes on giving what is stored its dates of deletion, where policy or holds have changed. */
export const handler = onEvent('Restamp', () => restamp(rooms));
