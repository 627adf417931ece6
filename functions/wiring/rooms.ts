import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Admitting } from '../domain/caller.ts';
import { idFrom } from '../domain/id.ts';
import { allSessions } from '../store/all-sessions.ts';
import { attachments } from '../store/attachments.ts';
import { botClients } from '../store/bot-clients.ts';
import { conversationLog } from '../store/conversations.ts';
import { ends } from '../store/ends.ts';
import { guests } from '../store/guests.ts';
import { heads, standings } from '../store/heads.ts';
import { lists } from '../store/lists.ts';
import { people } from '../store/people.ts';
import { requests } from '../store/requests.ts';
import { retention } from '../store/retention.ts';
import { sessions } from '../store/sessions.ts';
import { trail } from '../store/trail.ts';
import { uploadCounts } from '../store/upload-counts.ts';
import { setting } from './env.ts';
import { signOutRules } from './sign-out-rules.ts';

/** The longest wait between two lost races: with jitter, twenty writers sort themselves out in a few rounds. */
const LONGEST_PAUSE_MS = 50;

const now = () => Date.now();

/** Every door's one client of DynamoDB. */
export const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}), {
  marshallOptions: { removeUndefinedValues: true },
});

/**
 * The rooms that a door opens while it starts; each reads the setting that the door's grant came with. Those that need another client
 * than DynamoDB's stand in files of their own, so that a door packs only the clients it uses: it starts sooner.
 */
export const open = {
  sessions: openSessions,
  trail: () => trail(documents, setting('auditTrailTable'), world),
  allSessions: () => {
    const table = setting('sessionsTable');
    return () => allSessions(documents, table);
  },
  log: () => conversationLog(documents, { conversations: setting('conversationsTable') }),
  logWithLists: () =>
    conversationLog(documents, {
      conversations: setting('conversationsTable'),
      people: setting('peopleTable'),
    }),
  heads: () => heads(documents, setting('conversationsTable')),
  retention: () => retention(documents, setting('conversationsTable'), setting('retentionDays')),
  standings: () => standings(documents, setting('conversationsTable')),
  attachments: () => attachments(documents, setting('conversationsTable')),
  uploadCounts: () => uploadCounts(documents, setting('conversationsTable'), setting('uploadQuota')),
  lists: () => lists(documents, setting('peopleTable')),
  botClients: () => botClients(documents, setting('peopleTable')),
  people: () => people(documents, setting('peopleTable')),
  /** Who may be let into a conversation. */
  newcomers: () => ({ people: open.people(), guests: guests(documents, setting('peopleTable')) }),
  ends: () => ends(documents, setting('conversationsTable')),
  requests: () => requests(documents, setting('peopleTable')),
};

export function openSessions(): Admitting {
  return {
    ...sessions(documents, setting('sessionsTable'), now),
    rules: signOutRules(setting('idleMinutes'), setting('signInHours')),
  };
}

/** What rules need of the world besides rooms. */
export const world = {
  now,
  newId: () => idFrom(randomBytes(16)),
  newRef: () => randomUUID(),
  /** Full jitter (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
  pause: async (lostRaces: number) => {
    await wait(Math.random() * Math.min(LONGEST_PAUSE_MS, 2 ** lostRaces));
  },
};
