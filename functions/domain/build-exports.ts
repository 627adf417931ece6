import { EXPORT_DAYS } from '../../protocol/exports.ts';
import type { ExportFiles, Packed, PatientExport, PatientExports } from './patient-exports.ts';

const MINUTE_MS = 60 * 1000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Longer than a function may run (Lambda quotas: 15 minutes), so that two are never at one export. */
const CLAIM_MS = 16 * MINUTE_MS;

export interface BuildingRooms {
  readonly exports: Pick<PatientExports, 'all' | 'replace'>;
  readonly files: ExportFiles;
  /** Packs everything that the patient may see at this moment, and stores it. */
  readonly pack: (wanted: PatientExport) => Promise<Packed>;
  readonly now: () => number;
  /** What went wrong with one export: it is tried again when its claim is over. */
  readonly failed: (wanted: PatientExport, error: unknown) => void;
}

/** Makes the exports that were approved, one after the other, and deletes those that were there for a week. May be repeated. */
export async function buildExports(rooms: BuildingRooms): Promise<void> {
  for (const one of await rooms.exports.all()) {
    await keepUp(rooms, one).catch((error: unknown) => rooms.failed(one, error));
  }
}

async function keepUp(rooms: BuildingRooms, one: PatientExport): Promise<void> {
  const now = rooms.now();
  if (one.state === 'ready' && (one.until ?? 0) <= now) {
    await rooms.files.remove(one.exportId);
    await rooms.exports.replace(one, { ...one, state: 'gone' });
  }
  if (one.state !== 'building' || (one.claimedUntil ?? 0) > now) return;
  const claimed = { ...one, claimedUntil: now + CLAIM_MS };
  if (!(await rooms.exports.replace(one, claimed))) return; // another run has it
  await rooms.files.remove(one.exportId); // of a run that died
  const packed = await rooms.pack(claimed);
  const readyAt = rooms.now();
  const { claimedUntil: _, ...kept } = claimed;
  await rooms.exports.replace(claimed, {
    ...kept,
    ...{ state: 'ready', readyAt, until: readyAt + EXPORT_DAYS * DAY_MS, packed },
  });
}
