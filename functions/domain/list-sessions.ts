import type { PersonId } from '../../protocol/ids.ts';
import { type Admitting, type Caller, isEnded, type SessionRecord, type Socket } from './caller.ts';
import type { Decided } from './decision.ts';
import type { People } from './people.ts';
import { allow, refuse } from './policy.ts';
import { signedOutBy } from './sign-out.ts';

/** A sign-in with sockets open; times in milliseconds since the epoch. */
export interface LiveSession {
  readonly session: string;
  readonly since: number;
  readonly until: number;
  readonly sockets: number;
  /** Absent where nothing was noted since they signed in. */
  readonly lastActiveAt?: number;
}

export interface ListingRooms {
  readonly sessions: Pick<Admitting, 'of' | 'rules'>;
  readonly people: Pick<People, 'profile'>;
  readonly now: () => number;
}

/**
 * The caller's own sign-ins that have sockets open, or those of somebody in their charge, the newest first.
 *
 * @throws Refusal `not-allowed`, `unknown-person`
 */
export async function listSessions(
  { sessions, people, now }: ListingRooms,
  admitted: Promise<Caller>,
  named?: PersonId,
): Promise<Decided<{ readonly person: PersonId; readonly sessions: readonly LiveSession[] }>> {
  const caller = await admitted;
  const person = named ?? caller.person;
  const profile = person === caller.person ? caller : await people.profile(person);
  const decision = allow('session.list', caller, { person, site: profile?.site });
  if (!profile) throw refuse(decision, 'known-people', 'unknown-person');
  const [record, at] = [await sessions.of(person), now()];
  const isOver = (socket: Socket) => signedOutBy(sessions.rules, record, socket, at) !== undefined;
  return { decision, value: { person, sessions: liveSessions(record, at, isOver) } };
}

/** The sign-ins that have a socket which is still good. */
export function liveSessions(
  record: SessionRecord,
  now: number,
  isOver: (socket: Socket) => boolean = () => false,
): readonly LiveSession[] {
  const bySession = new Map<string, Socket[]>();
  for (const socket of record.sockets) {
    if (socket.expiresAt <= now || isEnded(record, socket) || isOver(socket)) continue;
    bySession.set(socket.session, [...(bySession.get(socket.session) ?? []), socket]);
  }
  return [...bySession]
    .map(([session, sockets]) => {
      const lastActiveAt = record.activeAt?.get(session);
      return {
        session,
        since: Math.min(...sockets.map(({ authenticatedAt }) => authenticatedAt)),
        until: Math.max(...sockets.map(({ expiresAt }) => expiresAt)),
        sockets: sockets.length,
        ...(lastActiveAt !== undefined && { lastActiveAt }),
      };
    })
    .sort((one, other) => other.since - one.since);
}
