import type { MemberRole } from '../../protocol/bodies.ts';
import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import { MAX_MEMBERS } from '../../protocol/requests.ts';
import { type Announcements, joinedBy, socketsOf } from './announcements.ts';
import type { Caller, Sessions } from './caller.ts';
import { type Head, isExpired, memberOf } from './conversation.ts';
import type { Decided, Decision } from './decision.ts';
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

/** What should hold afterwards. Without a role, a member keeps the one they have, and who is new becomes `member`. */
export type MembershipWish =
  | { readonly kind: 'member.added'; readonly person: PersonId; readonly role?: MemberRole }
  | { readonly kind: 'member.removed'; readonly person: PersonId };

/**
 * Adds or removes a member by an entry of the conversation's own log, so that who may hear what has a place in its
 * order. What already holds is answered without another entry, and announced again where the entry that made it so is
 * among the newest: the function may have died before it was.
 *
 * @throws Refusal `not-a-member`, `not-an-owner`, `fixed-members`, `unknown-person`, `too-many-members`, `last-owner`,
 * `busy`
 */
export async function changeMembers(
  rooms: MembershipRooms,
  admitted: Promise<Caller>,
  conversationId: ConversationId,
  wish: MembershipWish,
): Promise<Decided<Head>> {
  const { log } = rooms;
  const [caller, known] = await Promise.all([admitted, rooms.people.known([wish.person])]);

  for (let lostRaces = 0; lostRaces < ATTEMPTS; lostRaces += 1) {
    if (lostRaces > 0) await rooms.pause(lostRaces);
    const [found, page] = await Promise.all([log.head(conversationId), log.newest(conversationId, PAGE)]);
    const head = found && (await settle(log, found, page, log.rebuild));
    const decision = decide(caller, conversationId, head, wish);
    if (!head) throw new Fault('a conversation without a head was allowed');
    if (wish.kind === 'member.added' && !known.has(wish.person)) {
      throw refuse(decision, 'known-people', 'unknown-person');
    }
    const change = changeFor(head, wish);
    if (!change) {
      const made = page.findLast((entry) => isMembership(entry) && entry.change.person === wish.person);
      const isThere = made && isMembership(made) && !isExpired(head, made, rooms.now());
      if (isThere) await announce(rooms, caller, head, made);
      return { decision, value: head };
    }
    const entry = entryOf(rooms, caller, head, page.at(-1), change);
    const after = afterChange(head, entry, hashOf(entry));
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
  const leaves = wish.kind === 'member.removed' && wish.person === caller.person;
  const decision: Decision =
    leaves && head && memberOf(head, caller.person)
      ? {
          operation: 'member.remove',
          object: conversationId,
          purpose: 'operations',
          rule: 'member-leaves',
          outcome: 'allowed',
        }
      : allow(operationOf(wish), conversationId, caller, head);
  if (head?.kind === 'direct') throw refuse(decision, 'within-limits', 'fixed-members');
  return decision;
}

function operationOf(wish: MembershipWish) {
  return wish.kind === 'member.added' ? 'member.add' : 'member.remove';
}

/** The change that the wish asks of this head; none where it holds already. */
function changeFor(head: Head, wish: MembershipWish): MembershipChange | undefined {
  const member = memberOf(head, wish.person);
  if (wish.kind === 'member.removed') return member && wish;
  const role = wish.role ?? member?.role ?? 'member';
  return member?.role === role ? undefined : { ...wish, role };
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
