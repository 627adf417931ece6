import { destroyKeys } from './domain/destroy-keys.ts';
import { policyOfKeys } from './domain/restamp.ts';
import { underLongestDays } from './domain/retention.ts';
import { setting } from './wiring/env.ts';
import { openKeeping } from './wiring/keeping-rooms.ts';
import { openKeys } from './wiring/key-rooms.ts';
import { onEvent } from './wiring/on-event.ts';
import { reportFaultIn } from './wiring/report.ts';
import { open, world } from './wiring/rooms.ts';
import { openVault } from './wiring/vault-rooms.ts';

const rooms = {
  now: world.now,
  keys: openKeys.destructible(),
  titles: openKeys.titles(),
  vault: openVault.vault(),
  ...openKeeping.keeping(),
  retentionDays: setting('retentionDays'),
  failed: (conversationId: string, error: unknown) => reportFaultIn('keys.destroy', conversationId, error),
};

const log = open.log();

/** Once a day: destroys every data key whose last entry has expired. What failed is met again the next day. */
export const handler = onEvent('DestroyKeys', () =>
  destroyKeys({ ...rooms, log: underLongestDays(log, policyOfKeys(rooms), world.now) }),
);
