import { OpenEmergency } from '../protocol/emergencies.ts';
import { openEmergency } from './domain/open-emergency.ts';
import { emergencyOpened } from './push/emergency-frames.ts';
import { openEmergencies } from './wiring/emergency-rooms.ts';
import { setting } from './wiring/env.ts';
import { openKeeping } from './wiring/keeping-rooms.ts';
import { onRequest, route } from './wiring/on-request.ts';
import { reportLostStep } from './wiring/report.ts';
import { shaped } from './wiring/request.ts';
import { open, world } from './wiring/rooms.ts';
import { openVault } from './wiring/vault-rooms.ts';

const rooms = {
  ...world,
  ...openEmergencies.telling(),
  log: open.log(),
  ends: open.ends(),
  people: open.people(),
  ...openKeeping.keeping(),
  sessions: openEmergencies.sessions(),
  notes: openVault.vault(),
  excludedSites: setting('emergencyExcludedSites'),
  lost: reportLostStep,
};

/** `POST /conversations/{conversationId}/emergency`: breaks the glass for one conversation, one hour and one sign-in. */
export const handler = onRequest(rooms.sessions, {
  'POST /conversations/{conversationId}/emergency': route({
    schema: OpenEmergency,
    operation: 'emergency.open',
    metric: 'OpenEmergency',
    status: 201,
    run: async (wish, { caller }) => shaped(await openEmergency(rooms, caller, wish), emergencyOpened),
  }),
});
