import type { PersonId } from '../../protocol/ids.ts';
import type { Accounts } from './accounts.ts';
import type { Caller } from './caller.ts';
import { entitlementsOf } from './caller.ts';
import { endAllSessions, type MovingRooms } from './change-roles.ts';
import type { Decided, Decision, Operation } from './decision.ts';
import { expectNoOffice } from './givable.ts';
import type { Profile } from './people.ts';
import { allow, refuse } from './policy.ts';
import type { Receipt } from './receipt.ts';

export interface DisablingRooms extends MovingRooms {
  readonly accounts: Pick<Accounts, 'disable'>;
}

export interface EnablingRooms extends MovingRooms {
  readonly accounts: Pick<Accounts, 'enable'>;
}

/** Somebody who is out, with the receipt of the end of their sign-ins. */
export interface Disabled {
  readonly profile: Profile;
  readonly receipt: Receipt;
}

/**
 * Shuts somebody else in the caller's charge out: no role from the next frame on, every sign-in ended, and none to come.
 * May be repeated, which does what a failure left undone.
 *
 * @throws Refusal `not-allowed`, `unknown-person`, `operator-only`, `busy`
 */
export async function disablePerson(
  rooms: DisablingRooms,
  admitted: Promise<Caller>,
  person: PersonId,
): Promise<Decided<Disabled>> {
  const startedAt = rooms.now();
  const { caller, decision, profile } = await personInCharge(rooms, 'person.disable', admitted, person);
  const outcome = await shutOut(rooms, caller.person, profile, startedAt);
  if (outcome === 'overtaken') throw refuse(decision, 'within-limits', 'busy');
  return { decision, value: outcome };
}

/**
 * Lets somebody in again with the roles they had. They sign in anew: what was ended stays ended.
 *
 * @throws Refusal `not-allowed`, `unknown-person`, `operator-only`, `busy`
 */
export async function enablePerson(
  rooms: EnablingRooms,
  admitted: Promise<Caller>,
  person: PersonId,
): Promise<Decided<Profile>> {
  const { decision, profile } = await personInCharge(rooms, 'person.enable', admitted, person);
  const outcome = await letIn(rooms, profile);
  if (outcome === 'overtaken') throw refuse(decision, 'within-limits', 'busy');
  return { decision, value: outcome };
}

/**
 * The same as {@link disablePerson} for whoever was allowed elsewhere. The profile first, so that no token is made any
 * more; then the open sockets; then the user pool, which is asked last because its answer is slowest.
 */
export async function shutOut(
  rooms: DisablingRooms,
  requestedBy: Receipt['requestedBy'],
  before: Profile,
  startedAt: number,
): Promise<Disabled | 'overtaken'> {
  const formerRoles = before.formerRoles ?? before.roles;
  const profile = { ...before, roles: [], formerRoles, version: (before.version ?? 0) + 1 };
  if (!(await rooms.profiles.change(before, profile))) return 'overtaken';
  await rooms.entitler.entitle(profile.person, entitlementsOf(profile), profile.version);
  const receipt = await endAllSessions(rooms, requestedBy, profile, startedAt);
  if (profile.sub !== undefined) await rooms.accounts.disable(profile.sub);
  return { profile, receipt };
}

/** The same as {@link enablePerson} for whoever was allowed elsewhere. */
export async function letIn(rooms: EnablingRooms, before: Profile): Promise<Profile | 'overtaken'> {
  const { formerRoles, ...standing } = before;
  const profile = { ...standing, roles: formerRoles ?? before.roles, version: (before.version ?? 0) + 1 };
  if (!(await rooms.profiles.change(before, profile))) return 'overtaken';
  await rooms.entitler.entitle(profile.person, entitlementsOf(profile), profile.version);
  if (profile.sub !== undefined) await rooms.accounts.enable(profile.sub);
  return profile;
}

async function personInCharge(
  { profiles }: Pick<MovingRooms, 'profiles'>,
  operation: Operation,
  admitted: Promise<Caller>,
  person: PersonId,
): Promise<{ readonly caller: Caller; readonly decision: Decision; readonly profile: Profile }> {
  const [caller, profile] = await Promise.all([admitted, profiles.profile(person)]);
  const decision = allow(operation, caller, { person, site: profile?.site });
  if (!profile) throw refuse(decision, 'known-people', 'unknown-person');
  expectNoOffice(decision, profile);
  return { caller, decision, profile };
}
