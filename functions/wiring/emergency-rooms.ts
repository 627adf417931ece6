import { emergencies } from '../store/emergencies.ts';
import { sessions } from '../store/sessions.ts';
import { setting } from './env.ts';
import { openPush } from './push-rooms.ts';
import { documents, open, openSessions, world } from './rooms.ts';

/** The rooms of the doors of the emergency access; the others start sooner without them. */
export const openEmergencies = {
  emergencies: () => emergencies(documents, setting('conversationsTable')),
  /** Sessions into which a grant may be written. */
  sessions: () => ({
    ...openSessions(),
    grantEmergency: sessions(documents, setting('sessionsTable'), world.now).grantEmergency,
  }),
  /** What telling the privacy officers takes. */
  telling: () => ({
    emergencies: openEmergencies.emergencies(),
    records: open.allSessions(),
    announcements: openPush.announcements(),
  }),
};
