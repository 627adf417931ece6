import { Command, InvalidArgumentError, Option } from 'commander';
import { newPassword } from '../functions/wiring/passwords.ts';
import { SessionId } from '../protocol/ids.ts';
import type { Role } from '../protocol/roles.ts';
import { type AddedPerson, addPerson, type Place, roles } from './add-person.ts';
import {
  disableCommand,
  enableCommand,
  recertifyCommand,
  rolesCommand,
  sessionsCommand,
} from './administer.ts';
import { botCommand } from './bot-commands.ts';
import { type Deployment, readDeployment } from './deployment.ts';
import { type Enrolment, enrol } from './enrol.ts';
import { exitCodes, Failure } from './failure.ts';
import { operatorOf } from './operator.ts';
import { revoke } from './revoke.ts';
import {
  collectPatient,
  collectRole,
  localOutputs,
  outputsOption,
  parsePlace,
  parseUsername,
  reachedBy,
  reportLost,
} from './users-arguments.ts';

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
    .option(
      '--site <code>',
      'the site they are at; an administrator with one has its people in charge',
      parsePlace,
    )
    .option('--department <code>', 'where they work there', parsePlace)
    .option(
      '--acts-for <person>',
      'the id of a patient for whom a caregiver acts; again for more',
      collectPatient,
    )
    .addOption(outputsOption())
    .option(
      '--enrol',
      'also go through the first sign-in and print its secrets: for the local run and for tests',
    )
    .option('--json', 'one line of JSON')
    .action(async (username: string, { role, outputs = localOutputs, json, enrol, ...place }: Given) => {
      const deployment = readDeployment(outputs);
      const person = enrol
        ? await addEnrolled(deployment, username, role, place)
        : await addPerson(operatorOf(deployment), username, role, place);
      console.log(json ? JSON.stringify(person) : told(person));
    });
  const command = new Command('users').description('the people who may sign in').addCommand(add);
  const others = [
    rolesCommand,
    disableCommand,
    enableCommand,
    revokeCommand,
    sessionsCommand,
    recertifyCommand,
    botCommand,
  ];
  for (const make of others) command.addCommand(make());
  return command;
}

/** `wardline users revoke`: the same as `POST /admin/revocations`, by who holds the AWS account's credentials. */
function revokeCommand(): Command {
  return new Command('revoke')
    .description('ends all sign-ins of a person at once, or one of them, and prints the signed receipt')
    .argument('<person>', 'their id, or the user name they sign in with', parseUsername)
    .option('--session <id>', 'only this sign-in: origin_jti of its access tokens', parseSession)
    .addOption(outputsOption())
    .option('--json', 'one line of JSON')
    .action(async (person: string, { session, outputs, json }: GivenRevocation) => {
      const receipt = await revoke(reachedBy(outputs), person, session, reportLost);
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

interface Given extends Place {
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
  place: Place = {},
): Promise<EnrolledPerson> {
  const { temporaryPassword, ...person } = await addPerson(operatorOf(deployment), username, wanted, place);
  if (!temporaryPassword) {
    throw new Failure(
      'finding',
      `${username} has signed in before, and only they know their password: leave --enrol out`,
    );
  }
  return { ...person, ...(await enrol(deployment, username, temporaryPassword, newPassword())) };
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

function parseSession(given: string): string {
  if (SessionId.safeParse(given).success) return given;
  throw new InvalidArgumentError(
    'a session is the claim origin_jti of its access tokens, a lower-case UUID.',
  );
}
