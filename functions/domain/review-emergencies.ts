import { MAX_EMERGENCIES_PAGE } from '../../protocol/emergencies.ts';
import type { Caller } from './caller.ts';
import { KeyDestroyed } from './data-key.ts';
import type { Decided, Decision } from './decision.ts';
import {
  type Emergencies,
  type Emergency,
  type EmergencyReview,
  type EmergencyVerdict,
  openedNote,
} from './emergency.ts';
import { isSame, type Phi } from './phi.ts';
import { allowOwn, refuse } from './policy.ts';
import type { Notes } from './vault.ts';

export interface ReviewingRooms {
  readonly emergencies: Pick<Emergencies, 'one' | 'page' | 'review'>;
  readonly notes: Notes;
  readonly now: () => number;
}

/** An emergency with what was written about it, as far as it still opens. */
export interface OpenedEmergency {
  readonly emergency: Emergency;
  readonly reason: Phi<string> | undefined;
  readonly note: Phi<string> | undefined;
}

/**
 * Tells the uses of the emergency access, those that await their review first, with the reasons that were typed.
 *
 * @throws Refusal `not-allowed`
 */
export async function listEmergencies(
  { emergencies, notes }: ReviewingRooms,
  admitted: Promise<Caller>,
  place: string | undefined,
): Promise<Decided<{ readonly emergencies: readonly OpenedEmergency[]; readonly next?: string }>> {
  const allowed = allowOwn('emergency.list', await admitted);
  const { emergencies: found, ...page } = await emergencies.page(place, MAX_EMERGENCIES_PAGE);
  const opened = [...new Set(found.map(({ conversationId }) => conversationId))];
  const value = { ...page, emergencies: await Promise.all(found.map((one) => openedWith(notes, one))) };
  const people = [...new Set(found.map(({ person }) => person))];
  return { decision: { ...allowed, opened, people }, value };
}

/** What a privacy officer found. */
export interface ReviewWish {
  readonly emergencyId: string;
  readonly verdict: EmergencyVerdict;
  readonly note: Phi<string>;
}

/**
 * Keeps what a privacy officer found of an emergency access: once, and never of their own.
 *
 * @throws Refusal `not-allowed`, `unknown-emergency`, `own-access`, `already-reviewed`, `shredded`
 */
export async function reviewEmergency(
  rooms: ReviewingRooms,
  admitted: Promise<Caller>,
  wish: ReviewWish,
): Promise<Decided<OpenedEmergency>> {
  const caller = await admitted;
  const { emergencyId } = wish;
  const allowed: Decision = { ...allowOwn('emergency.review', caller), object: emergencyId };
  const emergency = await rooms.emergencies.one(emergencyId);
  if (!emergency) throw refuse(allowed, 'known-emergencies', 'unknown-emergency');
  const decision = { ...allowed, opened: [emergency.conversationId], people: [emergency.person] };
  if (emergency.person === caller.person) throw refuse(decision, 'two-people', 'own-access');

  if (!emergency.review) {
    const review = await sealedReview(rooms, caller, decision, emergency, wish);
    const reviewed = { ...emergency, review };
    if (await rooms.emergencies.review(reviewed))
      return { decision, value: await openedWith(rooms.notes, reviewed) };
  }
  const standing = await rooms.emergencies.one(emergencyId); // reviewed before, or by somebody else at this moment
  const value = await openedWith(rooms.notes, standing ?? emergency);
  if (!isRepeat(caller, wish, value)) throw refuse(decision, 'one-review', 'already-reviewed');
  return { decision, value };
}

async function sealedReview(
  { notes, now }: ReviewingRooms,
  { person: by }: Caller,
  decision: Decision,
  { conversationId, emergencyId: of }: Emergency,
  { verdict, note }: ReviewWish,
): Promise<EmergencyReview> {
  const at = now();
  try {
    return { by, at, verdict, note: await notes.sealNote({ conversationId, of, field: 'note' }, at, note) };
  } catch (error) {
    throw error instanceof KeyDestroyed ? refuse(decision, 'not-destroyed', 'shredded') : error;
  }
}

function isRepeat({ person }: Caller, { verdict, note }: ReviewWish, value: OpenedEmergency): boolean {
  const { review } = value.emergency;
  return review?.by === person && review.verdict === verdict && isSame(note, value.note);
}

async function openedWith(notes: Notes, emergency: Emergency): Promise<OpenedEmergency> {
  const [reason, note] = await Promise.all([
    openedNote(notes, emergency, 'reason', emergency.reason),
    openedNote(notes, emergency, 'note', emergency.review?.note),
  ]);
  return { emergency, reason, note };
}
