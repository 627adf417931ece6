import {
  AdminCreateUserCommand,
  AdminDeleteUserCommand,
  AdminDisableUserCommand,
  AdminResetUserPasswordCommand,
  CreateGroupCommand,
  GetTokensFromRefreshTokenCommand,
  GetUserCommand,
  ListIdentityProvidersCommand,
  RevokeTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { expect, test } from 'vitest';
import { Clock } from '../../../local/clock.ts';
import { Attempts } from '../../../local/cognito/attempts.ts';
import { CLIENT_ID, openClinic, POOL_ID } from './clinic.ts';

const PASSWORD = 'correct-horse-battery-9';
const ANA = { UserPoolId: POOL_ID, Username: 'ana' };

test('a revoked access token opens nothing of Cognito’s, and still verifies until it expires', async () => {
  const clinic = await openClinic();
  const { tokens } = await clinic.enrol('ana', PASSWORD);
  const me = () => clinic.sdk.send(new GetUserCommand({ AccessToken: tokens.AccessToken }));
  expect(await me()).toMatchObject({
    Username: 'ana',
    UserAttributes: [{ Name: 'custom:person', Value: 'p-1' }, { Name: 'sub' }],
    UserMFASettingList: ['SOFTWARE_TOKEN_MFA'],
  });

  await clinic.sdk.send(new RevokeTokenCommand({ ClientId: CLIENT_ID, Token: tokens.RefreshToken }));
  await expect(me()).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: 'Access Token has been revoked',
  });
  const keys = clinic.service.issuerKeys(`https://cognito-idp.us-east-1.amazonaws.com/${POOL_ID}`);
  const verified = jwtVerify(tokens.AccessToken, createLocalJWKSet(keys ?? { keys: [] }), {
    currentDate: new Date(clinic.clock.now()),
  });
  expect((await verified).payload.username).toBe('ana');
  clinic.clock.advance(900_000);
  await expect(me()).rejects.toThrow('Access Token has expired');
});

test('who was disabled or deleted is told so by what their tokens open', async () => {
  const clinic = await openClinic({ pool: { MfaConfiguration: 'OFF' } });
  const tokensOfOne = async (name: string) => {
    await clinic.create(name, 'temporary-pass-1');
    const { Session } = await clinic.givePassword(name, 'temporary-pass-1');
    const signedIn = await clinic.respond('NEW_PASSWORD_REQUIRED', name, Session, { NEW_PASSWORD: PASSWORD });
    return { AccessToken: '', RefreshToken: '', ...signedIn.AuthenticationResult };
  };
  const opens = ({ AccessToken }: { AccessToken: string }) =>
    clinic.sdk.send(new GetUserCommand({ AccessToken }));
  const renews = ({ RefreshToken }: { RefreshToken: string }) =>
    clinic.sdk.send(new GetTokensFromRefreshTokenCommand({ ClientId: CLIENT_ID, RefreshToken }));

  const ana = await tokensOfOne('ana');
  await clinic.sdk.send(new AdminDisableUserCommand(ANA));
  await expect(opens(ana)).rejects.toThrow('Access Token has been revoked');
  await expect(renews(ana)).rejects.toThrow('Refresh Token has been revoked');
  const ben = await tokensOfOne('ben');
  await clinic.sdk.send(new AdminDeleteUserCommand({ ...ANA, Username: 'ben' }));
  await expect(opens(ben)).rejects.toMatchObject({ name: 'UserNotFoundException' });
  await expect(renews(ben)).rejects.toThrow('Refresh Token has been revoked');
});

test('the lock doubles up to fifteen minutes, and fifteen quiet minutes after it forget the failures', () => {
  const clock = new Clock(new Date('2030-01-01T00:00:00Z'));
  const attempts = new Attempts(clock);
  const locks: number[] = [];
  for (let failure = 1; failure <= 17; failure++) {
    attempts.fail('ana');
    let seconds = 0;
    for (; attempts.isLocked('ana'); seconds++) clock.advance(1000);
    locks.push(seconds);
  }
  expect(locks).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);

  clock.advance(15 * 60_000 - 5_000);
  attempts.isLocked('ana'); // a try, and the quiet begins again
  clock.advance(15 * 60_000 - 5_000);
  attempts.fail('ana');
  expect(attempts.isLocked('ana')).toBe(true);
  clock.advance(31 * 60_000);
  attempts.fail('ana');
  expect(attempts.isLocked('ana')).toBe(false);
  clock.stop();
});

test('an operation that is not served and a member that is not supported are refused, not passed over', async () => {
  const { sdk, service } = await openClinic();
  await expect(sdk.send(new ListIdentityProvidersCommand({ UserPoolId: POOL_ID }))).rejects.toMatchObject({
    name: 'UnknownOperationException',
  });
  for (const name of ['ListIdentityProviders', 'constructor', '__proto__'])
    expect(service.isPublic(name)).toBe(true);
  await expect(
    sdk.send(
      new CreateGroupCommand({ UserPoolId: POOL_ID, GroupName: 'g', RoleArn: 'arn:aws:iam::1:role/x' }),
    ),
  ).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: 'RoleArn of CreateGroup is not supported here',
  });
  await expect(
    sdk.send(
      new GetTokensFromRefreshTokenCommand({ ClientId: CLIENT_ID, RefreshToken: 'x', DeviceKey: 'd-1' }),
    ),
  ).rejects.toThrow('DeviceKey of GetTokensFromRefreshToken is not supported here');
});

test('what would send a message is refused', async () => {
  const { sdk, create } = await openClinic();
  await create('ana', PASSWORD);
  await expect(sdk.send(new AdminResetUserPasswordCommand(ANA))).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: 'Cannot reset password for the user as there is no registered/verified email or phone_number',
  });
  const resend = (Username: string) =>
    sdk.send(new AdminCreateUserCommand({ ...ANA, Username, MessageAction: 'RESEND' }));
  await expect(resend('ana')).rejects.toMatchObject({ name: 'CodeDeliveryFailureException' });
  await expect(resend('nobody')).rejects.toMatchObject({ name: 'UserNotFoundException' });
});
