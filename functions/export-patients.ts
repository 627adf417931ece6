import { AskExport, DownloadExport, ListExports } from '../protocol/exports.ts';
import { askExport, downloadExport, listExports } from './domain/patient-exports.ts';
import { askedExport, exportList } from './wiring/export-answers.ts';
import { openExports } from './wiring/export-rooms.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { shaped } from './wiring/request.ts';
import { open, world } from './wiring/rooms.ts';

const sessions = open.sessions();
const rooms = {
  ...{ sessions, now: world.now, people: open.people(), requests: open.requests() },
  exports: openExports.exports(),
  retention: open.retention(),
  shredMarks: openExports.shredMarks(),
  downloads: openExports.downloads(),
};

/** Exports of what patients may see: asked for and approved by two privacy officers, and handed out by one. */
export const handler = onRequest(sessions, {
  'POST /admin/exports': route({
    schema: AskExport,
    operation: 'export.ask',
    metric: 'AskExport',
    run: async ({ person }, { caller }) => shaped(await askExport(rooms, caller, person), askedExport),
  }),
  'GET /admin/exports': route({
    schema: ListExports,
    operation: 'export.list',
    metric: 'ListExports',
    run: async (_request, { caller }) => shaped(await listExports(rooms, caller), exportList),
  }),
  'POST /admin/exports/{exportId}/download': route({
    schema: DownloadExport,
    operation: 'export.download',
    metric: 'DownloadExport',
    run: ({ exportId }, { caller }) => downloadExport(rooms, caller, exportId),
  }),
});
