import type { MarkAnnouncements, ReadMark } from './announcements.ts';
import type { Caller } from './caller.ts';
import type { Decided } from './decision.ts';
import { Fault } from './fault.ts';
import type { Lists } from './lists.ts';
import type { Log } from './log.ts';
import { settle } from './membership.ts';
import { allow, refuse } from './policy.ts';

/** Meetings with a change of membership after which the caller is asked to try again. */
const ATTEMPTS = 8;

export interface MarkingRooms {
  readonly log: Pick<Log, 'head' | 'newest' | 'forward'>;
  readonly lists: Pick<Lists, 'mark'>;
  readonly announcements: MarkAnnouncements;
  readonly now: () => number;
  readonly pause: (lostRaces: number) => Promise<void>;
}

/**
 * Marks as read what stands in the log up to `wanted.upTo`, no further than its end and never back, and tells the
 * caller's other sockets. Answers with the mark as it stands, which may be a higher one of another device.
 *
 * @throws Refusal `not-a-member`, `busy`
 */
export async function markRead(
  rooms: MarkingRooms,
  admitted: Promise<Caller>,
  wanted: ReadMark,
): Promise<Decided<ReadMark>> {
  const { conversationId } = wanted;
  const [caller, found, page] = await Promise.all([
    admitted,
    rooms.log.head(conversationId),
    rooms.log.newest(conversationId, 1),
  ]);
  const head = found && (await settle(rooms.log, found, page));
  const decision = allow('conversation.mark-read', caller, { conversationId, head });
  if (!head) throw new Fault('a conversation without a head was allowed');
  const upTo = Math.min(wanted.upTo, Math.max(head.last, page.at(-1)?.seq ?? 0));

  for (let conflicts = 0; conflicts < ATTEMPTS; conflicts += 1) {
    if (conflicts > 0) await rooms.pause(conflicts);
    const marked = await rooms.lists.mark(caller.person, conversationId, upTo);
    if (marked.outcome === 'conflict') continue;
    // removed a moment ago
    if (marked.outcome === 'absent') throw refuse(decision, 'member-of-conversation', 'not-a-member');
    const mark = { conversationId, upTo: marked.upTo };
    if (marked.upTo === upTo) await announce(rooms, caller, mark); // or whoever set the higher one has
    return { decision, value: mark };
  }
  throw refuse(decision, 'within-limits', 'busy');
}

async function announce({ announcements, now }: MarkingRooms, caller: Caller, mark: ReadMark): Promise<void> {
  const live = caller.otherSockets.filter(({ expiresAt }) => expiresAt > now());
  await announcements.announceMark(mark, live);
}
