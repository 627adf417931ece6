import type { PersonId, SessionId } from '../../protocol/ids.ts';
import { type Caller, isEnded } from './caller.ts';
import type { Decided } from './decision.ts';
import type { People, Profile } from './people.ts';
import { allow, refuse } from './policy.ts';
import { type Receipt, type Signer, signed } from './receipt.ts';
import type { SessionRecord, Socket } from './session-record.ts';
import type { SignOut } from './sign-out.ts';

/** What is to be ended: one sign-in of a person, or all of them. */
export interface Revocation {
  readonly person: PersonId;
  readonly session?: SessionId;
}

/** Refuses sign-ins for longer than any of their tokens lives. */
export interface Stamps {
  /**
   * Refuses every sign-in of the person up to `at` from now on. One write, which never moves back; gives what stands.
   */
  endAll(person: PersonId, at: number): Promise<SessionRecord>;
  /** Refuses one sign-in from now on, or says `full` where too many are refused one by one; gives what stands. */
  endOne(person: PersonId, session: SessionId): Promise<SessionRecord | 'full'>;
}

/** `left-open` where closing failed: the socket hears nothing of others any more, and may be closed by asking again. */
export type Closing = 'closed' | 'gone' | 'left-open';

/** Why a session was ended, as the socket is told. */
export type EndReason = 'revoked' | SignOut;

export interface Closer {
  /** Tells the socket why its session was ended, and closes it. Reports a fault and does not throw it. */
  close(socket: Socket, reason: EndReason): Promise<Closing>;
}

export interface SignIns {
  /** Ends every refresh token of the person; false where that failed, which is reported. */
  endAll(sub: string): Promise<boolean>;
}

export interface RevocationRooms {
  readonly people: Pick<People, 'profile'>;
  readonly stamps: Stamps;
  readonly sockets: Closer;
  readonly signIns: SignIns;
  readonly signer: Signer;
  readonly now: () => number;
  readonly newId: () => string;
}

/**
 * Ends sign-ins of the caller's own, or, for who holds the office, of anybody. What is ended is refused before anything
 * else is tried, and stays refused whatever fails after that; asking again does the rest.
 *
 * @throws Refusal `not-allowed`, `unknown-person`, `too-many-ended`
 */
export async function revokeSession(
  rooms: RevocationRooms,
  admitted: Promise<Caller>,
  wish: Revocation,
): Promise<Decided<Receipt>> {
  const startedAt = rooms.now();
  const [caller, profile] = await Promise.all([admitted, rooms.people.profile(wish.person)]);
  const decision = allow('session.revoke', caller, { person: wish.person, site: profile?.site });
  if (!profile) throw refuse(decision, 'known-people', 'unknown-person');
  const outcome = await endSessions(rooms, caller.person, { profile, session: wish.session }, startedAt);
  if (outcome === 'too-many-ended') throw refuse(decision, 'within-limits', outcome);
  return { decision, value: outcome };
}

/** A bot has none, so that none is left. */
async function endRefreshTokens(
  { signIns }: Pick<RevocationRooms, 'signIns'>,
  { sub, roles, formerRoles = [] }: Profile,
): Promise<boolean> {
  return sub === undefined ? [...roles, ...formerRoles].includes('bot') : signIns.endAll(sub);
}

/** The same for whoever was allowed elsewhere: an operator, by the AWS account. */
export async function endSessions(
  rooms: Omit<RevocationRooms, 'people'>,
  requestedBy: Receipt['requestedBy'],
  { profile, session }: { readonly profile: Profile; readonly session?: SessionId | undefined },
  startedAt: number,
): Promise<Receipt | 'too-many-ended'> {
  const { person } = profile;
  const record =
    session === undefined
      ? await rooms.stamps.endAll(person, rooms.now())
      : await rooms.stamps.endOne(person, session);
  if (record === 'full') return 'too-many-ended';
  const refusedFrom = rooms.now(); // not before the write was answered: until then a reader may have missed it

  const affected = record.sockets.filter((socket) =>
    session === undefined ? isEnded(record, socket) : socket.session === session,
  );
  const [closings, refreshTokensEnded] = await Promise.all([
    Promise.all(affected.map((socket) => rooms.sockets.close(socket, 'revoked'))),
    session === undefined && endRefreshTokens(rooms, profile),
  ]);

  const isAffected = (one: string, authenticatedAt: number) =>
    session === undefined ? isEnded(record, { session: one, authenticatedAt }) : one === session;
  const seen = [...(record.seen ?? [])].filter(([one, { authenticatedAt }]) =>
    isAffected(one, authenticatedAt),
  );
  const lastFrameAt = Math.max(...seen.map(([, { at }]) => at));
  const revokedAt = rooms.now();
  const count = (kind: Closing) => closings.filter((closing) => closing === kind).length;
  return signed(rooms.signer, {
    receiptId: rooms.newId(),
    person,
    ...(session !== undefined && { session }),
    requestedBy,
    refusedFrom: new Date(refusedFrom).toISOString(),
    revokedAt: new Date(revokedAt).toISOString(),
    ...(seen.length > 0 && { lastFrameAt: new Date(lastFrameAt).toISOString() }),
    socketsClosed: count('closed'),
    socketsGone: count('gone'),
    socketsLeftOpen: count('left-open'),
    refreshTokensEnded,
    latencyMs: revokedAt - startedAt,
  });
}
