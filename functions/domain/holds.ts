import { createHash } from 'node:crypto';
import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import { type ApprovingRooms, type Awaiting, secondPerson } from './approvals.ts';
import type { Caller } from './caller.ts';
import type { Member } from './conversation.ts';
import type { Decided } from './decision.ts';
import { lengthPrefixed } from './entry.ts';
import { idFrom } from './id.ts';
import type { Log } from './log.ts';
import type { People } from './people.ts';
import { allowOwn, refuse } from './policy.ts';
import type { Restamps } from './restamps.ts';

/** What a hold keeps: conversations by name, and all that its people are in, or come into while it stands. */
export interface HeldObjects {
  readonly people: readonly PersonId[];
  readonly conversations: readonly ConversationId[];
}

/** A matter for which nothing may be deleted. */
export interface Hold extends HeldObjects {
  readonly holdId: string;
  /** The organisation's own code for the matter. */
  readonly reason: string;
  /** `in-force` once no entry that it keeps has a date of deletion; `released` once all have theirs back. */
  readonly state: 'pending' | 'in-force' | 'releasing' | 'released';
  readonly placedBy: PersonId;
  /** Times are milliseconds since the epoch. */
  readonly placedAt: number;
  readonly inForceFrom?: number;
  /** Who asked first and who approved. */
  readonly releasedBy?: readonly PersonId[];
  readonly releasedAt?: number;
  /** Conversations that it names and whose keys were destroyed before it was placed: of these nothing is kept. */
  readonly destroyed?: readonly ConversationId[];
  /** The stamping that brings its state about, by its number; see {@link Restamps}. */
  readonly restamp: number;
}

export interface Holds {
  /** Every hold there ever was. Strongly consistent. */
  all(): Promise<readonly Hold[]>;
  one(holdId: string): Promise<Hold | undefined>;
  /** Stores the hold unless one of its id is there; gives what stands. */
  place(hold: Hold): Promise<Hold>;
  /** How often a hold was placed. Strongly consistent, as whatever is written on the condition that none was since. */
  placings(): Promise<number>;
  /** Counts a hold that stands: nothing is written from then on by somebody who did not see it. */
  countPlacing(): Promise<void>;
  /** Replaces a hold that is still in `before.state`; says whether it was. */
  replace(before: Hold, after: Hold): Promise<boolean>;
  /**
   * Notes holds in a conversation's head, so that nothing that is written from then on gets a date of deletion. False
   * where a change of membership was under way.
   */
  keep(conversationId: ConversationId, holds: readonly string[]): Promise<boolean>;
}

/** Whether it keeps anything: until the second person has released it. */
export function isStanding({ state }: Pick<Hold, 'state'>): boolean {
  return state === 'pending' || state === 'in-force';
}

/** The standing holds that name the conversation or somebody who is a member of it. */
export function holdsOn(
  holds: readonly Hold[],
  conversationId: ConversationId,
  members: readonly Pick<Member, 'person'>[],
): readonly string[] {
  const names = ({ people, conversations }: HeldObjects) =>
    conversations.includes(conversationId) || members.some(({ person }) => people.includes(person));
  return holds.filter((hold) => isStanding(hold) && names(hold)).map(({ holdId }) => holdId);
}

export interface HoldingRooms {
  readonly holds: Pick<Holds, 'all' | 'one' | 'place' | 'countPlacing' | 'replace'>;
  readonly log: Pick<Log, 'head'>;
  readonly people: People;
  readonly requests: ApprovingRooms['requests'];
  readonly sessions: ApprovingRooms['sessions'];
  readonly restamps: Pick<Restamps, 'ask'>;
  readonly now: () => number;
}

/** A hold that somebody wants. */
export interface HoldWish {
  readonly people?: readonly PersonId[] | undefined;
  readonly conversations?: readonly ConversationId[] | undefined;
  readonly ref: string;
  readonly reason: string;
}

/**
 * Places a hold: nothing that it keeps is deleted once it is in force, nor is a key destroyed from now on. It shows
 * nobody anything. The same `ref` of the same person is one hold. What it names and what was destroyed before, it says.
 *
 * @throws Refusal `not-allowed`, `unknown-person`, `unknown-conversation`, `ref-reused`
 */
export async function placeHold(
  rooms: HoldingRooms,
  admitted: Promise<Caller>,
  wish: HoldWish,
): Promise<Decided<Hold>> {
  const caller = await admitted;
  const allowed = allowOwn('hold.place', caller);
  const holdId = idFrom(digest(['hold', caller.person, wish.ref]));
  const decision = { ...allowed, object: holdId };
  const people = [...new Set(wish.people)].sort();
  const conversations = [...new Set(wish.conversations)].sort();
  const [known, heads] = await Promise.all([
    rooms.people.profiles(people),
    Promise.all(conversations.map((conversationId) => rooms.log.head(conversationId))),
  ]);
  if (known.size < people.length) throw refuse(decision, 'known-people', 'unknown-person');
  if (heads.includes(undefined)) throw refuse(decision, 'known-conversations', 'unknown-conversation');

  const { reason } = wish;
  const standing = await rooms.holds.one(holdId);
  const hold: Hold = standing ?? {
    ...{ holdId, reason, people, conversations, state: 'pending' },
    placedBy: caller.person,
    placedAt: rooms.now(),
    restamp: await rooms.restamps.ask(), // before the hold stands: the stamping waits longer than this function lives
  };
  const value = standing ?? (await rooms.holds.place(hold));
  const isSame = value.reason === reason && sameIds(value.people, people);
  if (!isSame || !sameIds(value.conversations, conversations)) {
    throw refuse(decision, 'one-ref-one-message', 'ref-reused');
  }
  if (isStanding(value)) await rooms.holds.countPlacing(); // a repeat too: the first one may have died before
  return { decision, value: await withDestroyed(rooms, value) };
}

/** The hold with what it came too late for, once nothing more is destroyed that it keeps. */
async function withDestroyed({ log, holds }: Pick<HoldingRooms, 'log' | 'holds'>, hold: Hold): Promise<Hold> {
  const heads = await Promise.all(hold.conversations.map((conversationId) => log.head(conversationId)));
  const destroyed = heads.flatMap((head) => (head?.shreddedAt === undefined ? [] : [head.conversationId]));
  if (destroyed.length === 0 || hold.destroyed) return hold;
  const after = { ...hold, destroyed };
  await holds.replace(hold, after);
  return after;
}

/**
 * Tells every hold there is and was.
 *
 * @throws Refusal `not-allowed`
 */
export async function listHolds(
  rooms: Pick<HoldingRooms, 'holds'>,
  admitted: Promise<Caller>,
): Promise<Decided<readonly Hold[]>> {
  const decision = allowOwn('hold.list', await admitted);
  const holds = await rooms.holds.all();
  return { decision, value: holds.toSorted((one, other) => other.placedAt - one.placedAt) };
}

/** A hold that is being released, or whose release waits for a second person. */
export type Release = Hold | Awaiting;

/**
 * Releases a hold when a second person asks for the same: its entries get back the dates of deletion that they would
 * have had, and what is past them goes. Asked again afterwards it tells how the hold stands.
 *
 * @throws Refusal `not-allowed`, `unknown-hold`
 */
export async function releaseHold(
  rooms: HoldingRooms,
  admitted: Promise<Caller>,
  holdId: string,
): Promise<Decided<Release>> {
  const caller = await admitted;
  const decision = { ...allowOwn('hold.release', caller), object: holdId };
  const hold = await rooms.holds.one(holdId);
  if (!hold) throw refuse(decision, 'known-holds', 'unknown-hold');
  if (!isStanding(hold)) return { decision, value: hold };

  const approval = await secondPerson(rooms, caller, decision);
  if (approval.state === 'awaiting-second-person') return { decision, value: approval };
  const { requestedBy, approvedBy, request } = approval;
  const restamp = await rooms.restamps.ask();
  const releasing: Hold = { ...hold, state: 'releasing', releasedBy: [requestedBy, approvedBy], restamp };
  const isReplaced = await rooms.holds.replace(hold, releasing);
  const standing = isReplaced ? releasing : await rooms.holds.one(holdId); // it came into force, or was released, meanwhile
  if (standing && isStanding(standing)) return releaseHold(rooms, admitted, holdId);
  await rooms.requests.close(request);
  return { decision, value: standing ?? releasing };
}

function sameIds(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id, place) => id === other[place]);
}

function digest(parts: readonly string[]): Buffer {
  return createHash('sha256').update(lengthPrefixed(parts)).digest();
}
