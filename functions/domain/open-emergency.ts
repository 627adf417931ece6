import { createHash } from 'node:crypto';
import type { ConversationId } from '../../protocol/ids.ts';
import { type AppendingRooms, appendMembership } from './append-membership.ts';
import type { Caller } from './caller.ts';
import type { Head } from './conversation.ts';
import { KeyDestroyed } from './data-key.ts';
import type { Decided, Decision } from './decision.ts';
import {
  EMERGENCY_MS,
  type Emergencies,
  type Emergency,
  FRESH_SIGN_IN_MS,
  openedNote,
  type TellingRooms,
  tellPrivacyOfficers,
} from './emergency.ts';
import { type Entry, isMembership, lengthPrefixed } from './entry.ts';
import { Fault } from './fault.ts';
import { idFrom } from './id.ts';
import type { People } from './people.ts';
import { isSame, type Phi } from './phi.ts';
import { allow, refuse } from './policy.ts';
import { isRestricted } from './restrictions.ts';
import type { EmergencyGrants } from './session-record.ts';
import type { Notes } from './vault.ts';

/** Entries among which a repeat looks for the one that its first attempt may have written. */
const LOOKED_AT = 200;

export interface EmergencyRooms extends Omit<AppendingRooms, 'announcements'> {
  readonly announcements: AppendingRooms['announcements'] & TellingRooms['announcements'];
  readonly sessions: AppendingRooms['sessions'] & EmergencyGrants;
  readonly records: TellingRooms['records'];
  readonly emergencies: Pick<Emergencies, 'one' | 'begin' | 'noteTold'>;
  readonly notes: Notes;
  readonly people: Pick<People, 'profiles'>;
  /** Sites whose people never break the glass. */
  readonly excludedSites: readonly string[];
  /** A step that failed after the access was given: what watches over emergencies does it within a minute. */
  readonly lost: (error: unknown) => void;
}

export interface EmergencyWish {
  readonly conversationId: ConversationId;
  readonly ref: string;
  readonly reason: Phi<string>;
}

/**
 * Lets a clinician who is no member read one conversation for an hour, under the sign-in that asked. First the task of reviewing it stands,
 * then the conversation's log says it to its members, and only then does the door open. The same `ref` is one emergency and one hour.
 *
 * @throws Refusal `not-allowed`, `already-a-member`, `unknown-conversation`, `shredded`, `restricted`, `sign-in-again`, `ref-reused`, `busy`
 */
export async function openEmergency(
  rooms: EmergencyRooms,
  admitted: Promise<Caller>,
  wish: EmergencyWish,
): Promise<Decided<Emergency>> {
  const { conversationId, ref } = wish;
  const [caller, head] = await Promise.all([admitted, rooms.log.head(conversationId)]);
  const decision = decide(rooms, caller, conversationId, head);
  await expectUnrestricted(rooms, caller, decision);
  const emergencyId = idFrom(digest(['emergency', caller.person, ref]));
  const standing = await rooms.emergencies.one(emergencyId);
  const isFresh = caller.askedAt - caller.authenticatedAt <= FRESH_SIGN_IN_MS;
  if (!standing && !isFresh) throw refuse(decision, 'fresh-sign-in', 'sign-in-again');

  const emergency = standing ?? (await begun(rooms, caller, decision, emergencyId, wish));
  const isMine = emergency.conversationId === conversationId && emergency.session === caller.session;
  const isSameReason = isSame(
    await openedNote(rooms.notes, emergency, 'reason', emergency.reason),
    wish.reason,
  );
  if (!isMine || !isSameReason) throw refuse(decision, 'one-ref-one-message', 'ref-reused');

  await enterIntoLog(rooms, caller, decision, { emergency, ref, isRepeat: standing !== undefined });
  const { until } = emergency;
  await rooms.sessions.grantEmergency(caller.person, caller.session, { conversationId, until });
  if (emergency.toldAt === undefined) await tellPrivacyOfficers(rooms, emergency, false).catch(rooms.lost);
  return { decision, value: emergency };
}

function decide(
  { excludedSites }: Pick<EmergencyRooms, 'excludedSites'>,
  caller: Caller,
  conversationId: ConversationId,
  head: Head | undefined,
): Decision {
  const allowed = allow('emergency.open', caller, { conversationId, head });
  const decision = { ...allowed, people: head?.members.map(({ person }) => person) ?? [] }; // whose words they are
  const isExcluded = caller.site !== undefined && excludedSites.includes(caller.site);
  if (isExcluded) throw refuse(decision, 'excluded-site', 'not-allowed');
  if (!head) throw refuse(decision, 'known-conversation', 'unknown-conversation');
  if (head.shreddedAt !== undefined) throw refuse(decision, 'not-destroyed', 'shredded');
  return decision;
}

/** A patient's restriction holds against everybody whom it names, in an emergency too: somebody else has to look. */
async function expectUnrestricted(
  { people }: Pick<EmergencyRooms, 'people'>,
  { person }: Caller,
  decision: Decision,
): Promise<void> {
  const members = await people.profiles(decision.people ?? []);
  if (isRestricted(members.values(), [person])) throw refuse(decision, 'restricted-by-patient', 'restricted');
}

async function begun(
  { emergencies, notes, now }: EmergencyRooms,
  caller: Caller,
  decision: Decision,
  emergencyId: string,
  { conversationId, reason }: EmergencyWish,
): Promise<Emergency> {
  const at = now();
  const place = { conversationId, of: emergencyId, field: 'reason' } as const;
  const sealed = await notes.sealNote(place, at, reason).catch((error: unknown) => {
    throw error instanceof KeyDestroyed ? refuse(decision, 'not-destroyed', 'shredded') : error;
  });
  const { person, session } = caller;
  const until = at + EMERGENCY_MS;
  return emergencies.begin({ emergencyId, conversationId, person, session, at, until, reason: sealed });
}

/** Writes into the conversation's own order that somebody reads it from here on, once. */
async function enterIntoLog(
  rooms: EmergencyRooms,
  caller: Caller,
  decision: Decision,
  { emergency, ref, isRepeat }: { emergency: Emergency; ref: string; isRepeat: boolean },
): Promise<void> {
  const { conversationId, person } = emergency;
  const isIt = (entry: Entry) => isMembership(entry) && entry.sender === person && entry.ref === ref;
  const isThere = isRepeat && (await rooms.log.newest(conversationId, LOOKED_AT)).some(isIt);
  const until = new Date(emergency.until).toISOString();
  const written = await appendMembership(rooms, { person, caller }, conversationId, {
    person,
    ref,
    changeOf: () => (isThere ? undefined : { kind: 'emergency.opened', person, until }),
    check: () => {}, // it changes no members
  });
  if (written === 'gone') throw new Fault('a conversation without a head was opened for an emergency');
  if (written === 'busy') throw refuse(decision, 'one-ref-one-message', 'busy');
}

function digest(parts: readonly string[]): Buffer {
  return createHash('sha256').update(lengthPrefixed(parts)).digest();
}
