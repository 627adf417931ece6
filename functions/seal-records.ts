import { lineOf } from './audit/lines.ts';
import { sealRecords } from './audit/seal-records.ts';
import { onSealing } from './wiring/on-sealing.ts';
import { reportSealing, reportTampering } from './wiring/report.ts';
import { openSealing } from './wiring/sealing-rooms.ts';

const rooms = openSealing();

/**
 * Seals what doors recorded and what conversations' logs hold, batch after batch, into the bucket from which nothing goes. Each
 * hour it seals a batch without records.
 */
export const handler = onSealing('SealRecords', async (records) => {
  if (records?.length === 0) return;
  const sealed = await sealRecords(rooms, (records ?? []).map(lineOf));
  if (sealed) reportSealing(sealed);
  const tampered = (records ?? []).filter(({ kind }) => kind === 'tampering').length;
  if (tampered > 0) reportTampering(tampered);
});
