import { DecideAmendment, ListAmendments } from '../protocol/amendments.ts';
import { decideAmendment, listAmendments } from './domain/amendments.ts';
import { amendment, amendmentList } from './push/amendment-frames.ts';
import { openAmendments } from './wiring/amendment-rooms.ts';
import { openKeeping } from './wiring/keeping-rooms.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { openPush } from './wiring/push-rooms.ts';
import { shaped } from './wiring/request.ts';
import { open, world } from './wiring/rooms.ts';
import { openVault } from './wiring/vault-rooms.ts';

const rooms = {
  ...world,
  sessions: open.sessions(),
  log: open.log(),
  ends: open.ends(),
  ...openKeeping.keeping(),
  announcements: openPush.announcements(),
  amendments: openAmendments(),
  notes: openVault.vault(),
};

/** Requests to amend messages: listed and decided on by a privacy officer. */
export const handler = onRequest(rooms.sessions, {
  'GET /admin/amendments': route({
    schema: ListAmendments,
    operation: 'amendment.list',
    metric: 'ListAmendments',
    run: async (_request, { caller }) => shaped(await listAmendments(rooms, caller), amendmentList),
  }),
  'POST /admin/amendments/{amendmentId}/decision': route({
    schema: DecideAmendment,
    operation: 'amendment.decide',
    metric: 'DecideAmendment',
    run: async (wish, { caller }) => shaped(await decideAmendment(rooms, caller, wish), amendment),
  }),
});
