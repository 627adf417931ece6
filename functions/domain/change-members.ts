import type { MemberRole } from '../../protocol/bodies.ts';
import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import { MAX_MEMBERS } from '../../protocol/requests.ts';
import { type Announcements, joinedBy, socketsOf } from './announcements.ts';
import type { Caller, Sessions } from './caller.ts';
import { type Head, isExpired, memberAt, memberOf } from './conversation.ts';
import type { Decided, Decision } from './decision.ts';
import { whyNotEligible } from './eligibility.ts';
import { type Entry, hashOf, isMembership, type MembershipChange, type MembershipEntry } from './entry.ts';
import { Fault } from './fault.ts';
import type { Log } from './log.ts';
import { afterChange, settle } from './membership.ts';
import type { People } from './people.ts';
import { allow, refuse } from './policy.ts';
import { PAGE } from './send-message.ts';

const ATTEMPTS = 64;

/** Lost races after which sends are asked to let the change pass: whoever floods must not put off their own removal. */
const RACES_BEFORE_ASKING = 2;

/** How long they do: longer than a few tries take, and short where the function dies meanwhile. */
const YIELD_MS = 2_000;

export interface MembershipRooms {
  readonly sessions: Sessions;
  readonly log: Log;
  readonly people: People;
  readonly announcements: Announcements;
  readonly now: () => number;
  readonly newId: () => string;
  readonly newRef: () => string;
  readonly pause: (lostRaces: number) => Promise<void>;
}

/**
 * What should hold afterwards. Without a role, or without an end, a member keeps what they have, and who is new becomes
 * `member`, without an end. `until`: RFC 3339, in UTC.
 */
export type MembershipWish =
  | {
      readonly kind: 'member.added';
      readonly person: PersonId;
      readonly role?: MemberRole | undefined;
      readonly until?: string | undefined;
    }
  | { readonly kind: 'member.removed'; readonly person: PersonId };

/**
 * Adds or removes a member by an entry of the conversation's own log, so that who may hear what has a place in its
 * order. What already holds is answered without another entry, and announced again where the entry that made it so is
 * among the newest: the function may have died before it was.
 *
 * @throws Refusal `malformed` (an end that is past, or an owner's), `not-a-member`, `not-an-owner`, `fixed-members`, `unknown-person`, `not-eligible`,
 * `too-many-members`, `last-owner`, `busy`
 */
export async function changeMembers(
  rooms: MembershipRooms,
  admitted: Promise<Caller>,
  conversationId: ConversationId,
  wish: MembershipWish,
): Promise<Decided<Head>> {
  const { log } = rooms;
  const [caller, profiles] = await Promise.all([admitted, rooms.people.profiles([wish.person])]);

  for (let lostRaces = 0; lostRaces < ATTEMPTS; lostRaces += 1) {
    if (lostRaces > 0) await rooms.pause(lostRaces);
    const [found, page] = await Promise.all([log.head(conversationId), log.newest(conversationId, PAGE)]);
    const head = found && (await settle(log, found, page, log.rebuild));
    const decision = decide(caller, conversationId, head, wish);
    if (!head) throw new Fault('a conversation without a head was allowed');
    const profile = profiles.get(wish.person);
    if (wish.kind === 'member.added' && !profile) throw refuse(decision, 'known-people', 'unknown-person');
    if (!isPossible(head, wish, rooms.now())) throw refuse(decision, 'well-formed', 'malformed');
    const change = changeFor(head, wish, rooms.now());
    if (!change) {
      const made = page.findLast((entry) => isMembership(entry) && entry.change.person === wish.person);
      const isThere = made && isMembership(made) && !isExpired(head, made, rooms.now());
      if (isThere) await announce(rooms, caller, head, made);
      return { decision, value: head };
    }
    const entry = entryOf(rooms, caller, head, page.at(-1), change);
    const after = afterChange(head, entry, hashOf(entry));
    const isAdded = change.kind === 'member.added' && profile;
    if (isAdded && whyNotEligible(profile, after.members)) {
      throw refuse(decision, 'eligible-people', 'not-eligible');
    }
    if (after.members.length > MAX_MEMBERS) throw refuse(decision, 'within-limits', 'too-many-members');
    const isOrphaned = after.members.length > 0 && !after.members.some(({ role }) => role === 'owner');
    if (isOrphaned) throw refuse(decision, 'within-limits', 'last-owner');

    const appended = await log.appendMembership(entry, head, after);
    if (appended.outcome !== 'stored') {
      const isAsked = (head.yieldUntil ?? 0) > rooms.now();
      const isDue = lostRaces + 1 >= RACES_BEFORE_ASKING && !isAsked;
      if (isDue) await log.askToYield(conversationId, rooms.now() + YIELD_MS);
      continue;
    }
    // who is removed hears of that, and of nothing after
    await announce(rooms, caller, change.kind === 'member.removed' ? head : after, entry);
    return { decision, value: after };
  }
  throw refuse(
    {
      operation: operationOf(wish),
      object: conversationId,
      purpose: 'operations',
      rule: 'within-limits',
      outcome: 'refused',
    },
    'one-ref-one-message',
    'busy',
  );
}

function decide(
  caller: Caller,
  conversationId: ConversationId,
  head: Head | undefined,
  wish: MembershipWish,
): Decision {
  const decision = allow(operationOf(wish), caller, { conversationId, head, person: wish.person });
  if (head?.kind === 'direct') throw refuse(decision, 'within-limits', 'fixed-members');
  return decision;
}

function operationOf(wish: MembershipWish) {
  return wish.kind === 'member.added' ? 'member.add' : 'member.remove';
}

/** An end lies ahead, and an owner has none. */
function isPossible(head: Head, wish: MembershipWish, now: number): boolean {
  if (wish.kind === 'member.removed' || wish.until === undefined) return true;
  const role = wish.role ?? memberAt(head, wish.person, now)?.role;
  return role !== 'owner' && Date.parse(wish.until) > now;
}

/** The change that the wish asks of this head; none where it holds already. */
function changeFor(head: Head, wish: MembershipWish, now: number): MembershipChange | undefined {
  if (wish.kind === 'member.removed') return memberOf(head, wish.person) && wish;
  const member = memberAt(head, wish.person, now);
  const role = wish.role ?? member?.role ?? 'member';
  const end = wish.until === undefined ? member?.until : Date.parse(wish.until);
  const until = role === 'owner' ? undefined : end;
  if (member?.role === role && member.until === until) return undefined;
  const said = until === undefined ? {} : { until: new Date(until).toISOString() };
  return { kind: wish.kind, person: wish.person, role, ...said };
}

async function announce(
  rooms: MembershipRooms,
  caller: Caller,
  head: Head,
  entry: MembershipEntry,
): Promise<void> {
  const sockets = await socketsOf(rooms.sessions, head, caller, rooms.now());
  const { change: body, ...fields } = entry;
  await rooms.announcements.announce({ ...fields, body }, joinedBy(head, sockets, entry.seq));
}

function entryOf(
  rooms: MembershipRooms,
  caller: Caller,
  head: Head,
  newest: Entry | undefined,
  change: MembershipChange,
): MembershipEntry {
  const seq = Math.max(newest?.seq ?? 0, head.last) + 1;
  return {
    conversationId: head.conversationId,
    seq,
    messageId: rooms.newId(),
    sender: caller.person,
    ref: rooms.newRef(),
    at: Math.max(rooms.now(), newest?.at ?? 0, head.lastAt),
    prev: newest?.seq === seq - 1 ? hashOf(newest) : head.lastHash,
    membersVersion: seq,
    change,
  };
}
