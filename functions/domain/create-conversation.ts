import { createHash } from 'node:crypto';
import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import { MAX_MEMBERS } from '../../protocol/requests.ts';
import type { Caller } from './caller.ts';
import type { Head, Member } from './conversation.ts';
import { KeyDestroyed } from './data-key.ts';
import type { Decided, Decision } from './decision.ts';
import { whyNotEligible } from './eligibility.ts';
import { holdsAny } from './entitlements.ts';
import { genesisOf, lengthPrefixed } from './entry.ts';
import { Fault } from './fault.ts';
import { type Holds, holdsOn } from './holds.ts';
import { idFrom } from './id.ts';
import type { Log } from './log.ts';
import type { People } from './people.ts';
import { isSame, type Phi } from './phi.ts';
import { allowOwn, refuse } from './policy.ts';
import { isRelated } from './relation.ts';
import { isRestricted } from './restrictions.ts';
import { daysFor, type Retention } from './retention.ts';
import type { Vault } from './vault.ts';

/** A conversation that somebody wants. */
export interface Proposal {
  readonly ref: string;
  readonly kind: 'direct' | 'group';
  /** The others; the caller is a member without being named. */
  readonly members: readonly PersonId[];
  readonly title?: Phi<string> | undefined;
}

export interface CreatingRooms {
  readonly log: Log;
  readonly people: People;
  readonly vault: Vault;
  readonly now: () => number;
  readonly retention: Retention;
  readonly holds: Pick<Holds, 'all'>;
  readonly pause: (lostRaces: number) => Promise<void>;
}

const ATTEMPTS = 16;

/** Direct conversations of the same two that may have been destroyed before: each costs who begins the next a look. */
const MOST_DESTROYED = 32;

export interface CreatedConversation {
  readonly head: Head;
  readonly title?: Phi<string> | undefined;
}

/**
 * Creates a group once per caller and `ref`; two people have one direct conversation, whoever began it under whatever
 * `ref`. Its id follows from these, so that a repeat in any race finds what the first one made. Where it was destroyed, the two
 * begin another.
 *
 * @throws Refusal `not-allowed`, `unknown-person`, `not-eligible`, `restricted`, `too-many-members`, `malformed`, `ref-reused`, `not-a-member` (no longer), `shredded`
 */
export async function createConversation(
  rooms: CreatingRooms,
  admitted: Promise<Caller>,
  proposal: Proposal,
): Promise<Decided<CreatedConversation>> {
  return createAfter(0, rooms, admitted, proposal);
}

/** The same, where so many direct conversations of the two were destroyed. */
async function createAfter(
  destroyedBefore: number,
  rooms: CreatingRooms,
  admitted: Promise<Caller>,
  proposal: Proposal,
): Promise<Decided<CreatedConversation>> {
  const others = [...new Set(proposal.members)].sort();
  const [caller, known] = await Promise.all([admitted, rooms.people.profiles(others)]);
  const everybody = [...new Set([caller.person, ...others])].sort();
  const conversationId = idOf(caller, proposal, everybody, destroyedBefore);
  const decision: Decision = {
    ...allowOwn('conversation.create', caller),
    object: conversationId,
    people: everybody,
  };
  if (others.some((person) => !known.has(person))) throw refuse(decision, 'known-people', 'unknown-person');
  if (everybody.length > MAX_MEMBERS) throw refuse(decision, 'within-limits', 'too-many-members');
  const direct = proposal.kind === 'direct';
  if (direct && (everybody.length !== 2 || proposal.title !== undefined)) {
    throw refuse(decision, 'well-formed', 'malformed');
  }

  const destroyed = (error: unknown): never => {
    throw error instanceof KeyDestroyed ? refuse(decision, 'not-destroyed', 'shredded') : error;
  };
  const [policy, holds] = await Promise.all([rooms.retention.standing(), rooms.holds.all()]);
  const createdAt = rooms.now();
  const members = everybody.map(
    (person): Member => ({
      person,
      role: direct || person !== caller.person ? 'member' : 'owner',
      joined: 0,
    }),
  );
  const own = holdsAny(caller, ['patient']) ? await rooms.people.profiles([caller.person]) : new Map();
  if (isRestricted([...known.values(), ...own.values()], everybody))
    throw refuse(decision, 'restricted-by-patient', 'restricted');
  const profiles = [...known.values(), caller];
  if (profiles.some((profile) => whyNotEligible(profile, members, createdAt))) {
    throw refuse(decision, 'eligible-people', 'not-eligible');
  }
  const head: Head = {
    conversationId,
    kind: proposal.kind,
    members,
    membersVersion: 0,
    last: 0,
    lastHash: genesisOf(conversationId, caller.person, createdAt),
    lastAt: createdAt,
    retentionDays: daysFor(policy, proposal.kind),
    holds: holdsOn(holds, conversationId, members),
    createdAt,
    createdBy: caller.person,
    ref: proposal.ref,
    founders: hash(everybody),
    ...(proposal.title !== undefined && {
      title: await rooms.vault.sealTitle(conversationId, createdAt, proposal.title).catch(destroyed),
    }),
  };
  const existing = await created(rooms, head);
  if (!existing) return { decision, value: { head, title: proposal.title } };

  const isMember = isRelated('member', caller, { conversationId, head: existing }); // as every reader is asked: by now they may be none
  if (!isMember) throw refuse(decision, 'member-of-conversation', 'not-a-member');
  if (existing.shreddedAt !== undefined) {
    if (direct && destroyedBefore < MOST_DESTROYED)
      return createAfter(destroyedBefore + 1, rooms, admitted, proposal);
    throw refuse(decision, 'not-destroyed', 'shredded');
  }
  const title =
    existing.title && (await rooms.vault.openTitle(conversationId, existing.title).catch(destroyed));
  const same = isSame(title, proposal.title) && Buffer.from(existing.founders).equals(head.founders);
  if (!direct && !same) throw refuse(decision, 'one-ref-one-message', 'ref-reused');
  return { decision, value: { head: existing, title } };
}

/** Creates, or gives what stands there; another creation of the same id may be under way, and is waited for. */
async function created(rooms: CreatingRooms, head: Head): Promise<Head | undefined> {
  for (let lostRaces = 0; lostRaces < ATTEMPTS; lostRaces += 1) {
    if (lostRaces > 0) await rooms.pause(lostRaces);
    const creation = await rooms.log.create(head);
    if (creation.outcome === 'created') return undefined;
    if (creation.outcome === 'exists') return creation.existing;
  }
  throw new Fault(
    `the creation of conversation ${head.conversationId} met another ${ATTEMPTS} times in a row`,
  );
}

function idOf(
  caller: Caller,
  proposal: Proposal,
  everybody: readonly PersonId[],
  destroyedBefore: number,
): ConversationId {
  const nth = destroyedBefore > 0 ? [String(destroyedBefore)] : [];
  return idFrom(
    hash(
      proposal.kind === 'direct' ? ['direct', ...everybody, ...nth] : ['group', caller.person, proposal.ref],
    ),
  );
}

function hash(parts: readonly string[]): Buffer {
  return createHash('sha256').update(lengthPrefixed(parts)).digest();
}
