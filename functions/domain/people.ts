import { PersonId } from '../../protocol/ids.ts';
import type { Entitlements } from './entitlements.ts';
import { Fault } from './fault.ts';

/** What the organisation says of a person; nothing of it comes from the person. */
export interface Profile extends Entitlements {
  readonly person: PersonId;
  /** Where in the organisation they work, by the organisation's own code. It opens nothing by itself. */
  readonly department?: string;
  /** What the user pool calls them: an id without meaning, never a user name. */
  readonly sub?: string;
  /** There while the person is disabled: the roles they had. `roles` is empty then, for whoever reads a profile. */
  readonly formerRoles?: readonly string[];
  /** How often the profile was changed. @default 0 */
  readonly version?: number;
  /** Of a patient: people whom their conversations let in no more. */
  readonly restrictions?: readonly PersonId[];
  /** When somebody last signed off that they keep their roles; milliseconds since the epoch. */
  readonly recertifiedAt?: number;
}

export interface People {
  profile(person: PersonId): Promise<Profile | undefined>;
  /** The profiles of those of the ids that somebody has. */
  profiles(people: readonly PersonId[]): Promise<ReadonlyMap<PersonId, Profile>>;
}

/** The people as who administers them sees them. */
export interface Profiles extends People {
  /** Keeps a new profile, unless the person has one: then gives the one that stands. */
  add(profile: Profile): Promise<Profile | undefined>;
  /** Puts `after` in the place of `before`; false where somebody else has changed it since it was read. */
  change(before: Profile, after: Profile): Promise<boolean>;
  /** Notes when somebody was signed off. */
  recertify(person: PersonId, at: number): Promise<void>;
}

/**
 * Whoever is to get a token, who has proved who they are.
 *
 * @throws PersonWithoutProfile, PersonDisabled
 */
export async function tokenHolder(people: Pick<People, 'profile'>, named: unknown): Promise<Profile> {
  const person = PersonId.parse(named);
  const profile = await people.profile(person);
  if (!profile) throw new PersonWithoutProfile(person);
  if (profile.formerRoles) throw new PersonDisabled(person); // the pool refuses before, unless its disabling failed
  return profile;
}

/** Somebody can prove who they are, and our own table does not know them: `wardline users add` makes the profile. */
export class PersonWithoutProfile extends Fault {
  constructor(person: PersonId) {
    super(`the person ${person} has no profile`);
    this.name = 'PersonWithoutProfile';
  }
}

/** Somebody can prove who they are, and was disabled. */
export class PersonDisabled extends Fault {
  constructor(person: PersonId) {
    super(`the person ${person} is disabled`);
    this.name = 'PersonDisabled';
  }
}
