import { Command, Option } from 'commander';
import { type Move, moved, moveTo } from '../functions/domain/change-roles.ts';
import { letIn, shutOut } from '../functions/domain/disable-person.ts';
import { liveSessions } from '../functions/domain/list-sessions.ts';
import type { Verdict } from '../functions/domain/recertify.ts';
import { changedAnswer, personAnswer, sessionsAnswer } from '../functions/wiring/answers.ts';
import { expectTogether } from './add-person.ts';
import { Failure } from './failure.ts';
import { roomsAbout } from './moving.ts';
import { showList, sign } from './recertify.ts';
import {
  collectPatient,
  collectRole,
  outputsOption,
  parsePlace,
  parseUsername,
  reachedBy,
  reportLost,
} from './users-arguments.ts';

interface Given {
  readonly outputs?: string;
  readonly json?: true;
}

interface GivenRoles extends Given {
  readonly role: Move['roles'];
  readonly actsFor?: Move['actsFor'];
  readonly site?: string | false;
  readonly department?: string | false;
}

/** `wardline users roles`: any role, an office too, which no route gives. */
export function rolesCommand(): Command {
  return aboutOne('roles', 'changes what a person is; it holds from their next frame on')
    .addOption(
      new Option('--role <role>', 'a role they are to hold; give it again for more')
        .argParser(collectRole)
        .makeOptionMandatory(),
    )
    .option('--site <code>', 'the site they are at; without it they stay where they are', parsePlace)
    .option('--no-site', 'takes the site off')
    .option('--department <code>', 'where they work there', parsePlace)
    .option('--no-department', 'takes the department off')
    .option(
      '--acts-for <person>',
      'the id of a patient for whom a caregiver acts; again for more',
      collectPatient,
    )
    .action(async (named: string, { role, actsFor, site, department, outputs, json }: GivenRoles) => {
      expectTogether(role);
      const { rooms, profile } = await roomsAbout(reachedBy(outputs), named, reportLost);
      if (profile.formerRoles) throw new Failure('finding', `${named} is disabled: enable them first`);
      const after = moved(profile, {
        roles: role,
        actsFor,
        site: placeOf(site),
        department: placeOf(department),
      });
      const outcome = await moveTo(rooms, 'operator', profile, after, rooms.now());
      print(changedAnswer(expectFirst(outcome)), json);
    });
}

/** `wardline users disable`: the same as `POST /admin/people/{person}/disable`, for officers too. */
export function disableCommand(): Command {
  return aboutOne('disable', 'shuts a person out at once, and prints the signed receipt').action(
    async (named: string, { outputs, json }: Given) => {
      const { rooms, profile } = await roomsAbout(reachedBy(outputs), named, reportLost);
      const outcome = await shutOut(rooms, 'operator', profile, rooms.now());
      print(expectFirst(outcome).receipt, json);
    },
  );
}

export function enableCommand(): Command {
  return aboutOne('enable', 'lets a person who was disabled sign in again, with the roles they had').action(
    async (named: string, { outputs, json }: Given) => {
      const { rooms, profile } = await roomsAbout(reachedBy(outputs), named, reportLost);
      print(personAnswer(expectFirst(await letIn(rooms, profile))), json);
    },
  );
}

export function sessionsCommand(): Command {
  return aboutOne('sessions', 'lists where a person is signed in').action(
    async (named: string, { outputs, json }: Given) => {
      const { rooms, profile } = await roomsAbout(reachedBy(outputs), named, reportLost);
      const sessions = liveSessions(await rooms.sessions.of(profile.person), rooms.now());
      print(sessionsAnswer({ person: profile.person, sessions }), json);
    },
  );
}

/** `wardline users recertify`: the quarter’s list, and the operator’s verdict on one person. */
export function recertifyCommand(): Command {
  return new Command('recertify')
    .description('opens and prints this quarter’s list of everybody, or signs one person off')
    .argument('[person]', 'whom to sign off: their id or user name', parseUsername)
    .addOption(new Option('--verdict <verdict>', 'what is signed').choices(['keep', 'remove']))
    .addOption(outputsOption())
    .option('--json', 'one line of JSON')
    .action(async (named: string | undefined, { verdict, outputs, json }: Given & { verdict?: Verdict }) => {
      if ((named === undefined) !== (verdict === undefined)) {
        throw new Failure('usage', 'a person is signed off with --verdict keep or --verdict remove');
      }
      const deployment = reachedBy(outputs);
      const isSigning = named !== undefined && verdict !== undefined;
      print(isSigning ? await sign(deployment, named, verdict) : await showList(deployment), json);
    });
}

function aboutOne(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .argument('<person>', 'their id, or the user name they sign in with', parseUsername)
    .addOption(outputsOption())
    .option('--json', 'one line of JSON');
}

/** Commander says `false` for `--no-site`, and for nothing at all where it has no default. */
function placeOf(given: string | false | undefined): string | null | undefined {
  return given === false ? null : given;
}

function expectFirst<T>(outcome: T | 'overtaken'): T {
  if (outcome !== 'overtaken') return outcome;
  throw new Failure(
    'finding',
    'somebody else has changed this person just now: look, and give the command again',
  );
}

function print(answer: object, json: true | undefined): void {
  console.log(JSON.stringify(answer, null, json ? 0 : 2));
}
