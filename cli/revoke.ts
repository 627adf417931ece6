import { randomBytes } from 'node:crypto';
import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi';
import { AdminGetUserCommand, UserNotFoundException } from '@aws-sdk/client-cognito-identity-provider';
import { KMSClient } from '@aws-sdk/client-kms';
import { idFrom } from '../functions/domain/id.ts';
import type { Profile } from '../functions/domain/people.ts';
import { endSessions, type Stamps } from '../functions/domain/revoke-session.ts';
import { closeSockets } from '../functions/push/close-sockets.ts';
import { people } from '../functions/store/people.ts';
import { sessions } from '../functions/store/sessions.ts';
import { stamps } from '../functions/store/stamps.ts';
import { signingKey } from '../functions/vault/signing-key.ts';
import { signIns } from '../functions/wiring/sign-ins.ts';
import { PersonId } from '../protocol/ids.ts';
import type { RevocationReceipt } from '../protocol/requests.ts';
import { type Operator, operatorOf } from './add-person.ts';
import type { PoolAddress, RevokingDeployment } from './deployment.ts';
import { Failure } from './failure.ts';
import { ServerClock } from './server-clock.ts';

/**
 * Ends somebody's sign-ins with the operator's own credentials, by the code that serves `POST /admin/revocations`.
 * `named`: a person's id, or the user name they sign in with.
 *
 * @throws Failure where there is no such person
 */
export async function revoke(
  deployment: RevokingDeployment,
  named: string,
  session: string | undefined,
  lost: (error: unknown) => void,
): Promise<RevocationReceipt> {
  const operator = operatorOf(deployment);
  const clock = new ServerClock();
  clock.watch(operator.tables);
  const profile = await profileOf(operator, named);
  const rooms = roomsOf(deployment, operator, clock, lost);
  const receipt = await endSessions(rooms, 'operator', { profile, session }, clock.now());
  if (receipt === 'too-many-ended') {
    throw new Failure(
      'finding',
      'fifty single sessions of this person were ended within a day: leave --session out to end all of them',
    );
  }
  return receipt;
}

function roomsOf(
  deployment: RevokingDeployment,
  { tables, pool }: Operator,
  clock: ServerClock,
  lost: (error: unknown) => void,
) {
  const { region, endpoint, credentials, sessionsTable } = deployment;
  const now = () => clock.now();
  const settings = { region, ...(endpoint && { endpoint }), ...(credentials && { credentials }) };
  return {
    stamps: toTheEndOfTheSecond(stamps(tables, sessionsTable, now)),
    sockets: closeSockets(connectionsOf(deployment), sessions(tables, sessionsTable, now), lost),
    signIns: signIns(pool, deployment.userPoolId, lost),
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

async function profileOf({ tables, pool, deployment }: Operator, named: string): Promise<Profile> {
  const { profile } = people(tables, deployment.peopleTable);
  const byId = PersonId.safeParse(named).success ? await profile(named) : undefined;
  if (byId) return byId;
  const id = await idOfUser(pool, deployment, named);
  const byName = id === undefined ? undefined : await profile(id);
  if (byName) return byName;
  throw new Failure('finding', `there is no person ${named}, neither as an id nor as a user name`);
}

async function idOfUser(
  pool: Operator['pool'],
  { userPoolId }: PoolAddress,
  username: string,
): Promise<PersonId | undefined> {
  try {
    const { UserAttributes } = await pool.send(
      new AdminGetUserCommand({ UserPoolId: userPoolId, Username: username }),
    );
    return UserAttributes?.find(({ Name }) => Name === 'custom:person')?.Value;
  } catch (error) {
    if (error instanceof UserNotFoundException) return undefined;
    throw error;
  }
}
