import type { ConversationId } from '../../protocol/ids.ts';
import type { Caller } from './caller.ts';
import { type Head, memberOf } from './conversation.ts';
import type { Decided, Operation } from './decision.ts';
import { type Entry, isMembership, type OpenedEntry } from './entry.ts';
import type { Log } from './log.ts';
import { settle } from './membership.ts';
import { allow } from './policy.ts';
import type { Vault } from './vault.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface ReadingRooms {
  readonly log: Pick<Log, 'head' | 'forward' | 'backward'>;
  readonly vault: Vault;
  readonly now: () => number;
}

/** Which part of a log is asked for: forward from a place, or backward from one (from the end: `Infinity`). */
export type Range = { readonly after: number } | { readonly before: number };

/** A part of a log, ascending and without holes between `floor` and `upTo`. */
export interface Page {
  readonly entries: readonly OpenedEntry[];
  /** Nothing at or below it is to be had in this direction: retention took it, or the reader joined later. */
  readonly floor: number;
  readonly upTo: number;
  readonly more: boolean;
}

/**
 * Opens a part of a conversation's log for one of its members: what they may see by membership and by retention,
 * computed from the head at this moment and never from an item's own stamp.
 *
 * @throws Refusal `not-a-member`
 */
export async function readLog(
  rooms: ReadingRooms,
  admitted: Promise<Caller>,
  operation: Extract<Operation, 'conversation.catch-up' | 'conversation.read'>,
  conversationId: ConversationId,
  range: Range,
  limit: number,
): Promise<Decided<Page>> {
  const { log } = rooms;
  const [caller, head, stretch] = await Promise.all([
    admitted,
    log.head(conversationId),
    'after' in range
      ? log.forward(conversationId, range.after, limit)
      : log.backward(conversationId, range.before, limit),
  ]);
  allow(operation, conversationId, caller, head);
  if (!head) throw new Error('a conversation without a head was allowed');
  const settled = await settle(log, head, stretch.entries);
  const decision = allow(operation, conversationId, caller, settled);

  const gone = goneBelow(settled, caller, stretch.entries, rooms.now());
  const visible = stretch.entries.filter((entry) => entry.seq > gone);
  const entries = await Promise.all(visible.map((entry) => opened(rooms.vault, entry)));
  if (!('after' in range)) {
    return {
      decision,
      value: { entries, floor: gone, upTo: stretch.entries.at(-1)?.seq ?? 0, more: stretch.more },
    };
  }
  // the log is dense: what does not follow the place that was asked for has been taken by retention
  const upTo = Math.max(stretch.entries.at(-1)?.seq ?? settled.last, range.after);
  const hole = (visible[0]?.seq ?? upTo + 1) - 1;
  return {
    decision,
    value: { entries, floor: Math.max(gone, hole > range.after ? hole : 0), upTo, more: stretch.more },
  };
}

/** The highest `seq` among these that the caller may not see any more, or may not see yet. */
function goneBelow(head: Head, caller: Caller, entries: readonly Entry[], now: number): number {
  const expired = entries.findLast((entry) => entry.at + head.retentionDays * DAY_MS <= now)?.seq ?? 0;
  const joined = memberOf(head, caller.person)?.joined ?? 0;
  return Math.max(expired, joined - 1, 0);
}

async function opened(vault: Vault, entry: Entry): Promise<OpenedEntry> {
  return { ...entry, body: isMembership(entry) ? entry.change : await vault.openBody(entry) };
}
