import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Admitting } from '../domain/caller.ts';
import { idFrom } from '../domain/id.ts';
import { closeSockets } from '../push/close-sockets.ts';
import { announcements } from '../push/sockets.ts';
import { allSessions } from '../store/all-sessions.ts';
import { conversationLog } from '../store/conversations.ts';
import { ends } from '../store/ends.ts';
import { guests } from '../store/guests.ts';
import { heads, standings } from '../store/heads.ts';
import { lists } from '../store/lists.ts';
import { people } from '../store/people.ts';
import { requests } from '../store/requests.ts';
import { retention } from '../store/retention.ts';
import { sessions } from '../store/sessions.ts';
import { wrappedKeys } from '../store/wrapped-keys.ts';
import { DataKeys } from '../vault/data-keys.ts';
import { organisationKeyService } from '../vault/organisation-key.ts';
import { signingKey } from '../vault/signing-key.ts';
import { vault } from '../vault/vault.ts';
import { setting } from './env.ts';
import { reportLostPush, reportLostStep } from './report.ts';
import { signOutRules } from './sign-out-rules.ts';

/** The longest wait between two lost races: with jitter, twenty writers sort themselves out in a few rounds. */
const LONGEST_PAUSE_MS = 50;

/** An acknowledgement waits no longer for one slow socket (twice, with its second attempt); who misses it catches up. */
const PUSH_WITHIN_MS = 1_000;

const now = () => Date.now();

/** Every door's one client of DynamoDB. */
export const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}), {
  marshallOptions: { removeUndefinedValues: true },
});

/** The rooms that a door opens while it starts; each reads the setting that the door's grant came with. */
export const open = {
  sessions: openSessions,
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
  lists: () => lists(documents, setting('peopleTable')),
  people: () => people(documents, setting('peopleTable')),
  /** Who may be let into a conversation. */
  newcomers: () => ({ people: open.people(), guests: guests(documents, setting('peopleTable')) }),
  ends: () => ends(documents, setting('conversationsTable')),
  requests: () => requests(documents, setting('peopleTable')),
  vault: () =>
    vault(
      new DataKeys(
        wrappedKeys(documents, setting('keysTable')),
        organisationKeyService(new KMSClient({}), setting('organisationKeyArn')),
        now,
      ),
    ),
  announcements: () => announcements(openSockets(), open.sessions(), reportLostPush),
  closer: () => closeSockets(openSockets(), open.sessions(), reportLostStep),
  signer: () => signingKey(new KMSClient({}), setting('signingKeyArn')),
};

export function openSessions(): Admitting {
  return {
    ...sessions(documents, setting('sessionsTable'), now),
    rules: signOutRules(setting('idleMinutes'), setting('signInHours')),
  };
}

export function openSockets(): ApiGatewayManagementApiClient {
  return new ApiGatewayManagementApiClient({
    endpoint: setting('socketCallbackUrl'),
    maxAttempts: 2,
    requestHandler: {
      connectionTimeout: PUSH_WITHIN_MS,
      requestTimeout: PUSH_WITHIN_MS,
      throwOnRequestTimeout: true,
    },
  });
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
