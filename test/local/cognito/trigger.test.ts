import { GetTokensFromRefreshTokenCommand } from '@aws-sdk/client-cognito-identity-provider';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { type Invocation, InvokeRefused, type Invoker } from '../../../local/lambda/invoke.ts';
import { CLIENT_ID, openClinic, POOL_ID, poolResource } from './clinic.ts';

const PASSWORD = 'correct-horse-battery-9';
const ARN = 'arn:aws:lambda:us-east-1:111122223333:function:PreToken';

test('the trigger sees the documented event of each occasion, asked for by the pool', async () => {
  const trigger = preToken(() => null);
  const clinic = await openClinic(trigger);
  const { secret, tokens } = await clinic.enrol('ana', PASSWORD);
  await clinic.signIn('ana', PASSWORD, secret);
  await clinic.sdk.send(
    new GetTokensFromRefreshTokenCommand({
      ClientId: CLIENT_ID,
      RefreshToken: tokens.RefreshToken,
      ClientMetadata: { device: 'ward-3' },
    }),
  );

  expect(trigger.events.map(({ triggerSource }) => triggerSource)).toEqual([
    'TokenGeneration_NewPasswordChallenge',
    'TokenGeneration_Authentication',
    'TokenGeneration_RefreshTokens',
  ]);
  expect(trigger.events[2]).toEqual({
    version: '2',
    triggerSource: 'TokenGeneration_RefreshTokens',
    region: 'us-east-1',
    userPoolId: POOL_ID,
    userName: 'ana',
    callerContext: { awsSdkVersion: expect.any(String), clientId: CLIENT_ID },
    request: {
      userAttributes: {
        sub: decodeJwt(tokens.AccessToken).sub,
        'cognito:user_status': 'CONFIRMED',
        'custom:person': 'p-1',
      },
      groupConfiguration: { groupsToOverride: [], iamRolesToOverride: [], preferredRole: null },
      scopes: ['aws.cognito.signin.user.admin'],
      clientMetadata: { device: 'ward-3' },
    },
    response: { claimsAndScopeOverrideDetails: null },
  });
  expect(trigger.calls[0]).toEqual({
    functionArn: ARN,
    invoker: {
      service: 'cognito-idp.amazonaws.com',
      sourceArn: `arn:aws:cognito-idp:us-east-1:111122223333:userpool/${POOL_ID}`,
    },
  });
});

test('the trigger adds claims and scopes, and cannot touch what Cognito reserves', async () => {
  const reserved = {
    sub: 'x',
    exp: 1,
    iss: 'x',
    username: 'x',
    client_id: 'x',
    scope: 'x',
    'cognito:username': 'x',
  };
  const clinic = await openClinic(
    preToken(() => ({
      accessTokenGeneration: {
        claimsToAddOrOverride: { ...reserved, aud: 'other', roles: ['nurse'], gone: 'x' },
        claimsToSuppress: ['gone', 'token_use'],
        scopesToAdd: ['app/user', 'aws.cognito.other'],
        scopesToSuppress: ['aws.cognito.signin.user.admin'],
      },
      idTokenGeneration: {
        claimsToAddOrOverride: { ...reserved, aud: 'other', greeting: 'hello' },
        claimsToSuppress: ['custom:person', 'aud'],
      },
      groupOverrideDetails: { groupsToOverride: ['ward-3'] },
    })),
  );

  const { tokens } = await clinic.enrol('ana', PASSWORD);

  const access = decodeJwt(tokens.AccessToken);
  expect(access).toMatchObject({
    username: 'ana',
    client_id: CLIENT_ID,
    token_use: 'access',
    roles: ['nurse'],
    scope: 'app/user',
    'cognito:groups': ['ward-3'],
  });
  for (const name of ['gone', 'aud', 'cognito:username']) expect(access).not.toHaveProperty(name);
  const id = decodeJwt(tokens.IdToken);
  expect(id).toMatchObject({ aud: CLIENT_ID, 'cognito:username': 'ana', greeting: 'hello', sub: access.sub });
  expect(id).not.toHaveProperty('custom:person');
});

test('a trigger of the first version changes the ID token alone', async () => {
  const trigger = preToken(() => null, 'V1_0');
  trigger.answer = (event) => ({
    ...event,
    response: { claimsOverrideDetails: { claimsToAddOrOverride: { greeting: 'hello' } } },
  });
  const clinic = await openClinic(trigger);
  const { tokens } = await clinic.enrol('ana', PASSWORD);
  expect(decodeJwt(tokens.IdToken).greeting).toBe('hello');
  expect(decodeJwt(tokens.AccessToken)).not.toHaveProperty('greeting');
  expect(trigger.events[0]).toMatchObject({ version: '1', response: { claimsOverrideDetails: null } });
});

test('a trigger that throws, answers nonsense or may not be invoked fails the sign-in', async () => {
  const trigger = preToken(() => null);
  const clinic = await openClinic(trigger);
  const { secret } = await clinic.enrol('ana', PASSWORD);
  const signIn = () => clinic.signIn('ana', PASSWORD, secret);

  trigger.functionError = 'Unhandled';
  trigger.answer = () => ({ errorType: 'Error', errorMessage: 'no such person' });
  await expect(signIn()).rejects.toMatchObject({
    name: 'UserLambdaValidationException',
    message: 'PreTokenGeneration failed with error no such person.',
  });

  trigger.functionError = undefined;
  for (const nonsense of [
    null,
    {},
    { response: { claimsAndScopeOverrideDetails: { accessTokenGeneration: 'x' } } },
  ]) {
    trigger.answer = () => nonsense;
    await expect(signIn()).rejects.toMatchObject({
      name: 'InvalidLambdaResponseException',
      message: 'Unrecognizable lambda output',
    });
  }

  trigger.answer = () => {
    throw new InvokeRefused(ARN, { service: 'cognito-idp.amazonaws.com', sourceArn: 'pool' });
  };
  await expect(signIn()).rejects.toMatchObject({
    name: 'UnexpectedLambdaException',
    message: 'PreTokenGeneration invocation failed due to error AccessDeniedException.',
  });
});

test('a trigger that does not answer is asked three times, five seconds each', async () => {
  const trigger = preToken(() => null);
  const clinic = await openClinic(trigger);
  const { secret } = await clinic.enrol('ana', PASSWORD);
  trigger.hangs = true;

  const signIn = clinic.signIn('ana', PASSWORD, secret);
  const refused = expect(signIn).rejects.toMatchObject({ name: 'UnexpectedLambdaException' });
  for (const tries of [2, 3, 4]) {
    await expect.poll(() => trigger.events.length).toBe(tries);
    clinic.clock.advance(5000);
  }
  await refused;
});

test('other triggers are refused with their name', async () => {
  const { service } = await openClinic();
  expect(() => service.addPool(poolResource({ LambdaConfig: { PreSignUp: ARN } }))).toThrow(
    'LambdaConfig.PreSignUp',
  );
});

interface Event {
  readonly triggerSource: string;
}

/** A pre token generation function that answers with `details`, or with whatever a test puts into `answer`. */
function preToken(details: () => unknown, LambdaVersion = 'V2_0') {
  const trigger = {
    pool: { LambdaConfig: { PreTokenGenerationConfig: { LambdaArn: ARN, LambdaVersion } } },
    events: [] as Event[],
    calls: [] as { functionArn: string; invoker: Invoker }[],
    functionError: undefined as Invocation['functionError'],
    hangs: false,
    answer: (event: Event): unknown => ({ ...event, response: { claimsAndScopeOverrideDetails: details() } }),
    functions: {
      invoke: async (functionArn: string, event: unknown, invoker: Invoker): Promise<Invocation> => {
        const seen: Event = JSON.parse(JSON.stringify(event));
        trigger.events.push(seen);
        trigger.calls.push({ functionArn, invoker });
        if (trigger.hangs) await new Promise(() => {});
        const payload = trigger.answer(seen);
        return {
          payload,
          functionError: trigger.functionError,
          requestId: 'r',
          durationMs: 1,
          coldStart: false,
        };
      },
    },
  };
  return trigger;
}
