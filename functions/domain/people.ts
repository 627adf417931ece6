import type { PersonId } from '../../protocol/ids.ts';

/** What the organisation says of a person; nothing of it comes from the person. */
export interface Profile {
  readonly person: PersonId;
  readonly roles: readonly string[];
}

export interface People {
  profile(person: PersonId): Promise<Profile | undefined>;
  /** Those of the ids that somebody has. */
  known(people: readonly PersonId[]): Promise<ReadonlySet<PersonId>>;
}
