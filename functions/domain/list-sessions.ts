import type { DeviceKind } from '../../protocol/bodies.ts';
import type { PersonId } from '../../protocol/ids.ts';
import { type Admitting, type Caller, isEnded } from './caller.ts';
import type { Decided } from './decision.ts';
import type { People } from './people.ts';
import { allow, refuse } from './policy.ts';
import type { SessionRecord, Socket } from './session-record.ts';
import { signedOutBy } from './sign-out.ts';

/** A sign-in that is good still, with sockets open or without; times in milliseconds since the epoch. */
export interface LiveSession {
  readonly session: string;
  readonly since: number;
  readonly until: number;
  readonly sockets: number;
  /** Absent where nothing was noted since they signed in. */
  readonly lastActiveAt?: number;
  /** A frame or request was let in then, and the last one less than a minute later. */
  readonly lastFrameAt?: number;
  readonly device?: DeviceKind;
}

export interface ListingRooms {
  readonly sessions: Pick<Admitting, 'of' | 'rules'>;
  readonly people: Pick<People, 'profile'>;
  readonly now: () => number;
}

/** A sign-in by a token of its own, and the roles that it gave where that is known. */
type SignIn = Pick<Socket, 'session' | 'authenticatedAt' | 'expiresAt'> & {
  readonly roles?: readonly string[];
};

/**
 * The caller's own sign-ins that are good still, or those of somebody in their charge, the newest first.
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
  const isOver = ({ roles = profile.roles, ...signIn }: SignIn) =>
    signedOutBy(sessions.rules, record, { ...signIn, roles }, at) !== undefined;
  return { decision, value: { person, sessions: liveSessions(record, at, isOver) } };
}

/** The sign-ins that have shown a token which is still good, on a socket or over HTTP. */
export function liveSessions(
  record: SessionRecord,
  now: number,
  isOver: (signIn: SignIn) => boolean = () => false,
): readonly LiveSession[] {
  const isGood = (one: SignIn) => one.expiresAt > now && !isEnded(record, one) && !isOver(one);
  const sockets = record.sockets.filter(isGood);
  const seen = [...(record.seen ?? [])].map(([session, one]) => ({ session, ...one })).filter(isGood);
  const tokens: readonly SignIn[] = [...sockets, ...seen];
  return [...new Set(tokens.map(({ session }) => session))]
    .map((session) => {
      const shown = tokens.filter((token) => token.session === session);
      const [lastActiveAt, lastFrameAt] = [record.activeAt?.get(session), record.seen?.get(session)?.at];
      const device = record.devices?.get(session);
      return {
        session,
        since: Math.min(...shown.map(({ authenticatedAt }) => authenticatedAt)),
        until: Math.max(...shown.map(({ expiresAt }) => expiresAt)),
        sockets: sockets.filter((socket) => socket.session === session).length,
        ...(lastActiveAt !== undefined && { lastActiveAt }),
        ...(lastFrameAt !== undefined && { lastFrameAt }),
        ...(device && { device }),
      };
    })
    .sort((one, other) => other.since - one.since);
}
