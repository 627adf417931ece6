import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AdminCreateUserCommand,
  AdminDeleteUserCommand,
  AdminGetUserCommand,
  AdminSetUserPasswordCommand,
  AdminUpdateUserAttributesCommand,
  DescribeUserPoolCommand,
  ForgotPasswordCommand,
  GetTokensFromRefreshTokenCommand,
  ListUsersCommand,
  SignUpCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { decodeJwt } from 'jose';
import { expect, onTestFinished, test } from 'vitest';
import { CLIENT_ID, clientResource, openClinic, POOL_ID, poolResource } from './clinic.ts';

const PASSWORD = 'correct-horse-battery-9';
const ANA = { UserPoolId: POOL_ID, Username: 'ana' };

test('a person is created once, with attributes that fit the schema and a password that fits the policy', async () => {
  const { sdk, create } = await openClinic();
  const made = await create('ana', PASSWORD);
  expect(made.User).toMatchObject({ Username: 'ana', Enabled: true, UserStatus: 'FORCE_CHANGE_PASSWORD' });
  await expect(create('ana', PASSWORD)).rejects.toMatchObject({ name: 'UsernameExistsException' });
  await expect(create('ben', 'short1')).rejects.toMatchObject({
    name: 'InvalidPasswordException',
    message: 'Password did not conform with password policy: Password not long enough',
  });
  await expect(create('ben', PASSWORD, 'x'.repeat(65))).rejects.toThrow(
    'Attributes did not conform to the schema',
  );
  const attributes = (Name: string) =>
    sdk.send(new AdminCreateUserCommand({ ...ANA, Username: 'ben', UserAttributes: [{ Name, Value: 'v' }] }));
  await expect(attributes('custom:other')).rejects.toThrow(
    'Attributes did not conform to the schema: Type for attribute {custom:other} could not be determined',
  );
  await expect(attributes('email')).rejects.toMatchObject({ name: 'CodeDeliveryFailureException' });
  await expect(sdk.send(new AdminGetUserCommand({ ...ANA, Username: 'ben' }))).rejects.toMatchObject({
    name: 'UserNotFoundException',
  });
});

test('an attribute that is not mutable stays as it was given at creation', async () => {
  const { sdk, create } = await openClinic();
  await create('ana', PASSWORD);
  const update = (Name: string, Value: string) =>
    sdk.send(new AdminUpdateUserAttributesCommand({ ...ANA, UserAttributes: [{ Name, Value }] }));
  await update('nickname', 'An');
  await expect(update('custom:person', 'p-2')).rejects.toThrow(
    'user.custom:person: Attribute cannot be updated.',
  );
  const { UserAttributes } = await sdk.send(new AdminGetUserCommand(ANA));
  expect(UserAttributes).toEqual(
    expect.arrayContaining([
      { Name: 'custom:person', Value: 'p-1' },
      { Name: 'nickname', Value: 'An' },
    ]),
  );
});

test('names that are no names of people find nobody', async () => {
  const { sdk } = await openClinic();
  for (const Username of ['constructor', '__proto__'])
    await expect(sdk.send(new AdminGetUserCommand({ ...ANA, Username }))).rejects.toMatchObject({
      name: 'UserNotFoundException',
    });
});

test('a password set by the administrator counts, and one used before does not where the pool remembers', async () => {
  const Policies = { PasswordPolicy: { MinimumLength: 12, PasswordHistorySize: 2 } };
  const clinic = await openClinic({ pool: { MfaConfiguration: 'OFF', Policies } });
  await clinic.create('ana', 'temporary-pass-1');
  const set = (Password: string, Permanent = true) =>
    clinic.sdk.send(new AdminSetUserPasswordCommand({ ...ANA, Password, Permanent }));
  await set('first-password');
  await set('second-password');
  await expect(set('first-password')).rejects.toMatchObject({
    name: 'PasswordHistoryPolicyViolationException',
  });
  await set('third-password');
  await set('first-password');
  expect((await clinic.givePassword('ana', 'first-password')).AuthenticationResult).toBeDefined();
  await set('temporary-again', false);
  expect(await clinic.givePassword('ana', 'temporary-again')).toMatchObject({
    ChallengeName: 'NEW_PASSWORD_REQUIRED',
  });
});

test('people can be listed in pages and found by name', async () => {
  const { sdk, create } = await openClinic();
  for (const name of ['ana', 'ben', 'bea']) await create(name, PASSWORD);
  const first = await sdk.send(new ListUsersCommand({ UserPoolId: POOL_ID, Limit: 2 }));
  const second = await sdk.send(
    new ListUsersCommand({ UserPoolId: POOL_ID, Limit: 2, PaginationToken: first.PaginationToken }),
  );
  expect([first, second].flatMap(({ Users }) => Users?.map(({ Username }) => Username))).toEqual([
    'ana',
    'ben',
    'bea',
  ]);
  expect(second.PaginationToken).toBeUndefined();
  const found = await sdk.send(new ListUsersCommand({ UserPoolId: POOL_ID, Filter: 'username ^= "be"' }));
  expect(found.Users).toHaveLength(2);
  const { UserPool } = await sdk.send(new DescribeUserPoolCommand({ UserPoolId: POOL_ID }));
  expect(UserPool).toMatchObject({ Id: POOL_ID, MfaConfiguration: 'ON', EstimatedNumberOfUsers: 3 });
});

test('nobody signs up or resets a password on their own', async () => {
  const { sdk } = await openClinic();
  const asked = { ClientId: CLIENT_ID, Username: 'ana', Password: PASSWORD };
  await expect(sdk.send(new SignUpCommand(asked))).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: 'SignUp is not permitted for this user pool',
  });
  await expect(sdk.send(new ForgotPasswordCommand(asked))).rejects.toMatchObject({
    name: 'NotAuthorizedException',
  });
});

test('people, keys and sign-ins survive a restart, and the file holds no password and no refresh token', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pool-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const stateFile = join(folder, 'deeper', 'pools.json');
  const before = await openClinic({ stateFile });
  const { secret, code, tokens } = await before.enrol('ana', PASSWORD);

  const kept = readFileSync(stateFile, 'utf8');
  for (const hidden of [PASSWORD, 'temporary-pass-1', tokens.RefreshToken, tokens.AccessToken])
    expect(kept).not.toContain(hidden);
  expect(kept).toContain(secret);
  expect(statSync(stateFile).mode & 0o777).toBe(0o600);

  const after = await openClinic({ stateFile, clock: before.clock });
  expect(after.service.publicDocument(`/${POOL_ID}/.well-known/jwks.json`)).toEqual(
    before.service.publicDocument(`/${POOL_ID}/.well-known/jwks.json`),
  );
  await after.sdk.send(
    new GetTokensFromRefreshTokenCommand({ ClientId: CLIENT_ID, RefreshToken: tokens.RefreshToken }),
  );
  const used = await after.givePassword('ana', PASSWORD);
  await expect(
    after.respond('SOFTWARE_TOKEN_MFA', 'ana', used.Session, {
      SOFTWARE_TOKEN_MFA_CODE: code,
    }),
  ).rejects.toMatchObject({ name: 'ExpiredCodeException' });
  await after.signIn('ana', PASSWORD, secret);
  await after.sdk.send(new AdminDeleteUserCommand(ANA));
  expect(readFileSync(stateFile, 'utf8')).not.toContain(secret);
});

test('the trail names operations, clients and the sub, and hides the rest', async () => {
  const { trail, enrol, givePassword } = await openClinic();
  const { secret, tokens } = await enrol('ana-of-ward-3', PASSWORD);
  await expect(givePassword('ana-of-ward-3', 'wrong-password-7')).rejects.toThrow();

  const written = JSON.stringify(trail);
  const secrets = ['ana-of-ward-3', PASSWORD, 'temporary-pass-1', 'p-1', secret, ...Object.values(tokens)];
  for (const hidden of secrets) expect(written).not.toContain(hidden);
  const sub = decodeJwt(tokens.AccessToken).sub;
  expect(trail[1]).toEqual({
    category: 'Management',
    readOnly: false,
    resources: [
      {
        type: 'AWS::Cognito::UserPool',
        arn: `arn:aws:cognito-idp:us-east-1:111122223333:userpool/${POOL_ID}`,
      },
    ],
    requestParameters: {
      authFlow: 'USER_SRP_AUTH',
      authParameters: 'HIDDEN_DUE_TO_SECURITY_REASONS',
      clientId: CLIENT_ID,
    },
    responseElements: {
      challengeName: 'PASSWORD_VERIFIER',
      challengeParameters: 'HIDDEN_DUE_TO_SECURITY_REASONS',
    },
    additionalEventData: { userPoolId: POOL_ID, sub },
  });
});

test('administration needs permission on the pool, and signing in needs none', async () => {
  const { service } = await openClinic();
  const call = { operation: 'AdminGetUser', input: { UserPoolId: POOL_ID } };
  expect(service.authorizations(Object(call))).toEqual([
    {
      action: 'cognito-idp:AdminGetUser',
      resource: `arn:aws:cognito-idp:us-east-1:111122223333:userpool/${POOL_ID}`,
    },
  ]);
  expect(['InitiateAuth', 'AdminGetUser'].map((name) => service.isPublic(name))).toEqual([true, false]);
});

test.each([
  ['MfaConfiguration', { MfaConfiguration: 'OPTIONAL' }],
  ['EnabledMfas', { EnabledMfas: ['SMS_MFA'] }],
  ['UsernameAttributes', { UsernameAttributes: ['email'] }],
  ['DeviceConfiguration', { DeviceConfiguration: {} }],
])('a pool that asks for %s is refused with that name', async (name, properties) => {
  const { service } = await openClinic();
  expect(() => service.addPool(poolResource(properties))).toThrow(name);
});

test.each([
  [
    'AllowedOAuthFlows',
    { AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: ['code'], AllowedOAuthScopes: ['openid'] },
  ],
  ['ExplicitAuthFlows', { ExplicitAuthFlows: ['ALLOW_EVERYTHING'] }],
  ['AccessTokenValidity', { AccessTokenValidity: 2 }],
  ['AnalyticsConfiguration', { AnalyticsConfiguration: {} }],
])('a client that asks for %s is refused with that name', async (name, properties) => {
  const { service } = await openClinic();
  expect(() => service.addClient(clientResource(properties))).toThrow(name);
});
