import type { MemberRole } from '../../protocol/bodies.ts';
import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import { MAX_MEMBERS } from '../../protocol/requests.ts';
import { type AppendingRooms, appendMembership, type Prepared } from './append-membership.ts';
import type { Caller } from './caller.ts';
import { type Head, memberAt, memberOf } from './conversation.ts';
import type { Decided, Decision } from './decision.ts';
import { whyNotEligible } from './eligibility.ts';
import { conversesOnlyAs } from './entitlements.ts';
import type { MembershipChange } from './entry.ts';
import { Fault } from './fault.ts';
import { claimFor, type Guests } from './guests.ts';
import { keepFor } from './held.ts';
import type { People, Profile } from './people.ts';
import { allow, refuse } from './policy.ts';
import { isRestricted } from './restrictions.ts';

export interface MembershipRooms extends AppendingRooms {
  readonly people: People;
  readonly guests: Guests;
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
 * order.
 *
 * @throws Refusal `malformed` (an end that is past, or an owner's), `not-a-member`, `not-an-owner`, `not-allowed`,
 * `fixed-members`, `unknown-person`, `not-eligible`, `restricted`, `guest-elsewhere`, `too-many-members`, `last-owner`, `busy`
 */
export async function changeMembers(
  rooms: MembershipRooms,
  admitted: Promise<Caller>,
  conversationId: ConversationId,
  wish: MembershipWish,
): Promise<Decided<Head>> {
  const [caller, profiles] = await Promise.all([admitted, rooms.people.profiles([wish.person])]);
  const profile = profiles.get(wish.person);
  const isGuest = profile !== undefined && conversesOnlyAs(profile, 'guest');
  let decision: Decision | undefined;
  const decided = () => {
    if (!decision) throw new Fault('a change of membership was written that nobody decided on');
    return decision;
  };

  const head = await appendMembership(rooms, { person: caller.person, caller }, conversationId, {
    person: wish.person,
    changeOf: (found) => {
      decision = decide(caller, conversationId, found, wish);
      if (wish.kind === 'member.added' && !profile) throw refuse(decision, 'known-people', 'unknown-person');
      if (found && !isPossible(found, wish, rooms.now())) throw refuse(decision, 'well-formed', 'malformed');
      return found && changeFor(found, wish, isGuest, rooms.now());
    },
    check: ({ members }) => {
      if (wish.kind === 'member.added' && profile && whyNotEligible(profile, members, rooms.now())) {
        throw refuse(decided(), 'eligible-people', 'not-eligible');
      }
      if (members.length > MAX_MEMBERS) throw refuse(decided(), 'within-limits', 'too-many-members');
      const isOrphaned = members.length > 0 && !members.some(({ role }) => role === 'owner');
      if (isOrphaned) throw refuse(decided(), 'within-limits', 'last-owner');
    },
    ...(wish.kind === 'member.added' && {
      prepare: (after: Head) => prepareFor(rooms, profile, after, decided),
    }),
  });
  if (head === 'gone') throw new Fault('a conversation without a head was allowed');
  if (head === 'busy') throw refuse(decided(), 'one-ref-one-message', 'busy');
  return { decision: decided(), value: head };
}

/** What must stand before somebody is let in: a guest is in no other conversation, and what holds keep of theirs is kept here. */
async function prepareFor(
  rooms: MembershipRooms,
  profile: Profile | undefined,
  after: Head,
  decided: () => Decision,
): Promise<Prepared | undefined> {
  if (!profile) throw new Fault('somebody without a profile was let in');
  const people = after.members.map(({ person }) => person);
  if (isRestricted((await rooms.people.profiles(people)).values(), people))
    throw refuse(decided(), 'restricted-by-patient', 'restricted');
  const isGuest = conversesOnlyAs(profile, 'guest');
  const guest = isGuest
    ? await claimFor(rooms, profile.person, after.conversationId, rooms.now())
    : undefined;
  if (guest === 'elsewhere') throw refuse(decided(), 'within-limits', 'guest-elsewhere');
  if (guest === 'unsettled') return undefined;
  const kept = await keepFor(rooms, after, profile.person);
  return kept && { head: kept.head, guest }; // one that is placed meanwhile finds them in it
}

function decide(
  caller: Caller,
  conversationId: ConversationId,
  head: Head | undefined,
  wish: MembershipWish,
): Decision {
  const operation = wish.kind === 'member.added' ? 'member.add' : 'member.remove';
  const allowed = allow(operation, caller, { conversationId, head, person: wish.person });
  const decision = { ...allowed, people: [wish.person] };
  if (head?.kind === 'direct') throw refuse(decision, 'within-limits', 'fixed-members');
  return decision;
}

/** An end lies ahead, and an owner has none. */
function isPossible(head: Head, wish: MembershipWish, now: number): boolean {
  if (wish.kind === 'member.removed' || wish.until === undefined) return true;
  const role = wish.role ?? memberAt(head, wish.person, now)?.role;
  return role !== 'owner' && Date.parse(wish.until) > now;
}

/** The change that the wish asks of this head; none where it holds already. */
function changeFor(
  head: Head,
  wish: MembershipWish,
  isGuest: boolean,
  now: number,
): MembershipChange | undefined {
  if (wish.kind === 'member.removed') return memberOf(head, wish.person) && wish;
  const member = memberAt(head, wish.person, now);
  const role = wish.role ?? member?.role ?? 'member';
  const end = wish.until === undefined ? member?.until : Date.parse(wish.until);
  const until = role === 'owner' ? undefined : end;
  const isSo = member?.role === role && member.until === until && (member.guest ?? false) === isGuest;
  if (isSo) return undefined;
  const said = until === undefined ? {} : { until: new Date(until).toISOString() };
  return { kind: wish.kind, person: wish.person, role, ...said, ...(isGuest && { guest: true }) };
}
