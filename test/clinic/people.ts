import type { Role } from '../../protocol/roles.ts';
import type { Random } from './random.ts';

/** Somebody of the clinic, as the trail knows them: by an id, and by what an export says of them beside it. */
export interface ClinicPerson {
  readonly person: string;
  readonly role: Role;
  readonly department?: string;
  readonly site?: string;
  readonly shift: Shift;
  /** Where they usually come from. */
  readonly address: string;
}

/** Local hour at which a working day begins; patients have none. */
export type Shift = 'day' | 'late' | 'night' | 'none';

const departments = ['cardiology', 'family-medicine', 'laboratory', 'oncology', 'pediatrics'];
const sites = ['main', 'north'];

/** Parts of a hundred people; at least so many of each. */
const shares: readonly (readonly [Role, number, number])[] = [
  ['patient', 0.6, 6],
  ['clinician', 0.2, 8],
  ['staff', 0.09, 4],
  ['caregiver', 0.04, 1],
  ['guest', 0.03, 1],
  ['administrator', 0.01, 2],
  ['privacy-officer', 0.006, 2],
  ['auditor', 0.004, 1],
  ['bot', 0.004, 1],
];

export type Cast = Readonly<Record<Role, readonly ClinicPerson[]>>;

export function castOf(random: Random, people: number): Cast {
  const cast = shares.map(([role, share, least]) => {
    const count = Math.max(least, Math.round(people * share));
    return [role, Array.from({ length: count }, (_, place) => someone(random, role, place))];
  });
  return Object.fromEntries(cast) as Cast;
}

function someone(random: Random, role: Role, place: number): ClinicPerson {
  const person = random.id();
  const works = role === 'clinician' || role === 'staff';
  const address = works ? `10.20.${1 + (place % 6)}.${10 + (place % 200)}` : `203.0.113.${1 + (place % 250)}`;
  if (!works) return { person, role, shift: 'none', address };
  return {
    person,
    role,
    department: departments[place % departments.length] ?? 'cardiology',
    site: sites[place % sites.length] ?? 'main',
    shift: role === 'staff' ? 'day' : random.pick(['day', 'day', 'day', 'late', 'night'] as const),
    address,
  };
}

/** What `people.jsonl` of an export says of somebody. */
export function asExported({ person, role, department, site }: ClinicPerson, since: string) {
  return {
    person,
    roles: [role],
    status: 'enabled',
    ...(site && { site }),
    ...(department && { department }),
    since,
  };
}
