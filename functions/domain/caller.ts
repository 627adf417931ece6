import type { DeviceKind } from '../../protocol/bodies.ts';
import type { PersonId } from '../../protocol/ids.ts';
import type { Purpose } from '../../protocol/purposes.ts';
import type { Operation } from './decision.ts';
import type { Entitlements } from './entitlements.ts';
import type { Source } from './entry.ts';
import { Refusal } from './refusal.ts';
import { forgotten, isNewlySeen } from './seen-sign-ins.ts';
import type { EmergencyGrant, Identity, SessionRecord, Sessions, Socket } from './session-record.ts';
import { endOf, idleAt, isNewActivity, type SignOutRules, signedOutBy } from './sign-out.ts';

/** Sockets of one person that are pushed to: every send to them costs a post for each. */
const MOST_SOCKETS = 20;

/** What admitting somebody takes: the sessions, and when they end by themselves. */
export interface Admitting extends Sessions {
  readonly rules: SignOutRules;
}

/** A person whose session was found live a moment ago: the only key to every rule in `policy.ts`. */
export interface Caller extends Entitlements {
  readonly person: PersonId;
  /** The sign-in that they ask under, and the kind of device that it has said it is on. */
  readonly session: string;
  readonly device?: DeviceKind | undefined;
  readonly connectionId?: string;
  readonly source?: Source | undefined;
  /** When they proved who they are, with password and code; milliseconds since the epoch. */
  readonly authenticatedAt: number;
  readonly expiresAt: number;
  /** When they were let in: what has an end is measured against it. Milliseconds since the epoch. */
  readonly askedAt: number;
  /** When the sign-in ends unless somebody is there, and when in any case; milliseconds since the epoch. */
  readonly idleAt: number;
  readonly endsAt: number;
  /** What they say that they ask for; without it, what the policy names first. */
  readonly purpose?: Purpose | undefined;
  /** One conversation that they were let into for an emergency, and until when. */
  readonly emergency?: EmergencyGrant | undefined;
  /** The caller's other sockets that were live when they were let in, found by the same read. */
  readonly otherSockets: readonly Socket[];
}

/**
 * Lets a caller in whose session was not ended and has not expired, and lists a socket that is not listed.
 * Every door starts with it: a token that is still valid opens nothing once the stamp is set.
 *
 * @throws Refusal `session-ended`, `session-expired`, `session-idle`, `session-time-limit`
 */
export async function admit(
  sessions: Admitting,
  identity: Identity,
  operation: Operation,
  now: number,
): Promise<Caller> {
  const record = await sessions.of(identity.person);
  const listed = record.sockets.find((socket) => socket.connectionId === identity.connectionId);
  const shown = listed ?? identity;
  const entitled = entitlementsOf(record.entitled ?? shown); // whole: what the token says of a site, say, is past too
  const token = { ...shown, roles: entitled.roles };
  if (isEnded(record, token)) throw refusedSession('session-ended', identity, operation);
  if (token.expiresAt <= now) throw refusedSession('session-expired', identity, operation);
  const over = signedOutBy(sessions.rules, record, token, now);
  if (over)
    throw refusedSession(over === 'idle' ? 'session-idle' : 'session-time-limit', identity, operation);

  const { connectionId } = identity;
  const isNew = connectionId !== undefined && !listed;
  if (isNew) {
    const signIns = forgotten(sessions.rules, record, token, now);
    const instead = { connections: superfluous(record, now), signIns };
    const isListed = await sessions.register({ ...identity, connectionId }, instead);
    if (!isListed) throw refusedSession('session-ended', identity, operation); // ended since it was read
  }

  const isActive = isNewActivity(operation, record, token, now);
  const isSeen = !isNew && isNewlySeen(operation, record, token, now); // listing a socket notes it too
  if (isActive || isSeen)
    await sessions.noteSeen(token, now, isActive, forgotten(sessions.rules, record, token, now));
  const noted = isActive ? { activeAt: new Map([[token.session, now]]) } : record;
  return {
    person: identity.person,
    session: token.session,
    device: record.devices?.get(token.session),
    ...entitled,
    connectionId,
    source: identity.source,
    authenticatedAt: token.authenticatedAt,
    emergency: record.emergencies?.get(token.session),
    expiresAt: token.expiresAt,
    askedAt: now,
    idleAt: idleAt(sessions.rules, noted, token),
    endsAt: endOf(sessions.rules, token),
    otherSockets: record.sockets.filter(
      (socket) => socket.connectionId !== connectionId && isLive(sessions.rules, record, socket, now),
    ),
  };
}

/** The entitlements alone, of whatever holds some. */
export function entitlementsOf({ roles, actsFor, site }: Entitlements): Entitlements {
  return { roles, ...(actsFor && { actsFor }), ...(site !== undefined && { site }) };
}

/**
 * Whether a sign-in was ended. It asks when the person signed in and not when the token was issued, so that a token
 * that was renewed meanwhile is refused too. Cognito tells that time in whole seconds: who signs in within the second
 * of the revocation has to do it once more.
 */
export function isEnded(
  { revokedUntil, ended }: Pick<SessionRecord, 'revokedUntil' | 'ended'>,
  { session, authenticatedAt }: Pick<Identity, 'session' | 'authenticatedAt'>,
): boolean {
  return (revokedUntil !== undefined && authenticatedAt <= revokedUntil) || (ended?.has(session) ?? false);
}

/**
 * Whether a listed socket hears what is pushed: its next frame would be let in. What is over is over at that millisecond,
 * though nobody has closed it yet.
 */
export function isLive(
  rules: SignOutRules,
  record: Omit<SessionRecord, 'sockets'>,
  socket: Socket,
  now: number,
): boolean {
  const { roles } = record.entitled ?? socket;
  const isOver = signedOutBy(rules, record, { ...socket, roles }, now) !== undefined;
  return !isEnded(record, socket) && socket.expiresAt > now && !isOver;
}

/** Sockets that are refused, and the oldest beyond what one person may have open. */
function superfluous(record: SessionRecord, now: number): readonly string[] {
  const live = record.sockets
    .filter((socket) => socket.expiresAt > now && !isEnded(record, socket))
    .sort((a, b) => b.expiresAt - a.expiresAt);
  const kept = new Set(live.slice(0, MOST_SOCKETS - 1).map(({ connectionId }) => connectionId));
  return record.sockets
    .map(({ connectionId }) => connectionId)
    .filter((connectionId) => !kept.has(connectionId));
}

export function refusedSession(
  code: 'session-ended' | 'session-expired' | 'session-idle' | 'session-time-limit',
  identity: Pick<Identity, 'person'>,
  operation: Operation,
): Refusal {
  return new Refusal(code, {
    operation,
    object: identity.person,
    purpose: 'operations',
    rule: 'live-session',
    outcome: 'refused',
    code,
  });
}
