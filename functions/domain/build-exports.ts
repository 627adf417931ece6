import { EXPORT_DAYS } from '../../protocol/exports.ts';
import {
  type ExportFiles,
  firstExpiry,
  type Packed,
  type PatientExport,
  type PatientExports,
  type ShredMarks,
  whyOver,
} from './patient-exports.ts';
import type { Retention } from './retention.ts';

const MINUTE_MS = 60 * 1000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Longer than a function may run (Lambda quotas: 15 minutes), so that two are never at one export. */
const CLAIM_MS = 16 * MINUTE_MS;

export interface BuildingRooms {
  readonly exports: Pick<PatientExports, 'all' | 'one' | 'replace'>;
  readonly files: ExportFiles;
  readonly retention: Retention;
  readonly shredMarks: ShredMarks;
  /** Packs everything that the patient may see at this moment, and stores it. */
  readonly pack: (wanted: PatientExport) => Promise<Packed>;
  readonly now: () => number;
  /** What went wrong with one export: it is tried again when its claim is over. */
  readonly failed: (wanted: PatientExport, error: unknown) => void;
}

/**
 * Makes the exports that were approved, one after the other, and deletes those that were there for a week or of which something has expired.
 * May be repeated.
 */
export async function buildExports(rooms: BuildingRooms): Promise<void> {
  for (const one of await rooms.exports.all()) {
    await keepUp(rooms, one).catch((error: unknown) => rooms.failed(one, error));
  }
}

async function keepUp(rooms: BuildingRooms, one: PatientExport): Promise<void> {
  if (one.state === 'ready') await endInTime(rooms, one);
  if (one.state !== 'building' || (one.claimedUntil ?? 0) > rooms.now()) return;
  const { withdrawnFor: _, ...unmarked } = one;
  const claimed = { ...unmarked, claimedUntil: rooms.now() + CLAIM_MS };
  if (!(await rooms.exports.replace(one, claimed))) return; // another run has it
  await rooms.files.remove(one.exportId); // of a run that died
  const packed = await rooms.pack(claimed);
  if (!(await offer(rooms, claimed, packed))) await beginAnew(rooms, claimed);
}

async function endInTime(rooms: BuildingRooms, one: PatientExport): Promise<void> {
  const endedBy = whyOver(one, await rooms.retention.standing(), rooms.now());
  if (!endedBy) return;
  await rooms.files.remove(one.exportId);
  await rooms.exports.replace(one, { ...one, state: 'gone', endedBy });
}

/**
 * Offers what was packed, unless something in it has expired or was destroyed while it was. A destruction is recorded first and looks for
 * exports afterwards: one whose record is not there yet finds this export, and its mark has the last write refused.
 */
async function offer(rooms: BuildingRooms, claimed: PatientExport, packed: Packed): Promise<boolean> {
  const policy = await rooms.retention.standing();
  if (await rooms.shredMarks.isAny(packed.opened)) return false;
  const readyAt = rooms.now();
  const until = Math.min(readyAt + EXPORT_DAYS * DAY_MS, firstExpiry(packed, policy));
  if (until <= readyAt) return false;
  const { claimedUntil: _, ...kept } = claimed;
  return rooms.exports.replace(claimed, { ...kept, state: 'ready', readyAt, until, packed });
}

/** Deletes what was made, so that the next run makes it without what is gone. */
async function beginAnew(rooms: BuildingRooms, claimed: PatientExport): Promise<void> {
  await rooms.files.remove(claimed.exportId);
  const standing = await rooms.exports.one(claimed.exportId);
  if (!standing || standing.claimedUntil !== claimed.claimedUntil) return;
  const { claimedUntil: _, withdrawnFor: __, ...kept } = standing;
  await rooms.exports.replace(standing, kept);
}
