import type { ExportedPerson } from '../export-files.ts';

/** Names for ids, of the reader's own: none stands in the trail. */
export class Names {
  constructor(
    private readonly people: ReadonlyMap<string, ExportedPerson>,
    private readonly names: ReadonlyMap<string, string> = new Map(),
  ) {}

  get areGiven(): boolean {
    return this.names.size > 0;
  }

  nameOf(person: string): string {
    return this.names.get(person) ?? '';
  }

  /** Roles and department, as the export says them today. */
  roleOf(person: string): string {
    const known = this.people.get(person);
    if (!known) return '';
    return [known.roles.join(' and '), known.department].filter((part) => part).join(', ');
  }

  has(person: string, role: string): boolean {
    return this.people.get(person)?.roles.includes(role) ?? false;
  }

  /** One line for a chart or a sentence. */
  shortly(person: string): string {
    const known = this.nameOf(person) || this.roleOf(person);
    return known === '' ? person : `${known} (${person.slice(0, 6)}…)`;
  }
}
