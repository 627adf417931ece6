import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  CreateUserPoolClientCommand,
  DeleteUserPoolClientCommand,
  paginateListUserPoolClients,
  ResourceNotFoundException,
} from '@aws-sdk/client-cognito-identity-provider';
import { isBot } from '../functions/domain/bots.ts';
import { idFrom } from '../functions/domain/id.ts';
import type { Profile } from '../functions/domain/people.ts';
import { type BotStore, botClients } from '../functions/store/bot-clients.ts';
import { profiles } from '../functions/store/profiles.ts';
import { BOT_SCOPE } from '../functions/wiring/claims.ts';
import type { Place } from './add-person.ts';
import type { BotDeployment } from './deployment.ts';
import { Failure } from './failure.ts';
import { type Operator, refusedBy } from './operator.ts';
import { writePrivate } from './private-file.ts';

/** A bot's tokens live as long as people's do at most (design, "Identity"). */
const TOKEN_MINUTES = 15;

/** Side by side while one takes the other's place. */
const MOST_CLIENTS = 2;

/** A machine client as it stands: without `until` it goes on. */
export interface StandingClient {
  readonly clientId: string;
  readonly session: string;
  readonly until?: number;
}

/** What is told of a client that was made; its secret stands in the file and nowhere else. */
export interface MadeClient {
  readonly person: string;
  readonly clientId: string;
  readonly session: string;
  readonly file: string;
}

interface Rooms {
  readonly operator: Operator;
  readonly deployment: BotDeployment;
  readonly now: () => number;
}

/**
 * Makes a bot: a person with that role alone, who is nobody's user, and a machine client that speaks for them.
 *
 * @throws Failure that says what stands
 */
export async function addBot(
  rooms: Rooms,
  place: Pick<Place, 'site' | 'department'>,
  file: string,
): Promise<MadeClient> {
  expectNew(file);
  const { operator, deployment } = rooms;
  const person = idFrom(randomBytes(16));
  const table = profiles(operator.tables, deployment.peopleTable);
  const profile = { person, roles: ['bot'], ...place };
  await table.add(profile).catch((error: unknown) => {
    throw refusedBy(error, 'nothing was made');
  });
  return addClient(rooms, person, file).catch((error: unknown) => {
    throw refusedBy(
      error,
      `the bot ${person} stands without a client; users bot rotate ${person} gives it one`,
    );
  });
}

/**
 * Gives a bot another client, and the one it has an end.
 *
 * @param oldEndsAt milliseconds since the epoch
 * @throws Failure where two stand already, or the person is no bot
 */
export async function rotateBot(
  rooms: Rooms,
  profile: Profile,
  oldEndsAt: number,
  file: string,
): Promise<MadeClient> {
  expectNew(file);
  if (!isBot(profile)) throw new Failure('finding', `${profile.person} is no bot, or is disabled`);
  const standing = await clientsOf(rooms, profile.person);
  const [over, live] = [
    standing.filter((one) => isOver(rooms, one)),
    standing.filter((one) => !isOver(rooms, one)),
  ];
  if (live.length >= MOST_CLIENTS) {
    throw new Failure(
      'finding',
      `the bot has two clients already: end one, or wait for its end (${told(live)})`,
    );
  }
  for (const one of over) await deleteClient(rooms, one);
  const made = await addClient(rooms, profile.person, file);
  for (const { clientId, session } of live) {
    await storeOf(rooms).put(clientId, { person: profile.person, session, until: oldEndsAt });
  }
  return made;
}

/** Takes a bot's clients away, or one of them: no token from now on. Gives what was ended. May be repeated. */
export async function endClients(
  rooms: Rooms,
  { person }: Profile,
  only?: string,
): Promise<readonly StandingClient[]> {
  const ending = (await clientsOf(rooms, person)).filter(
    ({ clientId }) => only === undefined || clientId === only,
  );
  if (only !== undefined && ending.length === 0)
    throw new Failure('finding', `the bot has no client ${only}`);
  for (const one of ending) {
    await storeOf(rooms).put(one.clientId, { person, session: one.session, until: rooms.now() });
  }
  return ending;
}

/** The last step of ending one, after what it has open is refused: until then a repeated call finds it. */
export async function deleteClient(
  { operator, deployment }: Rooms,
  { clientId }: StandingClient,
): Promise<void> {
  const deletion = new DeleteUserPoolClientCommand({ UserPoolId: deployment.userPoolId, ClientId: clientId });
  await operator.pool.send(deletion).catch((error: unknown) => {
    if (!(error instanceof ResourceNotFoundException)) throw error;
  });
}

/** A bot's clients: the pool names each by the bot's id. */
async function clientsOf(rooms: Rooms, person: string): Promise<readonly StandingClient[]> {
  const { operator, deployment } = rooms;
  const pages = paginateListUserPoolClients(
    { client: operator.pool, pageSize: 60 },
    { UserPoolId: deployment.userPoolId },
  );
  const ids: string[] = [];
  for await (const { UserPoolClients = [] } of pages) {
    const named = UserPoolClients.filter(({ ClientName }) => ClientName === nameOf(person));
    ids.push(...named.flatMap(({ ClientId }) => ClientId ?? []));
  }
  const found = await Promise.all(
    ids.map(async (clientId) => ({ clientId, ...(await storeOf(rooms).of(clientId)) })),
  );
  return found.map(({ clientId, session = randomUUID(), until }) => ({
    ...{ clientId, session },
    ...(until !== undefined && { until }),
  }));
}

async function addClient(rooms: Rooms, person: string, file: string): Promise<MadeClient> {
  const { operator, deployment } = rooms;
  const { UserPoolClient } = await operator.pool.send(
    new CreateUserPoolClientCommand({
      UserPoolId: deployment.userPoolId,
      ClientName: nameOf(person),
      GenerateSecret: true,
      AllowedOAuthFlowsUserPoolClient: true,
      AllowedOAuthFlows: ['client_credentials'],
      AllowedOAuthScopes: [BOT_SCOPE],
      AccessTokenValidity: TOKEN_MINUTES,
      TokenValidityUnits: { AccessToken: 'minutes' },
      ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH'], // no list would let people sign in here; with this nobody can
      PreventUserExistenceErrors: 'ENABLED',
      EnableTokenRevocation: true,
    }),
  );
  const { ClientId: clientId, ClientSecret: clientSecret } = UserPoolClient ?? {};
  if (!clientId || !clientSecret)
    throw new Failure('environment', 'Cognito told no secret of the client it made');
  const session = randomUUID();
  await storeOf(rooms).put(clientId, { person, session });
  writePrivate(file, { tokenUrl: deployment.botTokenUrl, scope: BOT_SCOPE, clientId, clientSecret, person });
  return { person, clientId, session, file };
}

function storeOf({ operator, deployment }: Rooms): BotStore {
  return botClients(operator.tables, deployment.peopleTable);
}

function nameOf(person: string): string {
  return `bot-${person}`;
}

function isOver({ now }: Rooms, { until }: StandingClient): boolean {
  return until !== undefined && until <= now();
}

function told(clients: readonly StandingClient[]): string {
  return clients.map(({ clientId }) => clientId).join(', ');
}

/** A secret that overwrites another's is one that nobody can use any more. */
function expectNew(file: string): void {
  if (existsSync(file))
    throw new Failure('usage', `${file} is there already: name a new file for the secret`);
}
