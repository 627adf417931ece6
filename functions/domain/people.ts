import type { PersonId } from '../../protocol/ids.ts';
import type { Entitlements } from './entitlements.ts';
import { Fault } from './fault.ts';

/** What the organisation says of a person; nothing of it comes from the person. */
export interface Profile extends Entitlements {
  readonly person: PersonId;
  /** Where in the organisation they work, by the organisation's own code. It opens nothing by itself. */
  readonly department?: string;
  /** What the user pool calls them: an id without meaning, never a user name. */
  readonly sub?: string;
}

export interface People {
  profile(person: PersonId): Promise<Profile | undefined>;
  /** The profiles of those of the ids that somebody has. */
  profiles(people: readonly PersonId[]): Promise<ReadonlyMap<PersonId, Profile>>;
}

/** Somebody can prove who they are, and our own table does not know them: `wardline users add` makes the profile. */
export class PersonWithoutProfile extends Fault {
  constructor(person: PersonId) {
    super(`the person ${person} has no profile`);
    this.name = 'PersonWithoutProfile';
  }
}
