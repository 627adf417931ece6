import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import { type Member, memberAt } from './conversation.ts';
import type { GuestClaim, GuestPlace, Log } from './log.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** How far a guest's end may lie ahead, in milliseconds. An owner may set another when it comes near. */
export const GUEST_STAYS_MS = 90 * DAY_MS;

export interface Guests {
  /** Strongly consistent. */
  placeOf(person: PersonId): Promise<GuestPlace | undefined>;
}

/**
 * Whether a guest may be let into a conversation: they are in one at a time. Nobody has to release a place, because the
 * head of the conversation says when they are gone from it, by removal, by their end or by its destruction. What they were let into
 * before they were a guest opens nothing to them, and keeps them out of nothing.
 *
 * @returns what the write has to hold to, `elsewhere`, or `unsettled` where a change is only half to be seen
 */
export async function claimFor(
  { guests, log }: { readonly guests: Guests; readonly log: Pick<Log, 'head'> },
  person: PersonId,
  conversationId: ConversationId,
  now: number,
): Promise<GuestClaim | 'elsewhere' | 'unsettled'> {
  const was = await guests.placeOf(person);
  if (!was || was.conversationId === conversationId) return { was };
  const head = await log.head(was.conversationId);
  if (!head || head.membersVersion < was.seq) return 'unsettled';
  const member = head.shreddedAt === undefined ? memberAt(head, person, now) : undefined;
  return member && isGuests(member) ? 'elsewhere' : { was };
}

/** Whether a membership is one that a guest may have: claimed as their one place, with an end. */
export function isGuests({ guest, until }: Pick<Member, 'guest' | 'until'>): boolean {
  return guest === true && until !== undefined;
}
