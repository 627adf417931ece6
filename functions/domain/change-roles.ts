import type { PersonId } from '../../protocol/ids.ts';
import type { Role } from '../../protocol/roles.ts';
import { type Caller, entitlementsOf } from './caller.ts';
import type { Decided } from './decision.ts';
import { conversing, type Entitlements, holdsAny } from './entitlements.ts';
import { Fault } from './fault.ts';
import { expectGivable, expectNoOffice } from './givable.ts';
import type { Profile, Profiles } from './people.ts';
import { allow, refuse } from './policy.ts';
import type { Receipt } from './receipt.ts';
import { endSessions, type RevocationRooms } from './revoke-session.ts';

/** What somebody is to be: what is absent stays, `null` or an empty list takes it off. */
export interface Move {
  readonly roles: readonly Role[];
  readonly actsFor?: readonly PersonId[] | undefined;
  readonly site?: string | null | undefined;
  readonly department?: string | null | undefined;
}

/** What a person is from now on, whatever their tokens say. */
export interface Entitler {
  /** Holds from the next frame and request on, unless a later `version` of the profile was told before. */
  entitle(person: PersonId, entitled: Entitlements, version: number): Promise<void>;
}

export interface MovingRooms extends Omit<RevocationRooms, 'people'> {
  readonly profiles: Profiles;
  readonly entitler: Entitler;
}

/** `receipt` is there where the person's sign-ins were ended. */
export interface Moved {
  readonly profile: Profile;
  readonly receipt?: Receipt;
}

/**
 * Changes what somebody else in the caller's charge is. It holds from their next frame on, on open sockets and under old
 * tokens too.
 *
 * @throws Refusal `not-allowed`, `unknown-person`, `operator-only`, `person-disabled`, `roles-apart`, `busy`
 */
export async function changeRoles(
  rooms: MovingRooms,
  admitted: Promise<Caller>,
  person: PersonId,
  move: Move,
): Promise<Decided<Moved>> {
  const startedAt = rooms.now();
  const [caller, profile] = await Promise.all([admitted, rooms.profiles.profile(person)]);
  const decision = allow('person.change-roles', caller, { person, site: profile?.site });
  if (!profile) throw refuse(decision, 'known-people', 'unknown-person');
  const after = moved(profile, move);
  allow('person.change-roles', caller, { person, site: after.site }); // nobody is moved out of the caller's charge
  expectNoOffice(decision, profile);
  if (profile.formerRoles) throw refuse(decision, 'known-people', 'person-disabled');
  await expectGivable(rooms.profiles, caller, decision, move);
  const outcome = await moveTo(rooms, caller.person, profile, after, startedAt);
  if (outcome === 'overtaken') throw refuse(decision, 'within-limits', 'busy');
  return { decision, value: outcome };
}

/**
 * The same for whoever was allowed elsewhere: an operator, by the AWS account. Who takes part in no conversation any more
 * is signed out everywhere, as by a revocation. `overtaken`: somebody else has changed the profile since it was read.
 */
export async function moveTo(
  rooms: MovingRooms,
  requestedBy: Receipt['requestedBy'],
  before: Profile,
  after: Profile,
  startedAt: number,
): Promise<Moved | 'overtaken'> {
  const profile = { ...after, version: (before.version ?? 0) + 1 };
  if (!(await rooms.profiles.change(before, profile))) return 'overtaken';
  await rooms.entitler.entitle(profile.person, entitlementsOf(profile), profile.version);
  if (holdsAny(profile, conversing)) return { profile };
  // Told again to whoever asks again: what failed half-way the first time is finished.
  return { profile, receipt: await endAllSessions(rooms, requestedBy, profile, startedAt) };
}

/** The profile as the move leaves it. */
export function moved({ actsFor, site, department, ...profile }: Profile, move: Move): Profile {
  const isCaregiver = move.roles.includes('caregiver');
  const charges = isCaregiver ? (move.actsFor ?? actsFor ?? []) : [];
  const place = move.site === undefined ? site : move.site;
  const unit = move.department === undefined ? department : move.department;
  return {
    ...profile,
    roles: [...new Set(move.roles)],
    ...(charges.length > 0 && { actsFor: [...new Set(charges)] }),
    ...(typeof place === 'string' && { site: place }),
    ...(typeof unit === 'string' && { department: unit }),
  };
}

/** Ends every sign-in of somebody, and gives the receipt of it. */
export async function endAllSessions(
  rooms: Omit<RevocationRooms, 'people'>,
  requestedBy: Receipt['requestedBy'],
  profile: Profile,
  startedAt: number,
): Promise<Receipt> {
  const receipt = await endSessions(rooms, requestedBy, { profile }, startedAt);
  if (receipt === 'too-many-ended') throw new Fault('ending all sign-ins met the limit of single ones');
  return receipt;
}
