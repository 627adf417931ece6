import { recordScan } from './domain/record-scan.ts';
import { onEvent } from './wiring/on-event.ts';
import { openPush } from './wiring/push-rooms.ts';
import { reportScan } from './wiring/report.ts';
import { open, world } from './wiring/rooms.ts';
import { type ScanResultEvent, scanIn } from './wiring/scan-result.ts';

const rooms = {
  now: world.now,
  log: open.log(),
  sessions: open.sessions(),
  attachments: open.attachments(),
  announcements: openPush.announcements(),
  recorded: reportScan,
};

/** The scanner's event: notes what it found in an attachment, and tells those who can see it. */
export const handler = onEvent('RecordScan', async (event: ScanResultEvent) => {
  const scan = scanIn(event);
  if (scan) await recordScan(rooms, scan);
});
