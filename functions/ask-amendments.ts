import { AskAmendment, ReadAmendment } from '../protocol/amendments.ts';
import { askAmendment, readAmendment } from './domain/amendments.ts';
import { amendment } from './push/amendment-frames.ts';
import { openAmendments } from './wiring/amendment-rooms.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { shaped } from './wiring/request.ts';
import { open, world } from './wiring/rooms.ts';
import { openVault } from './wiring/vault-rooms.ts';

const rooms = {
  now: world.now,
  log: open.log(),
  retention: open.retention(),
  amendments: openAmendments(),
  notes: openVault.vault(),
};

/** Patients, and who acts for them, ask for amendments; members read what was amended. */
export const handler = onRequest(open.sessions(), {
  'POST /me/amendments': route({
    schema: AskAmendment,
    operation: 'amendment.ask',
    metric: 'AskAmendment',
    status: 201,
    run: async (wish, { caller }) => shaped(await askAmendment(rooms, caller, wish), amendment),
  }),
  'GET /conversations/{conversationId}/amendments/{amendmentId}': route({
    schema: ReadAmendment,
    operation: 'amendment.read',
    metric: 'ReadAmendment',
    run: async (place, { caller }) => shaped(await readAmendment(rooms, caller, place), amendment),
  }),
});
