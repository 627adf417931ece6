import { ListEmergencies, ReviewEmergency } from '../protocol/emergencies.ts';
import { listEmergencies, reviewEmergency } from './domain/review-emergencies.ts';
import { emergency, emergencyPage } from './push/emergency-frames.ts';
import { openEmergencies } from './wiring/emergency-rooms.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { shaped } from './wiring/request.ts';
import { open, world } from './wiring/rooms.ts';
import { openVault } from './wiring/vault-rooms.ts';

const rooms = { now: world.now, emergencies: openEmergencies.emergencies(), notes: openVault.vault() };

/** Uses of the emergency access: listed and reviewed by a privacy officer. */
export const handler = onRequest(open.sessions(), {
  'GET /admin/emergencies': route({
    schema: ListEmergencies,
    operation: 'emergency.list',
    metric: 'ListEmergencies',
    run: async ({ after }, { caller }) => shaped(await listEmergencies(rooms, caller, after), emergencyPage),
  }),
  'POST /admin/emergencies/{emergencyId}/review': route({
    schema: ReviewEmergency,
    operation: 'emergency.review',
    metric: 'ReviewEmergency',
    run: async (wish, { caller }) => shaped(await reviewEmergency(rooms, caller, wish), emergency),
  }),
});
