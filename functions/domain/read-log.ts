import type { ConversationId } from '../../protocol/ids.ts';
import type { Caller } from './caller.ts';
import { type Head, isExpired, memberOf } from './conversation.ts';
import { KeyDestroyed } from './data-key.ts';
import type { Decided, Operation } from './decision.ts';
import { type Entry, isMembership, type OpenedEntry } from './entry.ts';
import { Fault } from './fault.ts';
import type { Log, Stretch } from './log.ts';
import { settle } from './membership.ts';
import { allow, refuse } from './policy.ts';
import { type Retention, underPolicy } from './retention.ts';
import type { OpensFor, Vault } from './vault.ts';

/** Reads of a log whose newest change of membership is only half visible. */
const READS = 3;

/** A transaction whose items are not all visible after so long, in milliseconds, is none: clocks of functions may differ by a part of it. */
const IN_FLIGHT_MS = 5_000;

export interface ReadingRooms {
  readonly log: Pick<Log, 'head' | 'forward' | 'backward'>;
  readonly vault: Vault;
  /** How bodies are opened for who broke the glass; without it nobody is let in that way. */
  readonly openFor?: OpensFor;
  readonly retention: Retention;
  readonly now: () => number;
}

/** Which part of a log is asked for: forward from a place, or backward from one (from the end: `Infinity`) as far as `above`. */
export type Range = { readonly after: number } | { readonly before: number; readonly above?: number };

/** A part of a log, ascending and without holes between `floor` and `upTo`. */
export interface Page {
  readonly entries: readonly OpenedEntry[];
  /** Nothing at or below it is to be had in this direction: retention took it, or the reader joined later. */
  readonly floor: number;
  readonly upTo: number;
  readonly more: boolean;
}

/** A page whose bodies are still sealed, and the conversation's head with the members that the page accounts for. */
export interface SealedPage extends Omit<Page, 'entries'> {
  readonly entries: readonly Entry[];
  readonly head: Head;
}

/** Operations that read a log. */
type Reading = Extract<
  Operation,
  | 'conversation.catch-up'
  | 'conversation.read'
  | 'sync'
  | 'conversation.list'
  | 'attachment.download'
  | 'amendment.ask'
  | 'amendment.read'
>;

/**
 * Opens a part of a conversation's log for one of its members: what they may see by membership and by retention,
 * computed from the head and the policy of this moment and never from an item's own stamp.
 *
 * @throws Refusal `not-a-member`, `since-ahead`
 */
export async function readLog(
  rooms: ReadingRooms,
  admitted: Promise<Caller>,
  operation: Reading,
  conversationId: ConversationId,
  range: Range,
  limit: number,
): Promise<Decided<Page>> {
  const { decision, value } = await readSealed(rooms, admitted, operation, conversationId, range, limit);
  const { head: _head, ...page } = value;
  const openAll = (vault: Pick<Vault, 'openBody'>) =>
    Promise.all(page.entries.map((entry) => openEntry(vault, entry)));
  const opened =
    decision.rule === 'emergency-grant'
      ? await openerFor(rooms)((await admitted).person, openAll)
      : await openAll(rooms.vault);
  const [floor, entries] = aboveDestroyed(page, opened);
  const more = page.more && ('after' in range || floor === page.floor);
  return { decision, value: { ...page, floor, entries, more } };
}

function openerFor({ openFor }: ReadingRooms): OpensFor {
  if (!openFor) throw new Fault('an emergency was let in where AWS would not be told for whom');
  return openFor;
}

/** What stands above the last entry whose key was destroyed: keys go with the oldest month first, or all at once. */
function aboveDestroyed(
  page: Pick<SealedPage, 'floor' | 'entries'>,
  opened: readonly (OpenedEntry | undefined)[],
): [floor: number, entries: readonly OpenedEntry[]] {
  const lastGone = opened.lastIndexOf(undefined);
  const floor = Math.max(page.floor, page.entries[lastGone]?.seq ?? 0);
  return [floor, opened.slice(lastGone + 1).filter((entry) => entry !== undefined)];
}

/**
 * What {@link readLog} would open: the same rules, for who opens only some of it.
 *
 * @throws Refusal `not-a-member`, `since-ahead`
 */
export async function readSealed(
  rooms: Omit<ReadingRooms, 'vault'>,
  admitted: Promise<Caller>,
  operation: Reading,
  conversationId: ConversationId,
  range: Range,
  limit: number,
): Promise<Decided<SealedPage>> {
  const log = underPolicy(rooms.log, rooms.retention.standing());
  const read = (from: Range) =>
    'after' in from
      ? log.forward(conversationId, from.after, limit)
      : log.backward(conversationId, from.before, limit, from.above);
  const [caller, found, firstStretch] = await Promise.all([admitted, log.head(conversationId), read(range)]);
  const firstHead = found && (await settle(log, found, firstStretch.entries)); // who was just added is a member
  allow(operation, caller, { conversationId, head: firstHead });
  if (!firstHead) throw new Fault('a conversation without a head was allowed');
  const joined = memberOf(firstHead, caller.person)?.joined ?? 0;
  const from = 'after' in range ? { after: Math.max(range.after, joined - 1) } : range;

  const isLater = 'after' in range && joined - 1 > range.after; // who joined later is spared the pages they may not see
  let [head, stretch] = [firstHead, isLater ? await read(from) : firstStretch];
  for (let reads = 0; reads < READS && isHalfSeen(head, stretch.entries, from, rooms.now()); reads += 1) {
    head = (await log.head(conversationId)) ?? head; // before the log, so that what it counts stands there
    stretch = await read(from);
  }
  head = await settle(log, head, stretch.entries);
  const decision = allow(operation, caller, { conversationId, head });
  if (await isAhead(log, head, stretch, from)) throw refuse(decision, 'within-limits', 'since-ahead');
  return { decision, value: pageOf(head, caller, rooms.now(), from, stretch) };
}

/** Whether the place asked for lies above the log's end, as it may after a restore; a head alone may lag behind its log. */
async function isAhead(
  log: ReadingRooms['log'],
  head: Head,
  stretch: Stretch,
  range: Range,
): Promise<boolean> {
  if (!('after' in range) || stretch.entries.length > 0 || head.last >= range.after) return false;
  const { entries } = await log.backward(head.conversationId, Number.POSITIVE_INFINITY, 1);
  return (entries.at(-1)?.seq ?? 0) < range.after;
}

/**
 * Whether an entry that is known to be stored is missing. A transaction's two items become visible one by one, so a
 * change of membership may be named by the head, or by the entries after it, before it can be read itself; and a head
 * that was read after the log may count entries that the log did not have yet.
 */
function isHalfSeen(head: Head, entries: readonly Entry[], range: Range, now: number): boolean {
  const live = entries.filter((entry) => !isExpired(head, entry, now)); // what expired is deleted in any order
  return denseFrom(live) < live.length || missesFirst(head, entries, range, now);
}

/** Whether the entry that should follow the place asked for is missing, and was not taken by retention. */
function missesFirst(head: Head, entries: readonly Entry[], range: Range, now: number): boolean {
  if (!('after' in range)) return false;
  const before = Math.max(range.after, lastExpired(head, entries, now));
  const first = entries.find(({ seq }) => seq > before);
  if (first) return first.seq > before + 1 && followsHidden(head, first, now);
  const isDeleted = head.last <= deletedUpTo(head); // by an earlier policy, where by this one it would not have expired
  return head.last > before && !isDeleted && !isExpired(head, { at: head.lastAt }, now);
}

/**
 * Whether what is missing right before this entry is a change of membership that is in flight still: this entry was
 * written after it, just now. Where it is retention that took it, that is known a few seconds later.
 */
function followsHidden(head: Head, first: Entry, now: number): boolean {
  const isYoung = !isExpired(head, { at: head.createdAt }, now); // nothing of it can have been taken by retention
  const isInFlight = isYoung || first.at > now - IN_FLIGHT_MS;
  return first.membersVersion === first.seq - 1 && first.seq - 1 > deletedUpTo(head) && isInFlight;
}

function deletedUpTo(head: Head): number {
  return head.deletedUpTo ?? 0;
}

function lastExpired(head: Head, entries: readonly Entry[], now: number): number {
  return entries.findLast((entry) => isExpired(head, entry, now))?.seq ?? 0;
}

/** How many entries follow each other without a hole, up or down. */
function denseFrom(entries: readonly Entry[]): number {
  const hole = entries.findIndex(
    (entry, place) => place > 0 && Math.abs(entry.seq - (entries[place - 1]?.seq ?? 0)) !== 1,
  );
  return hole === -1 ? entries.length : hole;
}

function pageOf(head: Head, caller: Caller, now: number, range: Range, stretch: Stretch): SealedPage {
  const joined = memberOf(head, caller.person)?.joined ?? 0;
  const expired = lastExpired(head, stretch.entries, now);
  const gone = Math.max(expired, joined - 1, 0);
  const visible = stretch.entries.filter(({ seq }) => seq > gone);

  if (!('after' in range)) {
    const entries = visible.slice(visible.length - denseFrom(visible.toReversed())); // what a hole hides comes with the next page
    const isCut = entries.length < visible.length;
    const more = isCut || (stretch.more && (stretch.entries[0]?.seq ?? 0) > gone + 1);
    return { head, entries, floor: gone, upTo: stretch.entries.at(-1)?.seq ?? 0, more };
  }
  if (missesFirst(head, stretch.entries, range, now)) {
    const upTo = Math.max(gone, range.after);
    return { head, entries: [], floor: gone, upTo, more: true }; // it stands there, and shows when it is asked for again
  }
  const entries = visible.slice(0, denseFrom(visible)); // what stands behind a hole comes with the next page
  const isCut = entries.length < visible.length;
  const upTo = Math.max(entries.at(-1)?.seq ?? stretch.entries.at(-1)?.seq ?? head.last, range.after);
  // the log is dense: what does not follow the place that was asked for has been taken by retention
  const hole = (entries[0]?.seq ?? upTo + 1) - 1;
  const floor = Math.max(gone, hole > range.after ? hole : 0);
  return { head, entries, floor, upTo, more: stretch.more || isCut };
}

/**
 * The entry with its body opened; what {@link readSealed} gave may be opened, and nothing else. Nothing where its key was
 * destroyed, as after a policy became longer than it was that day.
 */
export async function openEntry(
  vault: Pick<Vault, 'openBody'>,
  entry: Entry,
): Promise<OpenedEntry | undefined> {
  if (isMembership(entry)) return { ...entry, body: entry.change };
  try {
    return { ...entry, body: await vault.openBody(entry) };
  } catch (error) {
    if (error instanceof KeyDestroyed) return undefined;
    throw error;
  }
}
