import type { PersonId } from '../../protocol/ids.ts';
import { Fault } from './fault.ts';

/** What the organisation says of a person; nothing of it comes from the person. */
export interface Profile {
  readonly person: PersonId;
  readonly roles: readonly string[];
  /** What the user pool calls them: an id without meaning, never a user name. */
  readonly sub?: string;
}

export interface People {
  profile(person: PersonId): Promise<Profile | undefined>;
  /** Those of the ids that somebody has. */
  known(people: readonly PersonId[]): Promise<ReadonlySet<PersonId>>;
}

/** Somebody can prove who they are, and our own table does not know them: `wardline users add` makes the profile. */
export class PersonWithoutProfile extends Fault {
  constructor(person: PersonId) {
    super(`the person ${person} has no profile`);
    this.name = 'PersonWithoutProfile';
  }
}
