import type { PersonId, SessionId } from '../../protocol/ids.ts';
import { Fault } from './fault.ts';
import type { People, Profile } from './people.ts';

/** A machine client of the user pool that speaks for a bot. A bot may have two while one takes the other's place. */
export interface BotClient {
  readonly person: PersonId;
  /** What every token of the client has in place of a sign-in: what one revokes, keeps noted and lists. */
  readonly session: SessionId;
  /** It gets no token from then on, and those it has end then too; milliseconds since the epoch. */
  readonly until?: number;
}

export interface BotClients {
  of(clientId: string): Promise<BotClient | undefined>;
}

/** Who a machine is when it asks for a token, and under what it is known. */
export interface Bot {
  readonly profile: Profile;
  readonly client: BotClient;
}

/** A machine showed its client's secret, and gets no token all the same. */
export class NoBot extends Fault {
  constructor(why: 'unknown' | 'ended' | 'not a bot') {
    super(`a machine client gets no token: ${why}`);
    this.name = 'NoBot';
  }
}

/**
 * The bot that a machine client speaks for. A client that nobody gave a bot is nobody's, and who holds any other role is no
 * bot: no secret in a file is good for what people sign in for.
 *
 * @throws NoBot
 */
export async function botOf(
  rooms: { readonly clients: BotClients; readonly people: Pick<People, 'profile'> },
  clientId: string,
  now: number,
): Promise<Bot> {
  const client = await rooms.clients.of(clientId);
  if (!client) throw new NoBot('unknown');
  if (client.until !== undefined && client.until <= now) throw new NoBot('ended');
  const profile = await rooms.people.profile(client.person);
  if (!profile || !isBot(profile)) throw new NoBot('not a bot');
  return { profile, client };
}

/** Whether somebody is a bot and nothing else, at this moment. */
export function isBot({ roles }: Pick<Profile, 'roles'>): boolean {
  return roles.length === 1 && roles[0] === 'bot';
}
