import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { SessionId } from '../protocol/ids.ts';
import { type AddedPerson, addPerson, operatorOf, type Role, roles } from './add-person.ts';
import { type Deployment, readAccess, readDeployment, revokingDeploymentOf } from './deployment.ts';
import { type Enrolment, enrol } from './enrol.ts';
import { exitCodes, Failure } from './failure.ts';
import { newPassword } from './passwords.ts';
import { revoke } from './revoke.ts';

const localOutputs = fileURLToPath(new URL('../.wardline/outputs.json', import.meta.url));

/** `wardline users`: who may sign in, by the calls that an operator makes on AWS. */
export function usersCommand(): Command {
  const add = new Command('add')
    .description('makes a person who can sign in, or finishes what an interrupted call began')
    .argument(
      '<username>',
      'what they sign in with; it stands in logs and in CloudTrail, so take a staff number or a random name, never a name, an e-mail address or a record number',
      parseUsername,
    )
    .addOption(
      new Option('--role <role>', `one of ${roles.join(', ')}; give it again for more`)
        .argParser(collectRole)
        .makeOptionMandatory(),
    )
    .option('--outputs <file>', 'what cdk deploy --outputs-file wrote (default: that of the local run)')
    .option(
      '--enrol',
      'also go through the first sign-in and print its secrets: for the local run and for tests',
    )
    .option('--json', 'one line of JSON')
    .action(async (username: string, { role, outputs = localOutputs, json, ...given }: Given) => {
      const person = await addTo(readDeployment(outputs), {
        username,
        roles: role,
        enrolled: given.enrol === true,
      });
      console.log(json ? JSON.stringify(person) : told(person));
    });
  return new Command('users')
    .description('the people who may sign in')
    .addCommand(add)
    .addCommand(revokeCommand());
}

/** `wardline users revoke`: the same as `POST /admin/revocations`, by who holds the AWS account's credentials. */
function revokeCommand(): Command {
  return new Command('revoke')
    .description('ends all sign-ins of a person at once, or one of them, and prints the signed receipt')
    .argument('<person>', 'their id, or the user name they sign in with', parseUsername)
    .option('--session <id>', 'only this sign-in: origin_jti of its access tokens', parseSession)
    .option('--outputs <file>', 'what cdk deploy --outputs-file wrote (default: that of the local run)')
    .option('--json', 'one line of JSON')
    .action(async (person: string, { session, outputs = localOutputs, json }: GivenRevocation) => {
      const access = readAccess(outputs);
      const deployment = revokingDeploymentOf(access.outputs, access.credentials);
      const receipt = await revoke(deployment, person, session, (error) =>
        console.error(`a step failed: ${error instanceof Error ? error.name : error}`),
      );
      console.log(JSON.stringify(receipt, null, json ? 0 : 2));
      const isDone = receipt.socketsLeftOpen === 0 && (receipt.refreshTokensEnded || session !== undefined);
      if (isDone) return;
      process.exitCode = exitCodes.finding;
      console.error('What was ended is refused from now on, but a step failed: give the same command again.');
    });
}

interface GivenRevocation {
  readonly session?: string;
  readonly outputs?: string;
  readonly json?: true;
}

interface Given {
  readonly role: readonly Role[];
  readonly outputs?: string;
  readonly enrol?: true;
  readonly json?: true;
}

/** A person who can sign in at once. */
export type EnrolledPerson = Omit<AddedPerson, 'temporaryPassword'> & Enrolment;

/**
 * Adds a person and goes through their first sign-in.
 *
 * @throws Failure where the person has signed in before: their secrets are their own
 */
export async function addEnrolled(
  deployment: Deployment,
  username: string,
  wanted: readonly Role[],
): Promise<EnrolledPerson> {
  const { temporaryPassword, ...person } = await addPerson(operatorOf(deployment), username, wanted);
  if (!temporaryPassword) {
    throw new Failure(
      'finding',
      `${username} has signed in before, and only they know their password: leave --enrol out`,
    );
  }
  return { ...person, ...(await enrol(deployment, username, temporaryPassword, newPassword())) };
}

function addTo(
  deployment: Deployment,
  given: { readonly username: string; readonly roles: readonly Role[]; readonly enrolled: boolean },
): Promise<AddedPerson | EnrolledPerson> {
  if (given.enrolled) return addEnrolled(deployment, given.username, given.roles);
  return addPerson(operatorOf(deployment), given.username, given.roles);
}

function told(person: AddedPerson | EnrolledPerson): string {
  const lines = [`${person.username} is the person ${person.id} (${person.roles.join(', ')})`];
  if ('password' in person) {
    lines.push(`password     ${person.password}`, `TOTP secret  ${person.totpSecret}`);
  } else if (person.temporaryPassword) {
    lines.push(
      `temporary password  ${person.temporaryPassword}`,
      'It is shown this once and good for 3 days: hand it over in person; the first sign-in asks for a new one and for an authenticator app.',
    );
  } else {
    lines.push('They have signed in before: nothing was changed.');
  }
  return lines.join('\n');
}

/** What Cognito takes as a user name, without what could not be told apart in a terminal or a shell. */
function parseUsername(given: string): string {
  if (/^[A-Za-z0-9._-]{1,128}$/.test(given)) return given;
  throw new InvalidArgumentError('a user name is 1 to 128 letters, digits, dots, hyphens and underscores.');
}

function parseSession(given: string): string {
  if (SessionId.safeParse(given).success) return given;
  throw new InvalidArgumentError(
    'a session is the claim origin_jti of its access tokens, a lower-case UUID.',
  );
}

function collectRole(given: string, before: readonly Role[] = []): readonly Role[] {
  const role = roles.find((known) => known === given);
  if (!role) throw new InvalidArgumentError(`a role is one of ${roles.join(', ')}.`);
  return [...new Set([...before, role])];
}
