import {
  AdminDisableUserCommand,
  AdminEnableUserCommand,
  AdminUserGlobalSignOutCommand,
  GetTokensFromRefreshTokenCommand,
  GlobalSignOutCommand,
  RevokeTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { CLIENT_ID, type Clinic, clientResource, openClinic, POOL_ID, tokensOf } from './clinic.ts';

const PASSWORD = 'correct-horse-battery-9';
const REVOKED = { name: 'NotAuthorizedException', message: 'Refresh Token has been revoked' };

test('renewal rotates the refresh token; the old one is good for the grace and then refused', async () => {
  const clinic = await openClinic();
  const { tokens } = await clinic.enrol('ana', PASSWORD);

  const renewed = await renew(clinic, tokens.RefreshToken);
  expect(renewed.RefreshToken).not.toBe(tokens.RefreshToken);
  const [before, after] = [decodeJwt(tokens.AccessToken), decodeJwt(renewed.AccessToken)];
  expect(after).toMatchObject({ origin_jti: before.origin_jti, auth_time: before.auth_time });
  expect(after.jti).not.toBe(before.jti);

  clinic.clock.advance(9_000);
  await renew(clinic, tokens.RefreshToken);
  clinic.clock.advance(1_500);
  await expect(renew(clinic, tokens.RefreshToken)).rejects.toMatchObject({
    name: 'RefreshTokenReuseException',
  });
  await renew(clinic, renewed.RefreshToken);
});

test('without a grace, of two renewals at once one is refused', async () => {
  const clinic = await openClinic({ client: { RefreshTokenRotation: { Feature: 'ENABLED' } } });
  const { tokens } = await clinic.enrol('ana', PASSWORD);
  const both = await Promise.allSettled([
    renew(clinic, tokens.RefreshToken),
    renew(clinic, tokens.RefreshToken),
  ]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('a rotated token lives no longer than the sign-in it came from', async () => {
  const clinic = await openClinic();
  const { tokens } = await clinic.enrol('ana', PASSWORD);
  clinic.clock.advance(11 * 3_600_000);
  const renewed = await renew(clinic, tokens.RefreshToken);
  clinic.clock.advance(3_600_000);
  await expect(renew(clinic, renewed.RefreshToken)).rejects.toThrow('Refresh Token has expired');
});

test('a client without rotation keeps its refresh token, and none may list both ways', async () => {
  const flows = { ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] };
  const clinic = await openClinic({ client: { ...flows, RefreshTokenRotation: undefined } });
  const { tokens } = await clinic.enrol('ana', PASSWORD);
  const again = await clinic.sdk.send(
    new GetTokensFromRefreshTokenCommand({ ClientId: CLIENT_ID, RefreshToken: tokens.RefreshToken }),
  );
  expect(again.AuthenticationResult).toMatchObject({ AccessToken: expect.any(String), ExpiresIn: 900 });
  expect(again.AuthenticationResult).not.toHaveProperty('RefreshToken');
  expect(() => clinic.service.addClient(clientResource(flows))).toThrow(
    'ALLOW_REFRESH_TOKEN_AUTH is not a permitted ExplicitAuthFlow when refresh token rotation is enabled',
  );
});

test('revoking a refresh token ends its sign-in, rotated tokens included, and no other', async () => {
  const clinic = await openClinic();
  const { secret, tokens } = await clinic.enrol('ana', PASSWORD);
  const other = await clinic.signIn('ana', PASSWORD, secret);
  const renewed = await renew(clinic, tokens.RefreshToken);

  await clinic.sdk.send(new RevokeTokenCommand({ ClientId: CLIENT_ID, Token: tokens.RefreshToken }));

  await expect(renew(clinic, renewed.RefreshToken)).rejects.toMatchObject(REVOKED);
  await expect(signOut(clinic, renewed.AccessToken)).rejects.toThrow('Access Token has been revoked');
  await renew(clinic, other.RefreshToken);
  await expect(
    clinic.sdk.send(new RevokeTokenCommand({ ClientId: CLIENT_ID, Token: other.AccessToken })),
  ).rejects.toMatchObject({ name: 'UnsupportedTokenTypeException' });
});

test('signing out everywhere ends every sign-in, by the person or by an administrator', async () => {
  const clinic = await openClinic();
  const { secret, tokens } = await clinic.enrol('ana', PASSWORD);
  const other = await clinic.signIn('ana', PASSWORD, secret);
  await signOut(clinic, other.AccessToken);
  await expect(renew(clinic, tokens.RefreshToken)).rejects.toMatchObject(REVOKED);
  await expect(signOut(clinic, tokens.AccessToken)).rejects.toThrow('Access Token has been revoked');

  const later = await clinic.signIn('ana', PASSWORD, secret);
  await renew(clinic, later.RefreshToken);
  await clinic.sdk.send(new AdminUserGlobalSignOutCommand({ UserPoolId: POOL_ID, Username: 'ana' }));
  await expect(renew(clinic, later.RefreshToken)).rejects.toMatchObject(REVOKED);
});

test('a token of another kind, another pool or another time signs nobody out', async () => {
  const clinic = await openClinic();
  const elsewhere = await openClinic();
  const { tokens } = await clinic.enrol('ana', PASSWORD);
  const { tokens: foreign } = await elsewhere.enrol('ana', PASSWORD);
  for (const token of [tokens.IdToken, foreign.AccessToken, 'no token'])
    await expect(signOut(clinic, token)).rejects.toThrow('Invalid Access Token');
  clinic.clock.advance(900_000);
  await expect(signOut(clinic, tokens.AccessToken)).rejects.toThrow('Access Token has expired');
});

test('a disabled user neither signs in nor renews until enabled again', async () => {
  const clinic = await openClinic();
  const { secret, tokens } = await clinic.enrol('ana', PASSWORD);
  const user = { UserPoolId: POOL_ID, Username: 'ana' };

  await clinic.sdk.send(new AdminDisableUserCommand(user));
  await expect(clinic.givePassword('ana', PASSWORD)).rejects.toMatchObject({
    name: 'NotAuthorizedException',
    message: 'User is disabled.',
  });
  await expect(renew(clinic, tokens.RefreshToken)).rejects.toMatchObject({ name: 'NotAuthorizedException' });

  await clinic.sdk.send(new AdminEnableUserCommand(user));
  await clinic.signIn('ana', PASSWORD, secret);
  await expect(renew(clinic, tokens.RefreshToken)).rejects.toMatchObject(REVOKED);
});

test('tokens carry jti and origin_jti only where the client can revoke', async () => {
  const clinic = await openClinic({ client: { EnableTokenRevocation: false } });
  const { tokens } = await clinic.enrol('ana', PASSWORD);
  for (const token of [tokens.AccessToken, tokens.IdToken]) {
    expect(decodeJwt(token)).not.toHaveProperty('jti');
    expect(decodeJwt(token)).not.toHaveProperty('origin_jti');
  }
  await expect(
    clinic.sdk.send(new RevokeTokenCommand({ ClientId: CLIENT_ID, Token: tokens.RefreshToken })),
  ).rejects.toMatchObject({ name: 'UnsupportedOperationException' });
});

async function renew({ sdk }: Clinic, RefreshToken: string) {
  return tokensOf(
    await sdk.send(new GetTokensFromRefreshTokenCommand({ ClientId: CLIENT_ID, RefreshToken })),
  );
}

function signOut({ sdk }: Clinic, AccessToken: string) {
  return sdk.send(new GlobalSignOutCommand({ AccessToken }));
}
