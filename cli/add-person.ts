import { randomBytes } from 'node:crypto';
import {
  AdminCreateUserCommand,
  AdminGetUserCommand,
  AdminSetUserPasswordCommand,
  type AttributeType,
  CognitoIdentityProviderClient,
  UserNotFoundException,
  UsernameExistsException,
} from '@aws-sdk/client-cognito-identity-provider';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { idFrom } from '../functions/domain/id.ts';
import { keys } from '../functions/store/keys.ts';
import { PersonId } from '../protocol/ids.ts';
import type { Deployment } from './deployment.ts';
import { Failure } from './failure.ts';
import { newPassword } from './passwords.ts';

/** Every role that a profile may hold. */
export const roles = [
  'patient',
  'caregiver',
  'clinician',
  'staff',
  'administrator',
  'privacy-officer',
  'auditor',
  'bot',
  'guest',
] as const;
export type Role = (typeof roles)[number];

export interface AddedPerson {
  readonly id: string;
  readonly username: string;
  readonly roles: readonly Role[];
  /** Absent where the person has signed in before: then their password is their own. */
  readonly temporaryPassword?: string;
}

/** The operator's clients of one deployment. */
export interface Operator {
  readonly deployment: Deployment;
  readonly pool: CognitoIdentityProviderClient;
  readonly tables: DynamoDBDocumentClient;
}

/** Signs with the deployment's own keys where it has some, else with what the AWS SDK finds (its default chain). */
export function operatorOf(deployment: Deployment): Operator {
  const { region, endpoint, credentials } = deployment;
  const settings = { region, ...(endpoint && { endpoint }), ...(credentials && { credentials }) };
  return {
    deployment,
    pool: new CognitoIdentityProviderClient(settings),
    tables: DynamoDBDocumentClient.from(new DynamoDBClient(settings)),
  };
}

/**
 * Makes a person: the user that signs in, then the profile without which no token is issued. Called again for the same
 * user name it finishes what an earlier call began, and gives a new temporary password until the person has signed in.
 *
 * @throws Failure that says what stands and what to do
 */
export async function addPerson(
  operator: Operator,
  username: string,
  wanted: readonly Role[],
): Promise<AddedPerson> {
  const user = (await findUser(operator, username)) ?? (await createUser(operator, username));
  await ensureProfile(operator, user, username, wanted);
  // The first temporary password was shown once, and may be lost.
  const temporaryPassword =
    user.temporaryPassword ?? (user.hasSignedIn ? undefined : await renewPassword(operator, username));
  return { id: user.id, username, roles: wanted, ...(temporaryPassword && { temporaryPassword }) };
}

interface User {
  readonly id: PersonId;
  /** What the pool calls them: the profile keeps it, so that all their sign-ins can be ended without a user name. */
  readonly sub: string;
  readonly hasSignedIn: boolean;
  /** Stands where this call made the user. */
  readonly temporaryPassword?: string;
}

async function createUser(operator: Operator, username: string): Promise<User> {
  const id = idFrom(randomBytes(16));
  const temporaryPassword = newPassword();
  try {
    const { User } = await operator.pool.send(
      new AdminCreateUserCommand({
        UserPoolId: operator.deployment.userPoolId,
        Username: username,
        TemporaryPassword: temporaryPassword,
        MessageAction: 'SUPPRESS', // the operator hands the password over; Cognito knows no address to send it to
        UserAttributes: [{ Name: 'custom:person', Value: id }],
      }),
    );
    return { id, sub: subIn(User?.Attributes), hasSignedIn: false, temporaryPassword };
  } catch (error) {
    const meanwhile =
      error instanceof UsernameExistsException ? await findUser(operator, username) : undefined;
    if (meanwhile) return meanwhile;
    throw refused(error, 'nothing was made');
  }
}

/** Without a profile there is no token, so a user whose profile is missing opens nothing. */
async function ensureProfile(
  { tables, deployment }: Operator,
  { id, sub }: User,
  username: string,
  wanted: readonly Role[],
): Promise<void> {
  try {
    await tables.send(
      new PutCommand({
        TableName: deployment.peopleTable,
        Item: { ...keys.profile(id), roles: [...wanted], sub },
        ConditionExpression: 'attribute_not_exists(pk)',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) {
      throw refused(
        error,
        `the user ${username} stands as the person ${id}, but without a profile gets no token`,
      );
    }
    expectRoles(error.Item?.roles?.L?.map(({ S }) => S ?? '') ?? [], wanted, username);
    if (!error.Item?.sub) await noteSub({ tables, deployment }, id, sub);
  }
}

/** Profiles that were made before revocations needed it. */
async function noteSub(
  { tables, deployment }: Pick<Operator, 'tables' | 'deployment'>,
  id: PersonId,
  sub: string,
): Promise<void> {
  await tables.send(
    new UpdateCommand({
      TableName: deployment.peopleTable,
      Key: keys.profile(id),
      UpdateExpression: 'SET #sub = :sub',
      ExpressionAttributeNames: { '#sub': 'sub' },
      ExpressionAttributeValues: { ':sub': sub },
    }),
  );
}

function subIn(attributes: readonly AttributeType[] | undefined): string {
  const sub = attributes?.find(({ Name }) => Name === 'sub')?.Value;
  if (sub) return sub;
  throw new Failure('environment', 'the user pool told no sub of a user: give the same command again');
}

async function findUser({ pool, deployment }: Operator, username: string): Promise<User | undefined> {
  try {
    const { UserAttributes, UserStatus } = await pool.send(
      new AdminGetUserCommand({ UserPoolId: deployment.userPoolId, Username: username }),
    );
    const id = PersonId.safeParse(UserAttributes?.find(({ Name }) => Name === 'custom:person')?.Value);
    if (!id.success) {
      throw new Failure(
        'finding',
        `the user pool has a user ${username} that was not made by this command, without a person id: choose another user name, or delete that user`,
      );
    }
    return { id: id.data, sub: subIn(UserAttributes), hasSignedIn: UserStatus !== 'FORCE_CHANGE_PASSWORD' };
  } catch (error) {
    if (error instanceof UserNotFoundException) return undefined;
    throw refused(error, 'nothing was made');
  }
}

async function renewPassword({ pool, deployment }: Operator, username: string): Promise<string> {
  const Password = newPassword();
  try {
    await pool.send(
      new AdminSetUserPasswordCommand({
        UserPoolId: deployment.userPoolId,
        Username: username,
        Password,
        Permanent: false,
      }),
    );
    return Password;
  } catch (error) {
    throw refused(error, `${username} stands, with the temporary password it had`);
  }
}

function expectRoles(standing: readonly string[], wanted: readonly Role[], username: string): void {
  if (standing.length === wanted.length && wanted.every((role) => standing.includes(role))) return;
  throw new Failure(
    'finding',
    `${username} stands with the roles ${standing.join(', ')}, and this command changes none: repeat it with these roles`,
  );
}

function refused(error: unknown, stands: string): Failure {
  if (error instanceof Failure) return error;
  return new Failure(
    'environment',
    `${reasonOf(error)}; ${stands}: mend that and give the same command again`,
    { cause: error },
  );
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isUnreachable = 'code' in error && error.code === 'ECONNREFUSED';
  return isUnreachable
    ? 'nothing answers at the address of the outputs: is the local run running (npm start)?'
    : `${error.name}: ${error.message}`;
}
