import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import type { Caller } from './caller.ts';
import { type Head, isReader, type Member, memberAt } from './conversation.ts';
import { conversesOnlyAs, conversing, holdsAny } from './entitlements.ts';
import { isGuests } from './guests.ts';

/** What somebody can be to what an operation is about. */
export type Relation =
  | 'themselves'
  | 'in their charge'
  | 'another in charge'
  | 'member'
  | 'member who may write'
  | 'member who leaves'
  | 'owner'
  | 'broke the glass'
  | 'no member'
  | 'whoever is in it';

/** What an operation is about: a conversation (and a member of it, where one is meant), or a person. */
export type About =
  | {
      readonly conversationId: ConversationId;
      readonly head: Head | undefined;
      readonly person?: PersonId | undefined;
    }
  | { readonly person: PersonId; readonly site?: string | undefined };

/** Whether the caller is that to what the operation is about, at the moment they were admitted. */
export function isRelated(relation: Relation, caller: Caller, about: About): boolean {
  if ('conversationId' in about) {
    const member = about.head && membership(caller, about.head);
    if (relation === 'member') return member !== undefined;
    if (relation === 'member who may write') return member !== undefined && !isReader(member);
    if (relation === 'member who leaves') return member !== undefined && about.person === caller.person;
    if (relation === 'owner') return member?.role === 'owner';
    if (relation === 'whoever is in it') return true;
    if (relation === 'no member') return member === undefined;
    if (relation === 'broke the glass') return about.head !== undefined && brokeTheGlass(caller, about);
    return false;
  }
  if (relation === 'themselves') return about.person === caller.person;
  const isInCharge = caller.site === undefined || caller.site === about.site;
  if (relation === 'in their charge') return isInCharge;
  if (relation === 'another in charge') return isInCharge && about.person !== caller.person;
  return false;
}

/** Whether somebody hears what is said in a conversation: what the policy lets them read there, and no more. */
export function hears(who: Participant, head: Head): boolean {
  return holdsAny(who, conversing) && membership(who, head) !== undefined;
}

/** Of somebody, all that their membership hangs on. */
type Participant = Pick<Caller, 'person' | 'roles' | 'actsFor' | 'askedAt'>;

/**
 * The caller's membership, where it stands now: a grant has an end, a guest's always, and who is only a guest is where they were
 * let in as one; who is only somebody's caregiver is there for a patient who is there too.
 */
function membership(caller: Participant, head: Head): Member | undefined {
  const member = memberAt(head, caller.person, caller.askedAt);
  if (!member) return undefined;
  if (conversesOnlyAs(caller, 'guest') && !isGuests(member)) return undefined;
  if (conversesOnlyAs(caller, 'caregiver') && !actsForSomebody(caller, head)) return undefined;
  return member;
}

function actsForSomebody(caller: Participant, head: Head): boolean {
  return (caller.actsFor ?? []).some((patient) => memberAt(head, patient, caller.askedAt) !== undefined);
}

function brokeTheGlass(
  { emergency, askedAt }: Caller,
  { conversationId }: About & object & { conversationId: string },
) {
  return emergency?.conversationId === conversationId && askedAt < emergency.until;
}
