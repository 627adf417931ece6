import { AwsError } from '../front-door/service.ts';
import { type Invocation, InvokeRefused } from '../lambda/invoke.ts';
import { applyOverrides, readOverrides } from './claim-overrides.ts';
import type { ClientSettings } from './client-settings.ts';
import { groupsOf } from './groups.ts';
import type { Cognito, Pool } from './pools.ts';
import type { User } from './state.ts';
import { type Claims, DEFAULT_SCOPE } from './tokens.ts';

export type TokenReason = 'Authentication' | 'NewPasswordChallenge' | 'RefreshTokens';

/**
 * Lets the pool's pre token generation trigger change the claims (developer guide, "Pre token generation Lambda
 * trigger"). A trigger that fails, answers nonsense or may not be invoked fails the sign-in.
 */
export async function preTokenGeneration(
  cognito: Cognito,
  pool: Pool,
  client: ClientSettings,
  user: User,
  given: { reason: TokenReason; clientMetadata?: unknown; claims: Claims },
): Promise<Claims> {
  const trigger = pool.settings.preToken;
  if (!trigger) return given.claims;
  return changed(cognito, pool, client, trigger, given.claims, {
    triggerSource: `TokenGeneration_${given.reason}`,
    userName: user.username,
    request: {
      userAttributes: { sub: user.sub, 'cognito:user_status': user.status, ...user.attributes },
      groupConfiguration: {
        groupsToOverride: groupsOf(pool, user).map(({ name }) => name),
        iamRolesToOverride: [],
        preferredRole: null,
      },
      ...(trigger.version !== 'V1_0' && { scopes: [DEFAULT_SCOPE] }),
      ...(given.clientMetadata !== undefined && { clientMetadata: given.clientMetadata }),
    },
  });
}

/**
 * The same for a machine's access token, of which the trigger hears in events of the third version alone. What its event
 * has for a person is empty: the guide shows none.
 */
export async function preTokenGenerationForMachine(
  cognito: Cognito,
  pool: Pool,
  client: ClientSettings,
  access: Claims['access'],
): Promise<Claims['access']> {
  const trigger = pool.settings.preToken;
  if (trigger?.version !== 'V3_0') return access;
  const claims = await changed(
    cognito,
    pool,
    client,
    trigger,
    { id: {}, access },
    {
      triggerSource: 'TokenGeneration_ClientCredentials',
      userName: 'ClientCredentials',
      request: {
        userAttributes: {},
        groupConfiguration: { groupsToOverride: [], iamRolesToOverride: [], preferredRole: null },
        scopes: String(access.scope).split(' '),
      },
    },
  );
  return claims.access;
}

/** The claims with what the trigger makes of them. */
async function changed(
  cognito: Cognito,
  pool: Pool,
  client: ClientSettings,
  trigger: NonNullable<Pool['settings']['preToken']>,
  claims: Claims,
  event: { readonly triggerSource: string; readonly userName: string; readonly request: unknown },
): Promise<Claims> {
  const invocation = await invoke(cognito, pool, trigger.functionArn, {
    version: trigger.version.slice(1, 2),
    region: cognito.account.region,
    userPoolId: pool.settings.id,
    callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId: client.id },
    ...event,
    response:
      trigger.version === 'V1_0' ? { claimsOverrideDetails: null } : { claimsAndScopeOverrideDetails: null },
  });
  if (invocation.functionError)
    throw new AwsError(
      'UserLambdaValidationException',
      `${NAME} failed with error ${reasonOf(invocation.payload)}.`,
    );
  const overrides = readOverrides(trigger.version, invocation.payload);
  if (!overrides) throw new AwsError('InvalidLambdaResponseException', 'Unrecognizable lambda output');
  return applyOverrides(claims, overrides, client.id);
}

const NAME = 'PreTokenGeneration';

/** Cognito waits 5 s and tries three times (developer guide, "Customizing user pool workflows with Lambda triggers"). */
const WAIT_MS = 5000;
const TRIES = 3;

async function invoke(
  cognito: Cognito,
  pool: Pool,
  functionArn: string,
  event: unknown,
): Promise<Invocation> {
  const invoker = { service: 'cognito-idp.amazonaws.com', sourceArn: pool.settings.arn };
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    try {
      const invocation = await inTime(cognito, cognito.functions.invoke(functionArn, event, invoker));
      if (invocation) return invocation;
    } catch (error) {
      const why = error instanceof InvokeRefused ? 'error AccessDeniedException' : 'configuration';
      throw new AwsError('UnexpectedLambdaException', `${NAME} invocation failed due to ${why}.`);
    }
  }
  throw new AwsError(
    'UnexpectedLambdaException',
    `${NAME} failed with error Socket timeout while invoking Lambda function.`,
  );
}

async function inTime(cognito: Cognito, invocation: Promise<Invocation>): Promise<Invocation | undefined> {
  let callOff = () => {};
  const timeout = new Promise<undefined>((resolve) => {
    callOff = cognito.clock.after(WAIT_MS, () => resolve(undefined));
  });
  try {
    return await Promise.race([invocation, timeout]);
  } finally {
    callOff();
  }
}

function reasonOf(payload: unknown): string {
  const message =
    typeof payload === 'object' && payload !== null && 'errorMessage' in payload
      ? payload.errorMessage
      : undefined;
  return typeof message === 'string' ? message : 'null';
}
