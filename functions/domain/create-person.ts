import type { Role } from '../../protocol/roles.ts';
import type { Accounts } from './accounts.ts';
import type { Caller } from './caller.ts';
import type { Decided } from './decision.ts';
import { expectGivable } from './givable.ts';
import type { Profile, Profiles } from './people.ts';
import type { Phi } from './phi.ts';
import { allow, refuse } from './policy.ts';

/** Who is to be made. */
export interface Joiner {
  /** What they sign in with, which may be a name after all: it goes to the user pool and nowhere else. */
  readonly username: Phi<string>;
  readonly roles: readonly Role[];
  readonly actsFor?: readonly string[];
  readonly site?: string;
  readonly department?: string;
}

/** The temporary password is a secret: it goes into the answer and nowhere else. */
export interface Joined {
  readonly profile: Profile;
  readonly temporaryPassword?: string;
}

/** The user name is somebody's who stands otherwise, or a user's whom Wardline did not make. */
export interface NameTaken {
  readonly standing?: Profile;
}

export interface JoiningRooms {
  /** Only who may set passwords renews one: no function of the deployment may. */
  readonly accounts: Pick<Accounts, 'find' | 'create'> & Partial<Pick<Accounts, 'renewPassword'>>;
  readonly profiles: Pick<Profiles, 'profiles' | 'add' | 'change'>;
  readonly newId: () => string;
  readonly newPassword: () => string;
}

/** There is no person yet who could be named. */
const NOBODY_YET = '-';

/**
 * Makes somebody who can sign in, in the caller's charge. Asked again it finishes what was begun.
 *
 * @throws Refusal `not-allowed`, `roles-apart`, `operator-only`, `unknown-person`, `username-taken`
 */
export async function createPerson(
  rooms: JoiningRooms,
  admitted: Promise<Caller>,
  joiner: Joiner,
): Promise<Decided<Joined>> {
  const caller = await admitted;
  const decision = allow('person.create', caller, { person: NOBODY_YET, site: joiner.site });
  await expectGivable(rooms.profiles, caller, decision, joiner);
  const outcome = await join(rooms, joiner);
  if (!('profile' in outcome)) throw refuse(decision, 'one-name-one-person', 'username-taken');
  return { decision: { ...decision, object: outcome.profile.person }, value: outcome };
}

/**
 * The same for whoever was allowed elsewhere: an operator, by the AWS account, who gives another temporary password until
 * the person has signed in. First the user that signs in, then the
 * profile without which no token is issued. Nobody who stands with other entitlements gets another password by it.
 */
export async function join(rooms: JoiningRooms, joiner: Joiner): Promise<Joined | NameTaken> {
  const { accounts, profiles, newId, newPassword } = rooms;
  const { username, ...wanted } = joiner;
  const account =
    (await accounts.find(username)) ?? (await accounts.create(username, newId(), newPassword()));
  if (account === 'foreign') return {};

  const profile: Profile = { person: account.person, ...wanted, sub: account.sub };
  const standing = await profiles.add(profile);
  if (standing && !isSame(standing, profile)) return { standing };
  if (standing && standing.sub === undefined)
    await profiles.change(standing, { ...standing, sub: account.sub });
  if (account.hasSignedIn) return { profile };

  // The first temporary password was told once, and may be lost.
  const isLost = account.temporaryPassword === undefined && accounts.renewPassword !== undefined;
  const renewed = isLost ? newPassword() : undefined;
  if (renewed !== undefined) await accounts.renewPassword?.(username, renewed);
  const temporaryPassword = account.temporaryPassword ?? renewed;
  return { profile, ...(temporaryPassword !== undefined && { temporaryPassword }) };
}

function isSame(one: Profile, other: Profile): boolean {
  const sameSet = (these: readonly string[] = [], those: readonly string[] = []) =>
    these.length === those.length && these.every((each) => those.includes(each));
  return (
    sameSet(one.roles, other.roles) &&
    sameSet(one.actsFor, other.actsFor) &&
    one.site === other.site &&
    one.department === other.department
  );
}
