import { type AppendingRooms, appendMembership, type Ends, type MembershipEnd } from './append-membership.ts';
import { isStill, memberOf } from './conversation.ts';

/** How long one call goes on, past those that fail; the next one, a minute later, begins with the oldest again. */
const WORK_MS = 40_000;

export interface EndingRooms extends AppendingRooms {
  readonly ends: Ends;
  /** Told what went wrong with one end: the others come all the same, and this one is tried again. */
  readonly failed: (conversationId: string, error: unknown) => void;
}

/**
 * Writes into each log that somebody's time there is over, and tells them. They are no members from their end on whether
 * or not this has run: it brings log, lists and people up to date.
 */
export async function endGrants(rooms: EndingRooms): Promise<number> {
  const stopsAt = rooms.now() + WORK_MS;
  let looked = 0;
  for await (const part of rooms.ends.due(rooms.now())) {
    // One after the other: each is written on the condition that no hold was placed, and such writes at once are in each other's way.
    for (const end of part) {
      if (rooms.now() >= stopsAt) return looked;
      looked += 1;
      await endGrant(rooms, end).catch((error: unknown) => rooms.failed(end.conversationId, error));
    }
  }
  return looked;
}

async function endGrant(rooms: EndingRooms, end: MembershipEnd): Promise<void> {
  const { conversationId, person } = end;
  const head = await appendMembership(rooms, { person }, conversationId, {
    person,
    changeOf: (found) => {
      const member = found && memberOf(found, person);
      const isOver = member && !isStill(member, rooms.now()); // they may have been given longer, or gone before
      return isOver ? { kind: 'member.removed', person } : undefined;
    },
    check: () => {}, // whoever has an end owns nothing
  });
  if (head !== 'busy') await rooms.ends.forget(end);
}
