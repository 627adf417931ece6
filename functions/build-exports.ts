import { buildExports } from './domain/build-exports.ts';
import { openExports } from './wiring/export-rooms.ts';
import { onEvent } from './wiring/on-event.ts';
import { reportExport } from './wiring/report.ts';
import { world } from './wiring/rooms.ts';

const rooms = {
  now: world.now,
  exports: openExports.exports(),
  files: openExports.files(),
  pack: openExports.pack(),
  failed: reportExport,
};

/** Every minute: makes the exports that were approved, and deletes those whose week is over. */
export const handler = onEvent('BuildExports', () => buildExports(rooms));
