import type { Role } from '../protocol/roles.ts';
import type { Deployment } from './deployment.ts';
import { addEnrolled } from './users.ts';

/** Somebody of the seeded clinic, as `people.json` lists them. */
export interface ClinicPerson {
  readonly id: string;
  /** Who they are in the clinic. */
  readonly role: string;
  readonly username: string;
  readonly password: string;
  /** Base32. */
  readonly totpSecret: string;
}

/** Whom a local run begins with, and what each may do. */
export const clinic: readonly {
  readonly role: string;
  readonly username: string;
  readonly roles: readonly Role[];
}[] = [
  { role: 'patient', username: 'patient-1', roles: ['patient'] },
  { role: 'nurse', username: 'nurse-1', roles: ['clinician'] },
  { role: 'doctor', username: 'doctor-1', roles: ['clinician'] },
  { role: 'administrator', username: 'administrator-1', roles: ['administrator'] },
  { role: 'privacy-officer', username: 'privacy-officer-1', roles: ['privacy-officer'] },
  { role: 'auditor', username: 'auditor-1', roles: ['auditor'] },
];

/** Makes the clinic's people with the code of `wardline users add --enrol`, one after the other. */
export async function seedClinic(
  deployment: Deployment,
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<readonly ClinicPerson[]> {
  const people: ClinicPerson[] = [];
  for (const { role, username, roles } of clinic) {
    signal.throwIfAborted();
    const { id, password, totpSecret } = await addEnrolled(deployment, username, roles);
    people.push({ id, role, username, password, totpSecret });
    say(`${username} can sign in`);
  }
  return people;
}
