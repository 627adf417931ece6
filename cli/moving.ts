import { randomBytes } from 'node:crypto';
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { KMSClient } from '@aws-sdk/client-kms';
import type { Accounts } from '../functions/domain/accounts.ts';
import { idFrom } from '../functions/domain/id.ts';
import type { Profile } from '../functions/domain/people.ts';
import type { RecertifyingRooms } from '../functions/domain/recertify.ts';
import type { Stamps } from '../functions/domain/revoke-session.ts';
import type { Sessions } from '../functions/domain/session-record.ts';
import { closeSockets } from '../functions/push/close-sockets.ts';
import { entitler } from '../functions/store/entitler.ts';
import { everybody, profiles } from '../functions/store/profiles.ts';
import { quarterLists } from '../functions/store/quarter-lists.ts';
import { sessions } from '../functions/store/sessions.ts';
import { stamps } from '../functions/store/stamps.ts';
import { signingKey } from '../functions/vault/signing-key.ts';
import { accounts } from '../functions/wiring/accounts.ts';
import { signIns } from '../functions/wiring/sign-ins.ts';
import type { RevokingDeployment } from './deployment.ts';
import { type Operator, operatorOf, profileOf } from './operator.ts';
import { ServerClock } from './server-clock.ts';

/** The rooms of whatever changes what somebody is, by the operator's own credentials and the deployment's time. */
export interface OperatorsRooms extends RecertifyingRooms {
  readonly accounts: Accounts;
  readonly sessions: Sessions;
}

/** Opens the rooms and, to learn the deployment's time from the answer, looks the named person up. */
export async function roomsAbout(
  deployment: RevokingDeployment,
  named: string,
  lost: (error: unknown) => void,
): Promise<{ readonly rooms: OperatorsRooms; readonly profile: Profile }> {
  const operator = operatorOf(deployment);
  const clock = new ServerClock();
  clock.watch(operator.tables);
  const profile = await profileOf(operator, named);
  return { rooms: roomsOf(deployment, operator, clock, lost), profile };
}

/** Opens the rooms for what is about nobody in particular. */
export async function roomsAboutAll(
  deployment: RevokingDeployment,
  lost: (error: unknown) => void,
): Promise<OperatorsRooms> {
  const operator = operatorOf(deployment);
  const clock = new ServerClock();
  clock.watch(operator.tables);
  const rooms = roomsOf(deployment, operator, clock, lost);
  await rooms.lists.list('-'); // its answer tells the deployment's time
  return rooms;
}

function roomsOf(
  deployment: RevokingDeployment,
  { tables, pool }: Operator,
  clock: ServerClock,
  lost: (error: unknown) => void,
): OperatorsRooms {
  const { region, endpoint, credentials, sessionsTable, peopleTable, userPoolId } = deployment;
  const now = () => clock.now();
  const settings = { region, ...(endpoint && { endpoint }), ...(credentials && { credentials }) };
  const listed = sessions(tables, sessionsTable, now);
  return {
    sessions: listed,
    profiles: profiles(tables, peopleTable),
    everybody: everybody(tables, peopleTable),
    lists: quarterLists(tables, peopleTable),
    entitler: entitler(tables, sessionsTable, now),
    accounts: accounts(pool, userPoolId),
    stamps: toTheEndOfTheSecond(stamps(tables, sessionsTable, now)),
    sockets: closeSockets(connectionsOf(deployment), listed, lost),
    signIns: signIns(pool, userPoolId, lost),
    signer: signingKey(new KMSClient(settings), deployment.signingKeyArn),
    now,
    newId: () => idFrom(randomBytes(16)),
  };
}

/** The time is told in whole seconds: who signed in a moment ago may be ahead of it. */
function toTheEndOfTheSecond({ endAll, endOne }: Stamps): Stamps {
  return { endAll: (person, at) => endAll(person, at + 1_000), endOne };
}

/** A local run serves `@connections` at its one address, and knows the API by the name in the Host header, as AWS does. */
function connectionsOf({ region, endpoint, credentials, socketConnections }: RevokingDeployment) {
  const [host = '', stage = ''] = socketConnections.split('/');
  const client = new ApiGatewayManagementApiClient({
    region,
    endpoint: endpoint ? new URL(stage, endpoint).href : `https://${socketConnections}`,
    maxAttempts: 2,
    ...(credentials && { credentials }),
  });
  client.middlewareStack.add(
    (next) => (given) => {
      const { headers } = given.request as { headers: Record<string, string> };
      headers.host = host;
      return next(given);
    },
    { step: 'build', priority: 'high', name: 'nameTheApi' },
  );
  return client;
}
