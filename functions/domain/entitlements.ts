import type { PersonId } from '../../protocol/ids.ts';
import type { Role } from '../../protocol/roles.ts';

/** What the organisation says that somebody is; nothing of it comes from the person. */
export interface Entitlements {
  /** A role that the policy does not name opens nothing. */
  readonly roles: readonly string[];
  /** Patients for whom a caregiver acts. */
  readonly actsFor?: readonly PersonId[];
  /** The site whose people an administrator has in charge; without one, everybody's. */
  readonly site?: string;
}

/** Roles that take part in conversations. Nobody holds one of them beside an office: whoever administers reads no bodies. */
export const conversing: readonly Role[] = ['patient', 'caregiver', 'clinician', 'staff', 'bot', 'guest'];

/** Offices. Who holds one may hold no other: administrating, deciding on privacy and auditing are three people's work. */
export const offices: readonly Role[] = ['administrator', 'privacy-officer', 'auditor'];

/** Whether one person may hold these roles together. */
export function mayBeHeldTogether(roles: readonly Role[]): boolean {
  const held = new Set(roles);
  const isOfficer = offices.some((office) => held.has(office));
  return held.size > 0 && (!isOfficer || held.size === 1);
}

/** Whether somebody holds one of these roles. */
export function holdsAny({ roles }: Pick<Entitlements, 'roles'>, wanted: readonly Role[]): boolean {
  return wanted.some((role) => roles.includes(role));
}

/** Whether these are all the roles that somebody holds among those that take part in conversations. */
export function conversesOnlyAs({ roles }: Pick<Entitlements, 'roles'>, role: Role): boolean {
  return roles.includes(role) && !conversing.some((other) => other !== role && roles.includes(other));
}
