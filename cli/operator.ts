import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Profile } from '../functions/domain/people.ts';
import { phi } from '../functions/domain/phi.ts';
import { people } from '../functions/store/people.ts';
import { accounts } from '../functions/wiring/accounts.ts';
import { PersonId } from '../protocol/ids.ts';
import type { Deployment } from './deployment.ts';
import { Failure } from './failure.ts';

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
    tables: DynamoDBDocumentClient.from(new DynamoDBClient(settings), {
      marshallOptions: { removeUndefinedValues: true },
    }),
  };
}

/**
 * Who is meant by a person's id, or by the user name they sign in with.
 *
 * @throws Failure where there is no such person
 */
export async function profileOf({ tables, pool, deployment }: Operator, named: string): Promise<Profile> {
  const { profile } = people(tables, deployment.peopleTable);
  const byId = PersonId.safeParse(named).success ? await profile(named) : undefined;
  if (byId) return byId;
  const account = await accounts(pool, deployment.userPoolId).find(phi(named));
  const byName = typeof account === 'object' ? await profile(account.person) : undefined;
  if (byName) return byName;
  throw new Failure('finding', `there is no person ${named}, neither as an id nor as a user name`);
}

/** What went wrong with a call of AWS, what stands nevertheless, and what to do. */
export function refusedBy(error: unknown, stands: string): Failure {
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
