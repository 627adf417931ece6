import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import { type Head, isHeld } from './conversation.ts';
import { type Hold, type Holds, holdsOn } from './holds.ts';
import type { Restamps } from './restamps.ts';

/**
 * The holds as somebody saw them, and how many had been placed by then. Whoever takes something away from a hold's reach
 * writes on the condition that none was placed since: so that a hold and a destruction, or a hold and a removal, are
 * always one after the other.
 */
export interface HoldsSeen {
  readonly placings: number;
  readonly holds: readonly Hold[];
}

/** A look at a conversation that nothing kept: what is destroyed is destroyed on the condition that this still holds. */
export interface Unheld {
  readonly conversationId: ConversationId;
  /** Nobody has joined or left since, and no hold was noted in the head. */
  readonly membersVersion: number;
  /** No hold was placed since. */
  readonly placings: number;
}

/** Counted first: a hold stands before it is counted, so that what is counted is seen. */
export async function seeHolds(holds: Pick<Holds, 'all' | 'placings'>): Promise<HoldsSeen> {
  const placings = await holds.placings();
  return { placings, holds: await holds.all() };
}

/**
 * What a destruction of something of the conversation has to hold to; nothing where it must be kept. It looks at the holds
 * themselves too, since a head says it only a moment after one was placed.
 */
export function unheld({ placings, holds }: HoldsSeen, head: Head): Unheld | undefined {
  const { conversationId, members, membersVersion } = head;
  const isKept = isHeld(head) || holdsOn(holds, conversationId, members).length > 0;
  return isKept ? undefined : { conversationId, membersVersion, placings };
}

export interface KeepingRooms {
  readonly holds: Pick<Holds, 'all' | 'keep' | 'placings'>;
  readonly restamps: Pick<Restamps, 'ask'>;
}

/**
 * Has a conversation kept that somebody is about to join or to leave, if a hold is on them: before they do, so that it
 * stays kept once they have left. What was said before is kept from the next stamping on. Gives the head as it stands
 * then and how many holds had been placed, and nothing where another change was under way.
 */
export async function keepFor(
  rooms: KeepingRooms,
  head: Head,
  person: PersonId,
): Promise<{ readonly head: Head; readonly placings: number } | undefined> {
  const { placings, holds } = await seeHolds(rooms.holds);
  const known = new Set(head.holds);
  const added = holdsOn(holds, head.conversationId, [{ person }]).filter((holdId) => !known.has(holdId));
  if (added.length === 0) return { head, placings };
  await rooms.restamps.ask();
  if (!(await rooms.holds.keep(head.conversationId, added))) return undefined;
  return { head: { ...head, holds: [...known, ...added].sort() }, placings };
}
