import type { PersonId } from '../protocol/ids.ts';
import { recordScan, type ToldScan } from './domain/record-scan.ts';
import { onEvent } from './wiring/on-event.ts';
import { openPush } from './wiring/push-rooms.ts';
import { reportScan } from './wiring/report.ts';
import { open, world } from './wiring/rooms.ts';
import { recordingOf, type ScanResultEvent, scanIn } from './wiring/scan-result.ts';

const trail = open.trail();
const rooms = {
  now: world.now,
  log: open.log(),
  sessions: open.sessions(),
  attachments: open.attachments(),
  announcements: openPush.announcements(),
  told: reportScan,
  record: async (scan: ToldScan, uploader: PersonId | undefined) => {
    const { recording, told } = recordingOf(scan, uploader);
    await trail.put(recording, told);
  },
};

/** The scanner's event: notes what it found in an attachment, records that, and tells those who can see it. */
export const handler = onEvent('RecordScan', async (event: ScanResultEvent) => {
  const scan = scanIn(event);
  if (scan) await recordScan(rooms, scan);
});
