import type { ConversationId } from '../../protocol/ids.ts';
import type { Caller } from './caller.ts';
import { type Head, isExpired, memberOf } from './conversation.ts';
import type { Decided, Operation } from './decision.ts';
import { type Entry, isMembership, type OpenedEntry } from './entry.ts';
import { Fault } from './fault.ts';
import type { Log, Stretch } from './log.ts';
import { settle } from './membership.ts';
import { allow } from './policy.ts';
import type { Vault } from './vault.ts';

/** Reads of a log whose newest change of membership is only half visible. */
const READS = 3;

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
  const read = (from: Range) =>
    'after' in from
      ? log.forward(conversationId, from.after, limit)
      : log.backward(conversationId, from.before, limit);
  const [caller, found, firstStretch] = await Promise.all([admitted, log.head(conversationId), read(range)]);
  const firstHead = found && (await settle(log, found, firstStretch.entries)); // who was just added is a member
  allow(operation, conversationId, caller, firstHead);
  if (!firstHead) throw new Fault('a conversation without a head was allowed');
  const joined = memberOf(firstHead, caller.person)?.joined ?? 0;
  const from = 'after' in range ? { after: Math.max(range.after, joined - 1) } : range;

  const isLater = 'after' in range && joined - 1 > range.after; // who joined later is spared the pages they may not see
  let [head, stretch] = [firstHead, isLater ? await read(from) : firstStretch];
  for (let reads = 0; reads < READS && isHalfSeen(head, stretch.entries, from); reads += 1) {
    const [newerHead, newerStretch] = await Promise.all([log.head(conversationId), read(from)]);
    [head, stretch] = [newerHead ?? head, newerStretch];
  }
  head = await settle(log, head, stretch.entries);
  const decision = allow(operation, conversationId, caller, head);
  return { decision, value: await pageOf(rooms, caller, head, from, stretch) };
}

/**
 * Whether an entry that is known to be stored is missing: a transaction's two items become visible one by one, so a
 * change of membership may be named by the head, or by the entries after it, before it can be read itself.
 */
function isHalfSeen(head: Head, entries: readonly Entry[], range: Range): boolean {
  const first = entries[0];
  const before = 'after' in range ? range.after : (first?.seq ?? 1) - 1;
  const isHidden = (version: number, below: number) => version > before && version < below;
  const missesFirst = first !== undefined && isHidden(first.membersVersion, first.seq);
  const missesLast = first === undefined && 'after' in range && isHidden(head.membersVersion, head.last + 1);
  return missesFirst || missesLast || denseFrom(entries) < entries.length;
}

/** How many entries follow each other without a hole. */
function denseFrom(entries: readonly Entry[]): number {
  const hole = entries.findIndex(
    (entry, place) => place > 0 && entry.seq !== (entries[place - 1]?.seq ?? 0) + 1,
  );
  return hole === -1 ? entries.length : hole;
}

async function pageOf(
  rooms: ReadingRooms,
  caller: Caller,
  head: Head,
  range: Range,
  stretch: Stretch,
): Promise<Page> {
  const joined = memberOf(head, caller.person)?.joined ?? 0;
  const now = rooms.now();
  const expired = stretch.entries.findLast((entry) => isExpired(head, entry, now))?.seq ?? 0;
  const gone = Math.max(expired, joined - 1, 0);
  const open = (entries: readonly Entry[]) =>
    Promise.all(entries.filter(({ seq }) => seq > gone).map((entry) => opened(rooms.vault, entry)));

  if (!('after' in range)) {
    const more = stretch.more && (stretch.entries[0]?.seq ?? 0) > gone + 1;
    return {
      entries: await open(stretch.entries),
      floor: gone,
      upTo: stretch.entries.at(-1)?.seq ?? 0,
      more,
    };
  }
  const dense = stretch.entries.slice(0, denseFrom(stretch.entries)); // what stands behind a hole comes with the next page
  const isCut = dense.length < stretch.entries.length;
  const upTo = Math.max(dense.at(-1)?.seq ?? head.last, range.after);
  const entries = await open(dense);
  // the log is dense: what does not follow the place that was asked for has been taken by retention
  const hole = (entries[0]?.seq ?? upTo + 1) - 1;
  const floor = Math.max(gone, hole > range.after ? hole : 0);
  return { entries, floor, upTo, more: stretch.more || isCut };
}

async function opened(vault: Vault, entry: Entry): Promise<OpenedEntry> {
  return { ...entry, body: isMembership(entry) ? entry.change : await vault.openBody(entry) };
}
