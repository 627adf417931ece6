import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, Option } from 'commander';
import { PersonId } from '../protocol/ids.ts';
import { PlaceCode, Username } from '../protocol/people.ts';
import type { Role } from '../protocol/roles.ts';
import { roles } from './add-person.ts';
import { type RevokingDeployment, readAccess, revokingDeploymentOf } from './deployment.ts';

/** What the local run writes. */
export const localOutputs = fileURLToPath(new URL('../.wardline/outputs.json', import.meta.url));

export function outputsOption(): Option {
  return new Option(
    '--outputs <file>',
    'what cdk deploy --outputs-file wrote (default: that of the local run)',
  );
}

/** The deployment whose outputs stand in the file, with what changing people takes. */
export function reachedBy(outputs = localOutputs): RevokingDeployment {
  const access = readAccess(outputs);
  return revokingDeploymentOf(access.outputs, access.credentials);
}

/** A step that failed after it was refused what had to be; the receipt counts it. */
export function reportLost(error: unknown): void {
  console.error(`a step failed: ${error instanceof Error ? error.name : error}`);
}

/** What Cognito takes as a user name, without what could not be told apart in a terminal or a shell. */
export function parseUsername(given: string): string {
  if (Username.safeParse(given).success) return given;
  throw new InvalidArgumentError('a user name is 1 to 128 letters, digits, dots, hyphens and underscores.');
}

export function parsePlace(given: string): string {
  if (PlaceCode.safeParse(given).success) return given;
  throw new InvalidArgumentError('a code is 1 to 64 letters, digits, dots, hyphens and underscores.');
}

export function collectPatient(given: string, before: readonly string[] = []): readonly string[] {
  if (PersonId.safeParse(given).success) return [...new Set([...before, given])];
  throw new InvalidArgumentError('a patient is named by their id: 26 characters of a-z and 2-7.');
}

export function collectRole(given: string, before: readonly Role[] = []): readonly Role[] {
  const role = roles.find((known) => known === given);
  if (!role) throw new InvalidArgumentError(`a role is one of ${roles.join(', ')}.`);
  return [...new Set([...before, role])];
}
