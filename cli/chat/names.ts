import type { ClinicPerson } from '../clinic.ts';
import { Failure } from '../failure.ts';
import type { Named } from './told.ts';

/** Who is who in a terminal chat: the seeded people of a local run by their user names, everybody else by id. */
export class Names {
  private readonly people: readonly ClinicPerson[];

  constructor(people: readonly ClinicPerson[]) {
    this.people = people;
  }

  /** The seeded person with this user name, or else with this role in the clinic. */
  find(given: string): ClinicPerson | undefined {
    return (
      this.people.find(({ username }) => username === given) ?? this.people.find(({ role }) => role === given)
    );
  }

  /** @throws Failure where it is neither somebody seeded nor an id */
  idOf(given: string): string {
    const id = this.find(given)?.id ?? (/^[a-z2-7]{26}$/.test(given) ? given : undefined);
    if (id) return id;
    const known = this.people.map(({ username }) => username).join(', ');
    throw new Failure(
      'usage',
      `nobody here is called ${given}: ${known ? `there are ${known}; others go` : 'people go'} by their id, which npx wardline users add prints`,
    );
  }

  nameOf(person: string): string {
    return this.people.find(({ id }) => id === person)?.username ?? person;
  }

  named(person: string): Named {
    return { person, name: this.nameOf(person) };
  }
}
