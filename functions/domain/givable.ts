import type { PersonId } from '../../protocol/ids.ts';
import type { Role } from '../../protocol/roles.ts';
import type { Caller } from './caller.ts';
import type { Decision } from './decision.ts';
import { holdsAny, mayBeHeldTogether, offices } from './entitlements.ts';
import type { People, Profile } from './people.ts';
import { refuse } from './policy.ts';

/**
 * Refuses what nobody can give over HTTP, whatever their role: roles that are held apart, an office, and somebody to act
 * for who is no patient in the caller's charge. An office comes from the AWS account alone, so that who administers
 * people cannot make themselves, or a friend, the one who decides on privacy or looks at the records.
 *
 * @throws Refusal `roles-apart`, `operator-only`, `unknown-person`
 */
export async function expectGivable(
  people: Pick<People, 'profiles'>,
  caller: Caller,
  decision: Decision,
  {
    roles,
    actsFor = [],
  }: { readonly roles: readonly Role[]; readonly actsFor?: readonly PersonId[] | undefined },
): Promise<void> {
  if (!mayBeHeldTogether(roles)) throw refuse(decision, 'roles-apart', 'roles-apart');
  expectNoOffice(decision, { roles });
  if (actsFor.length === 0) return;
  const found = await people.profiles(actsFor);
  const isInCharge = ({ site }: Profile) => caller.site === undefined || caller.site === site;
  const isPatient = (person: PersonId) => {
    const profile = found.get(person);
    return profile !== undefined && holdsAny(profile, ['patient']) && isInCharge(profile);
  };
  if (!actsFor.every(isPatient)) throw refuse(decision, 'known-people', 'unknown-person');
}

/**
 * Refuses to touch an office: who holds one, or held one before they were disabled, is changed by the operator alone.
 *
 * @throws Refusal `operator-only`
 */
export function expectNoOffice(decision: Decision, who: Pick<Profile, 'roles' | 'formerRoles'>): void {
  const isOfficer = holdsAny(who, offices) || holdsAny({ roles: who.formerRoles ?? [] }, offices);
  if (isOfficer) throw refuse(decision, 'offices-by-operator', 'operator-only');
}
