import type { ConversationId } from '../../protocol/ids.ts';
import { MAX_MEMBERS } from '../../protocol/requests.ts';
import { type Announcements, joinedBy, socketsOf } from './announcements.ts';
import type { Caller, Sessions } from './caller.ts';
import { type Head, memberOf } from './conversation.ts';
import type { Decided, Decision } from './decision.ts';
import { type Entry, hashOf, type MembershipChange, type MembershipEntry } from './entry.ts';
import type { Log } from './log.ts';
import { afterChange, settle } from './membership.ts';
import type { People } from './people.ts';
import { allow, refuse } from './policy.ts';
import { PAGE } from './send-message.ts';

const ATTEMPTS = 64;

export interface MembershipRooms {
  readonly sessions: Sessions;
  readonly log: Log;
  readonly people: People;
  readonly announcements: Announcements;
  readonly now: () => number;
  readonly newId: () => string;
  readonly pause: (lostRaces: number) => Promise<void>;
}

/**
 * Adds or removes a member by an entry of the conversation's own log, so that who may hear what has a place in its
 * order. A change that already holds is answered without another entry.
 *
 * @throws Refusal `not-a-member`, `not-an-owner`, `fixed-members`, `unknown-person`, `too-many-members`, `busy`
 */
export async function changeMembers(
  rooms: MembershipRooms,
  admitted: Promise<Caller>,
  conversationId: ConversationId,
  change: MembershipChange,
  ref: string,
): Promise<Decided<Head>> {
  const { log } = rooms;
  const [caller, known] = await Promise.all([admitted, rooms.people.known([change.person])]);

  for (let lostRaces = 0; lostRaces < ATTEMPTS; lostRaces += 1) {
    if (lostRaces > 0) await rooms.pause(lostRaces);
    const [found, page] = await Promise.all([log.head(conversationId), log.newest(conversationId, PAGE)]);
    const head = found && (await settle(log, found, page, log.rebuild));
    const decision = decide(caller, conversationId, head, change);
    if (!head) throw new Error('a conversation without a head was allowed');
    if (change.kind === 'member.added' && !known.has(change.person)) {
      throw refuse(decision, 'known-people', 'unknown-person');
    }
    if (holdsAlready(head, change)) return { decision, value: head };
    if (change.kind === 'member.added' && head.members.length >= MAX_MEMBERS) {
      throw refuse(decision, 'within-limits', 'too-many-members');
    }

    const entry = entryOf(rooms, caller, head, page.at(-1), change, ref);
    const after = afterChange(head, entry, hashOf(entry));
    const appended = await log.appendMembership(entry, head, after);
    if (appended.outcome !== 'stored') continue;

    const hearing = change.kind === 'member.removed' ? head : after; // who is removed hears of that, and of nothing after
    const sockets = await socketsOf(rooms.sessions, hearing, caller, rooms.now());
    const { change: body, ...fields } = entry;
    await rooms.announcements.announce({ ...fields, body }, joinedBy(hearing, sockets, entry.seq));
    return { decision, value: after };
  }
  throw refuse(
    {
      operation: operationOf(change),
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
  change: MembershipChange,
): Decision {
  const leaves = change.kind === 'member.removed' && change.person === caller.person;
  const decision: Decision =
    leaves && head && memberOf(head, caller.person)
      ? {
          operation: 'member.remove',
          object: conversationId,
          purpose: 'operations',
          rule: 'member-leaves',
          outcome: 'allowed',
        }
      : allow(operationOf(change), conversationId, caller, head);
  if (head?.kind === 'direct') throw refuse(decision, 'within-limits', 'fixed-members');
  return decision;
}

function operationOf(change: MembershipChange) {
  return change.kind === 'member.added' ? 'member.add' : 'member.remove';
}

function holdsAlready(head: Head, change: MembershipChange): boolean {
  const member = memberOf(head, change.person);
  return change.kind === 'member.added' ? member?.role === change.role : member === undefined;
}

function entryOf(
  rooms: MembershipRooms,
  caller: Caller,
  head: Head,
  newest: Entry | undefined,
  change: MembershipChange,
  ref: string,
): MembershipEntry {
  const seq = Math.max(newest?.seq ?? 0, head.last) + 1;
  return {
    conversationId: head.conversationId,
    seq,
    messageId: rooms.newId(),
    sender: caller.person,
    ref,
    at: Math.max(rooms.now(), newest?.at ?? 0),
    prev: newest?.seq === seq - 1 ? hashOf(newest) : head.lastHash,
    membersVersion: seq,
    change,
  };
}
