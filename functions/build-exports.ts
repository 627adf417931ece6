import { buildExports } from './domain/build-exports.ts';
import { onEvent } from './wiring/on-event.ts';
import { openPacking } from './wiring/packing-rooms.ts';
import { reportExport } from './wiring/report.ts';
import { open, world } from './wiring/rooms.ts';

const rooms = {
  now: world.now,
  exports: openPacking.exports(),
  files: openPacking.files(),
  retention: open.retention(),
  shredMarks: openPacking.shredMarks(),
  pack: openPacking.pack(),
  failed: reportExport,
};

/** Every minute: makes the exports that were approved, and deletes those whose week is over. */
export const handler = onEvent('BuildExports', () => buildExports(rooms));
