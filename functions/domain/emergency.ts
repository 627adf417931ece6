import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import { type Admitting, isLive } from './caller.ts';
import { KeyDestroyed } from './data-key.ts';
import { holdsAny } from './entitlements.ts';
import type { Sealed } from './entry.ts';
import type { Phi } from './phi.ts';
import type { SessionRecord, Socket } from './session-record.ts';
import type { Notes } from './vault.ts';

const MINUTE_MS = 60 * 1000;

/** How long somebody reads who broke the glass. */
export const EMERGENCY_MS = 60 * MINUTE_MS;

/** How fresh the sign-in is that breaks it: with password and code. */
export const FRESH_SIGN_IN_MS = 5 * MINUTE_MS;

/** How long its review may take before an alarm stands, and how often the privacy officers are told again from then on. */
export const REVIEW_MS = 72 * 60 * MINUTE_MS;
export const TOLD_AGAIN_MS = 24 * 60 * MINUTE_MS;

export type EmergencyVerdict = 'justified' | 'not-justified';

/** One use of the emergency access, and the task of reviewing it. Times are milliseconds since the epoch. */
export interface Emergency {
  readonly emergencyId: string;
  readonly conversationId: ConversationId;
  /** Who broke the glass, and the sign-in that reads. */
  readonly person: PersonId;
  readonly session: string;
  readonly at: number;
  readonly until: number;
  readonly reason: Sealed;
  /** When the privacy officers who are here were told, and when they were last told that the review is late. */
  readonly toldAt?: number;
  readonly alarmedAt?: number;
  readonly review?: EmergencyReview;
}

export interface EmergencyReview {
  readonly by: PersonId;
  readonly at: number;
  readonly verdict: EmergencyVerdict;
  readonly note: Sealed;
}

/** Every use there was. Reads are strongly consistent. */
export interface Emergencies {
  one(emergencyId: string): Promise<Emergency | undefined>;
  /** Keeps it unless one of its id stands; gives what stands. */
  begin(emergency: Emergency): Promise<Emergency>;
  /** Those that nobody has reviewed. */
  waiting(): Promise<readonly Emergency[]>;
  /** Those that wait first; `place` is what an earlier page gave as `next`. */
  page(
    place: string | undefined,
    limit: number,
  ): Promise<{ readonly emergencies: readonly Emergency[]; readonly next?: string }>;
  /** Notes when the privacy officers were told, or told again, unless it is reviewed. */
  noteTold(emergencyId: string, told: Pick<Emergency, 'toldAt' | 'alarmedAt'>): Promise<void>;
  /** Keeps the review of one that waits; false where it does not any more. */
  review(emergency: Emergency & { readonly review: EmergencyReview }): Promise<boolean>;
}

/** Tells open sockets that an access awaits its review; at least once, as announcements are. */
export interface EmergencyAnnouncements {
  announceEmergency(emergency: Emergency, isOverdue: boolean, to: readonly Socket[]): Promise<void>;
}

export interface TellingRooms {
  readonly emergencies: Pick<Emergencies, 'noteTold'>;
  readonly sessions: Pick<Admitting, 'rules'>;
  /** Everybody's records, page by page. */
  readonly records: () => AsyncIterable<readonly SessionRecord[]>;
  readonly announcements: EmergencyAnnouncements;
  readonly now: () => number;
}

/** Tells every privacy officer who is here, by the role they have now, and notes that they were told. */
export async function tellPrivacyOfficers(
  rooms: TellingRooms,
  emergency: Emergency,
  isOverdue: boolean,
): Promise<void> {
  const now = rooms.now();
  for await (const page of rooms.records()) {
    await rooms.announcements.announceEmergency(
      emergency,
      isOverdue,
      page.flatMap(privacyOffice(rooms.sessions, now)),
    );
  }
  await rooms.emergencies.noteTold(emergency.emergencyId, isOverdue ? { alarmedAt: now } : { toldAt: now });
}

function privacyOffice({ rules }: Pick<Admitting, 'rules'>, now: number) {
  return (record: SessionRecord): readonly Socket[] =>
    record.sockets.filter(
      (socket) =>
        isLive(rules, record, socket, now) && holdsAny(record.entitled ?? socket, ['privacy-officer']),
    );
}

/** When its review is late. */
export function reviewDue({ at }: Pick<Emergency, 'at'>): number {
  return at + REVIEW_MS;
}

/** What was written, for who reviews it; nothing where its month's key is destroyed. */
export async function openedNote(
  notes: Notes,
  { conversationId, emergencyId }: Pick<Emergency, 'conversationId' | 'emergencyId'>,
  field: 'reason' | 'note',
  sealed: Sealed | undefined,
): Promise<Phi<string> | undefined> {
  if (!sealed) return undefined;
  try {
    return await notes.openNote({ conversationId, of: emergencyId, field }, sealed);
  } catch (error) {
    if (error instanceof KeyDestroyed) return undefined;
    throw error;
  }
}
