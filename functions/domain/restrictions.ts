import type { PersonId } from '../../protocol/ids.ts';
import type { Caller } from './caller.ts';
import type { Decided, Decision } from './decision.ts';
import { holdsAny } from './entitlements.ts';
import type { People, Profile } from './people.ts';
import { allowOwn, refuse } from './policy.ts';

/** People whom a patient wants kept out of their conversations, as the organisation agreed (45 CFR 164.522(a)). */
export interface Restrictions {
  /** Sets the whole list of somebody who has a profile; an empty one takes it off. */
  restrict(patient: PersonId, people: readonly PersonId[]): Promise<void>;
}

export interface RestrictingRooms {
  readonly people: People;
  readonly restrictions: Restrictions;
}

/**
 * Sets whom a patient's conversations let in no more: from the next creation, addition or emergency on. Who is a member stays one.
 *
 * @throws Refusal `not-allowed`, `unknown-person`
 */
export async function restrictPatient(
  { people, restrictions }: RestrictingRooms,
  admitted: Promise<Caller>,
  person: PersonId,
  wanted: readonly PersonId[],
): Promise<Decided<{ readonly person: PersonId; readonly restrictions: readonly PersonId[] }>> {
  const named = [...new Set(wanted)].sort();
  const [caller, known] = await Promise.all([admitted, people.profiles([person, ...named])]);
  const allowed = allowOwn('person.restrict', caller);
  const decision: Decision = { ...allowed, object: person, people: [person, ...named] };
  const patient = known.get(person);
  const isPatient =
    patient !== undefined && holdsAny({ roles: patient.formerRoles ?? patient.roles }, ['patient']);
  if (!isPatient || named.some((one) => !known.has(one) || one === person))
    throw refuse(decision, 'known-people', 'unknown-person');
  await restrictions.restrict(person, named);
  return { decision, value: { person, restrictions: named } };
}

/** Whether somebody of these has asked that another of them be kept out. */
export function isRestricted(
  together: Iterable<Pick<Profile, 'person' | 'restrictions'>>,
  people: readonly PersonId[],
): boolean {
  return [...together].some(({ restrictions = [] }) => restrictions.some((one) => people.includes(one)));
}
