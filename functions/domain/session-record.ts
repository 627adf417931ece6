import type { DeviceKind } from '../../protocol/bodies.ts';
import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import type { Entitlements } from './entitlements.ts';
import type { Source } from './entry.ts';

/** What a verified token says; the gateway keeps it beside the socket and hands it to every door. */
export interface Identity extends Entitlements {
  readonly person: PersonId;
  /** The sign-in that the token descends from (Cognito's `origin_jti`). */
  readonly session: string;
  /** When the person proved who they are; the same in every token that the sign-in gets. Milliseconds since the epoch. */
  readonly authenticatedAt: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** The socket the frame came from; absent over HTTP. */
  readonly connectionId?: string;
  /** Where the request came from, and what the gateway calls it. */
  readonly source?: Source;
}

/** A sign-in by one of its tokens. */
export type SignInToken = Pick<Identity, 'person' | 'session' | 'authenticatedAt' | 'expiresAt'>;

/** One socket of a person, under the newest token it has shown. */
export interface Socket extends Entitlements {
  readonly person: PersonId;
  readonly connectionId: string;
  readonly session: string;
  readonly authenticatedAt: number;
  readonly expiresAt: number;
}

/** One conversation that a sign-in may read for an emergency, and until when; milliseconds since the epoch. */
export interface EmergencyGrant {
  readonly conversationId: ConversationId;
  readonly until: number;
}

/** A sign-in as it was last noted; times in milliseconds since the epoch. */
export interface SeenSignIn {
  readonly authenticatedAt: number;
  /** Of the newest token that it had shown by then. */
  readonly expiresAt: number;
  /** A frame or request of it was let in then, and the last one less than a minute later. */
  readonly at: number;
}

/** Everything that is live of one person, and what was ended. */
export interface SessionRecord {
  /** Sign-ins of this moment and before open nothing, whenever their tokens were issued; milliseconds since the epoch. */
  readonly revokedUntil?: number;
  /** Sign-ins that were ended one by one. */
  readonly ended?: ReadonlySet<string>;
  /** What the person is now, where that was changed after a token was issued that may still be good. */
  readonly entitled?: Entitlements;
  /** When somebody was last there, by sign-in; milliseconds since the epoch. */
  readonly activeAt?: ReadonlyMap<string, number>;
  /** Sign-ins that were let in, on a socket or over HTTP, by sign-in. */
  readonly seen?: ReadonlyMap<string, SeenSignIn>;
  /** What kind of device a sign-in says that it is on. */
  readonly devices?: ReadonlyMap<string, DeviceKind>;
  /** What was opened for an emergency, by sign-in: the newest of each. */
  readonly emergencies?: ReadonlyMap<string, EmergencyGrant>;
  readonly sockets: readonly Socket[];
}

/** What a write may take off a session item. */
export interface Forgotten {
  readonly connections?: readonly string[];
  readonly signIns?: readonly string[];
}

/** Where session records are kept, one for each person. */
export interface Sessions {
  /** Strongly consistent. */
  of(person: PersonId): Promise<SessionRecord>;
  ofMany(people: readonly PersonId[]): Promise<ReadonlyMap<PersonId, SessionRecord>>;
  /**
   * Lists the socket, so that pushes find it, notes its sign-in, and forgets what `instead` names. False where its
   * sign-in was ended before the write, which then did nothing.
   */
  register(socket: Socket, instead?: Forgotten): Promise<boolean>;
  forget(person: PersonId, connectionId: string): Promise<void>;
  /** Notes that a sign-in was let in, and, where `isActive`, that somebody is there; forgets the sign-ins that `instead` names. */
  noteSeen(token: SignInToken, at: number, isActive: boolean, instead: readonly string[]): Promise<void>;
  /** Notes what kind of device a sign-in is on. */
  noteDevice(person: PersonId, session: string, device: DeviceKind): Promise<void>;
}

/** Where a sign-in is let into a conversation for an emergency. */
export interface EmergencyGrants {
  /** Lets one sign-in read one conversation until an end, in the place of what it was let into before. May be repeated. */
  grantEmergency(person: PersonId, session: string, grant: EmergencyGrant): Promise<void>;
}
