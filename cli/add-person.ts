import { randomBytes } from 'node:crypto';
import { type Joiner, type JoiningRooms, join } from '../functions/domain/create-person.ts';
import { mayBeHeldTogether } from '../functions/domain/entitlements.ts';
import { idFrom } from '../functions/domain/id.ts';
import type { Profile } from '../functions/domain/people.ts';
import { phi } from '../functions/domain/phi.ts';
import { profiles } from '../functions/store/profiles.ts';
import { accounts } from '../functions/wiring/accounts.ts';
import { newPassword } from '../functions/wiring/passwords.ts';
import { Role } from '../protocol/roles.ts';
import { Failure } from './failure.ts';
import { type Operator, refusedBy } from './operator.ts';

/** Every role that a profile may hold. */
export const roles = Role.options;

export interface AddedPerson {
  readonly id: string;
  readonly username: string;
  readonly roles: readonly Role[];
  /** Absent where the person has signed in before: then their password is their own. */
  readonly temporaryPassword?: string;
}

/** Where in the organisation somebody is, and for whom they act. */
export type Place = Pick<Joiner, 'actsFor' | 'site' | 'department'>;

/**
 * Makes a person by the code that serves `POST /admin/people`, with any role: an office too. Called again for the same
 * user name it finishes what an earlier call began, and gives a new temporary password until the person has signed in.
 *
 * @throws Failure that says what stands and what to do
 */
export async function addPerson(
  operator: Operator,
  username: string,
  wanted: readonly Role[],
  place: Place = {},
): Promise<AddedPerson> {
  expectTogether(wanted);
  const outcome = await join(roomsOf(operator, username), {
    username: phi(username),
    roles: wanted,
    ...place,
  });
  if (!('profile' in outcome)) throw taken(username, outcome.standing);
  const { profile, temporaryPassword } = outcome;
  return { id: profile.person, username, roles: wanted, ...(temporaryPassword && { temporaryPassword }) };
}

/** @throws Failure where one person may not hold these roles */
export function expectTogether(wanted: readonly Role[]): void {
  if (mayBeHeldTogether(wanted)) return;
  throw new Failure(
    'usage',
    `nobody holds ${wanted.join(' and ')} together: administrator, privacy-officer and auditor are each held alone`,
  );
}

/** The domain's rooms by the operator's credentials, each of which says what stands where it fails. */
function roomsOf({ deployment, pool, tables }: Operator, username: string): JoiningRooms {
  const users = accounts(pool, deployment.userPoolId);
  const table = profiles(tables, deployment.peopleTable);
  return {
    newId: () => idFrom(randomBytes(16)),
    newPassword,
    accounts: {
      find: telling(users.find, () => 'nothing was made'),
      create: telling(users.create, () => 'nothing was made'),
      renewPassword: telling(
        users.renewPassword,
        () => `${username} stands, with the temporary password it had`,
      ),
    },
    profiles: {
      profiles: table.profiles,
      add: telling(
        table.add,
        ({ person }) =>
          `the user ${username} stands as the person ${person}, but without a profile gets no token`,
      ),
      change: table.change,
    },
  };
}

function telling<Given extends unknown[], Answer>(
  call: (...given: Given) => Promise<Answer>,
  stands: (...given: Given) => string,
): (...given: Given) => Promise<Answer> {
  return async (...given) => {
    try {
      return await call(...given);
    } catch (error) {
      throw refusedBy(error, stands(...given));
    }
  };
}

function taken(username: string, standing: Profile | undefined): Failure {
  if (!standing) {
    return new Failure(
      'finding',
      `the user pool has a user ${username} that was not made by this command, without a person id: choose another user name, or delete that user`,
    );
  }
  const { roles: held, formerRoles, site, department } = standing;
  const place = [site && `at the site ${site}`, department && `in the department ${department}`].filter(
    Boolean,
  );
  const stands = [
    formerRoles ? `disabled, with the roles ${formerRoles.join(', ')}` : `with the roles ${held.join(', ')}`,
    ...place,
  ];
  return new Failure(
    'finding',
    `${username} stands ${stands.join(', ')}, and this command changes none: repeat it with these, or give users roles`,
  );
}
