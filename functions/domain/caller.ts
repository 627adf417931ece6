import type { PersonId } from '../../protocol/ids.ts';
import type { Operation } from './decision.ts';
import { Refusal } from './refusal.ts';

/** Sockets of one person that are pushed to: every send to them costs a post for each. */
const MOST_SOCKETS = 20;

/** What a verified token says; the gateway keeps it beside the socket and hands it to every door. */
export interface Identity {
  readonly person: PersonId;
  /** The sign-in that the token descends from (Cognito's `origin_jti`). */
  readonly session: string;
  readonly roles: readonly string[];
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** The socket the frame came from; absent over HTTP. */
  readonly connectionId?: string;
}

/** One socket of a person, under the newest token it has shown. */
export interface Socket {
  readonly person: PersonId;
  readonly connectionId: string;
  readonly session: string;
  readonly roles: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Everything that is live of one person. */
export interface SessionRecord {
  /** Tokens issued at or before this moment open nothing; milliseconds since the epoch. */
  readonly revokedUntil?: number;
  readonly sockets: readonly Socket[];
}

export interface Sessions {
  /** Strongly consistent. */
  of(person: PersonId): Promise<SessionRecord>;
  ofMany(people: readonly PersonId[]): Promise<ReadonlyMap<PersonId, SessionRecord>>;
  /** Lists the socket, so that pushes find it, and forgets those that `instead` names; refuses nothing. */
  register(socket: Socket, instead?: readonly string[]): Promise<void>;
  forget(person: PersonId, connectionId: string): Promise<void>;
}

/** A person whose session was found live a moment ago: the only key to every rule in `policy.ts`. */
export interface Caller {
  readonly person: PersonId;
  readonly roles: readonly string[];
  readonly connectionId?: string;
  readonly expiresAt: number;
  /** The caller's other sockets that the stamp leaves open, found by the same read. */
  readonly otherSockets: readonly Socket[];
}

/**
 * Lets a caller in whose session was not ended and has not expired, and lists a socket that is not listed.
 * Every door starts with it: a token that is still valid opens nothing once the stamp is set.
 *
 * @throws Refusal `session-ended`, `session-expired`
 */
export async function admit(
  sessions: Sessions,
  identity: Identity,
  operation: Operation,
  now: number,
): Promise<Caller> {
  const record = await sessions.of(identity.person);
  const listed = record.sockets.find((socket) => socket.connectionId === identity.connectionId);
  const token = listed ?? identity;
  const isRevoked = ({ issuedAt }: { issuedAt: number }) =>
    record.revokedUntil !== undefined && issuedAt <= record.revokedUntil;

  if (isRevoked(token)) {
    throw refusedSession('session-ended', identity, operation);
  }
  if (token.expiresAt <= now) throw refusedSession('session-expired', identity, operation);

  const { connectionId } = identity;
  if (connectionId !== undefined && !listed) {
    await sessions.register({ ...identity, connectionId }, superfluous(record.sockets, now));
  }

  return {
    person: identity.person,
    roles: token.roles,
    connectionId,
    expiresAt: token.expiresAt,
    otherSockets: record.sockets.filter(
      (socket) => socket.connectionId !== connectionId && !isRevoked(socket),
    ),
  };
}

/** Sockets whose token has run out, and the oldest beyond what one person may have open. */
function superfluous(sockets: readonly Socket[], now: number): readonly string[] {
  const live = sockets.filter(({ expiresAt }) => expiresAt > now).sort((a, b) => b.expiresAt - a.expiresAt);
  const kept = new Set(live.slice(0, MOST_SOCKETS - 1).map(({ connectionId }) => connectionId));
  return sockets.map(({ connectionId }) => connectionId).filter((connectionId) => !kept.has(connectionId));
}

function refusedSession(code: 'session-ended' | 'session-expired', identity: Identity, operation: Operation) {
  return new Refusal(code, {
    operation,
    object: identity.person,
    purpose: 'operations',
    rule: 'live-session',
    outcome: 'refused',
    code,
  });
}
