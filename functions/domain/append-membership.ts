import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import { type Announcements, joinedBy, socketsOf } from './announcements.ts';
import type { Admitting, Caller } from './caller.ts';
import { type Head, isExpired } from './conversation.ts';
import { type Entry, hashOf, isMembership, type MembershipChange, type MembershipEntry } from './entry.ts';
import { type KeepingRooms, keepFor } from './held.ts';
import type { Log, MembershipCondition } from './log.ts';
import { afterChange, settle } from './membership.ts';
import { headUnder, type Retention } from './retention.ts';
import { PAGE } from './send-message.ts';

const ATTEMPTS = 64;

/** Lost races after which sends are asked to let the change pass: whoever floods must not put off their own removal. */
const RACES_BEFORE_ASKING = 2;

/** How long they do: longer than a few tries take, and short where the function dies meanwhile. */
const YIELD_MS = 2_000;

export interface AppendingRooms extends KeepingRooms {
  readonly sessions: Admitting;
  readonly log: Log;
  readonly ends: Pick<Ends, 'note'>;
  readonly announcements: Announcements;
  readonly retention: Retention;
  readonly now: () => number;
  readonly newId: () => string;
  readonly newRef: () => string;
  readonly pause: (lostRaces: number) => Promise<void>;
}

/** Memberships that come to an end by themselves. */
export interface Ends {
  /** Notes that somebody's membership may be over from `until` on. One write, which may be repeated. */
  note(end: MembershipEnd): Promise<void>;
  /** Those that may be over at `now`, oldest first, in parts. Strongly consistent. */
  due(now: number): AsyncIterable<readonly MembershipEnd[]>;
  forget(end: MembershipEnd): Promise<void>;
}

export interface MembershipEnd {
  readonly conversationId: ConversationId;
  readonly person: PersonId;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/** Whose change it is. Without `caller` nobody asked for it: an end that was set before has come. */
export interface Author {
  readonly person: PersonId;
  readonly caller?: Pick<Caller, 'person' | 'otherSockets' | 'source'>;
}

/** What is to be written, given the head; nothing where it holds already. Throws what speaks against it. */
export interface Plan {
  /** About whom the change is. */
  readonly person: PersonId;
  /** What the entry is called by whoever asked; without it, it gets a name of its own. */
  readonly ref?: string;
  changeOf(head: Head | undefined): MembershipChange | undefined;
  /** Throws what speaks against the members there would be. */
  check(after: Head): void;
  /** Does what must stand before the change does; nothing where another change was under way. */
  prepare?(after: Head): Promise<Prepared | undefined>;
}

/** The head with what was prepared, and what the write has to hold to. */
export interface Prepared extends MembershipCondition {
  readonly head: Head;
}

/**
 * Writes a change of membership as the next entry of the conversation's log, and tells who may hear of it. What already
 * holds is told again where the entry that made it so is among the newest: the function may have died before it was.
 *
 * @returns the head afterwards, `busy` where others were faster every time, `gone` where there is no conversation
 */
export async function appendMembership(
  rooms: AppendingRooms,
  author: Author,
  conversationId: ConversationId,
  plan: Plan,
): Promise<Head | 'busy' | 'gone'> {
  const { log } = rooms;
  for (let lostRaces = 0; lostRaces < ATTEMPTS; lostRaces += 1) {
    if (lostRaces > 0) await rooms.pause(lostRaces);
    const [found, page] = await Promise.all([log.head(conversationId), log.newest(conversationId, PAGE)]);
    const head = found && (await settle(log, found, page, log.rebuild));
    const change = plan.changeOf(head);
    if (!head) return 'gone';
    if (!change) {
      await tellAgain(rooms, author, head, page, plan.person);
      return head;
    }
    const entry = entryOf(rooms, author, head, page.at(-1), { change, ref: plan.ref ?? rooms.newRef() });
    const changed = afterChange(head, entry, hashOf(entry));
    plan.check(changed);
    const prepared = await prepare(rooms, plan, changed, change);
    if (!prepared) continue;
    const { head: after, ...condition } = prepared;
    await noteEnd(rooms, conversationId, change); // before it holds: an end that is noted in vain does nothing

    const appended = await log.appendMembership(entry, head, after, condition);
    if (appended.outcome !== 'stored') {
      const isAsked = (head.yieldUntil ?? 0) > rooms.now();
      const isDue = lostRaces + 1 >= RACES_BEFORE_ASKING && !isAsked;
      if (isDue) await log.askToYield(conversationId, rooms.now() + YIELD_MS);
      continue;
    }
    // who is removed hears of that, and of nothing after
    await announce(rooms, author, change.kind === 'member.removed' ? head : after, entry);
    return after;
  }
  return 'busy';
}

/** Whoever leaves, and by whichever way, leaves behind what holds on them keep, unless one was placed in that moment. */
async function prepare(
  rooms: AppendingRooms,
  plan: Plan,
  after: Head,
  { kind, person }: MembershipChange,
): Promise<Prepared | undefined> {
  const prepared = plan.prepare ? await plan.prepare(after) : { head: after };
  if (kind !== 'member.removed' || !prepared) return prepared;
  const kept = await keepFor(rooms, prepared.head, person);
  return kept && { ...prepared, ...kept };
}

async function noteEnd(
  { ends }: AppendingRooms,
  conversationId: ConversationId,
  change: MembershipChange,
): Promise<void> {
  if (change.kind !== 'member.added' || change.until === undefined) return;
  await ends.note({ conversationId, person: change.person, until: Date.parse(change.until) });
}

async function tellAgain(
  rooms: AppendingRooms,
  author: Author,
  head: Head,
  page: readonly Entry[],
  person: PersonId,
): Promise<void> {
  const made = page.findLast((entry) => isMembership(entry) && entry.change.person === person);
  if (!made || !isMembership(made)) return;
  const read = headUnder(await rooms.retention.standing(), head);
  if (!isExpired(read, made, rooms.now())) await announce(rooms, author, head, made);
}

async function announce(
  rooms: AppendingRooms,
  { caller }: Author,
  head: Head,
  entry: MembershipEntry,
): Promise<void> {
  const { change: body, ...fields } = entry;
  const audience = body.kind === 'member.removed' ? withoutEnd(head, body.person) : head;
  const sockets = await socketsOf(rooms.sessions, audience, caller, rooms.now());
  await rooms.announcements.announce({ ...fields, body }, joinedBy(head, sockets, entry.seq));
}

/** Whose time is over hears that it is. */
function withoutEnd(head: Head, person: PersonId): Head {
  const members = head.members.map(
    (member) => (member.person === person ? { ...member, until: Number.POSITIVE_INFINITY } : member), // a guest has to have one
  );
  return { ...head, members };
}

function entryOf(
  rooms: AppendingRooms,
  author: Author,
  head: Head,
  newest: Entry | undefined,
  { change, ref }: { readonly change: MembershipChange; readonly ref: string },
): MembershipEntry {
  const seq = Math.max(newest?.seq ?? 0, head.last) + 1;
  return {
    conversationId: head.conversationId,
    seq,
    messageId: rooms.newId(),
    sender: author.person,
    ref,
    at: Math.max(rooms.now(), newest?.at ?? 0, head.lastAt),
    prev: newest?.seq === seq - 1 ? hashOf(newest) : head.lastHash,
    membersVersion: seq,
    ...(author.caller?.source && { source: author.caller.source }),
    change,
  };
}
