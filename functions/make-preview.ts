import { makePreview } from './domain/make-preview.ts';
import { openBucket } from './wiring/attachment-rooms.ts';
import { openKeeping } from './wiring/keeping-rooms.ts';
import { onEvent } from './wiring/on-event.ts';
import { openPictures } from './wiring/picture-rooms.ts';
import { reportPreview } from './wiring/report.ts';
import { open } from './wiring/rooms.ts';
import { type ScanResultEvent, scanIn } from './wiring/scan-result.ts';

const rooms = {
  log: open.log(),
  attachments: open.attachments(),
  objects: openBucket.objects(),
  list: openKeeping.deletionList(),
  previews: openPictures.previews(),
  recorded: reportPreview,
};

/** The scanner's event of a file in which no threat was found: keeps a preview of it where it is a picture. */
export const handler = onEvent('MakePreview', async (event: ScanResultEvent) => {
  const scan = scanIn(event);
  if (scan) await makePreview(rooms, scan);
});
