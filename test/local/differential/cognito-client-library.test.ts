import {
  AdminCreateUserCommand,
  CognitoIdentityProviderClient,
  DescribeUserPoolClientCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import {
  AuthenticationDetails,
  type CognitoRefreshToken,
  CognitoUser,
  CognitoUserPool,
  type CognitoUserSession,
} from 'amazon-cognito-identity-js';
import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlainClinic } from './plain-clinic.ts';

/**
 * Amazon's own client library, `amazon-cognito-identity-js`, signs people in at the pool of a local run: its SRP, its
 * challenges, its tokens, nothing of ours on that side. It predates refresh token rotation and cannot renew with it.
 */
let clinic: Awaited<ReturnType<typeof startPlainClinic>>;
let sdk: CognitoIdentityProviderClient;
const TEMPORARY = 'Temporary-pass-1';
const PASSWORD = 'Correct-horse-battery-9';

beforeAll(async () => {
  clinic = await startPlainClinic();
  sdk = new CognitoIdentityProviderClient({
    region: 'us-east-1',
    endpoint: clinic.stack.awsEndpointUrl,
    credentials: clinic.stack.administrator,
  });
});
afterAll(async () => {
  sdk?.destroy();
  await clinic?.close();
});

test('it signs in with a temporary password and a new software token, again with a code, and out everywhere', async () => {
  const { user, secret, session, asked } = await enrol('ana', 'Lasting');
  expect(asked).toEqual(['newPasswordRequired', 'mfaSetup']);
  expect(session.isValid()).toBe(true);
  const verifier = CognitoJwtVerifier.create({
    userPoolId: clinic.outputs.PoolId ?? '',
    clientId: clinic.outputs.Lasting ?? '',
    tokenUse: 'access',
  });
  const jwks = await fetch(`${clinic.stack.awsEndpointUrl}/${clinic.outputs.PoolId}/.well-known/jwks.json`);
  verifier.cacheJwks(Object(await jwks.json()));
  const claims = await verifier.verify(session.getAccessToken().getJwtToken());
  expect(claims).toMatchObject({ username: 'ana', sub: session.getIdToken().payload.sub });
  expect(await attributesOf(user)).toEqual(['sub']);

  clinic.stack.clock.advance(30_000); // a code is good once
  const again = await signIn('ana', 'Lasting', { password: PASSWORD, secret });
  expect(again.asked).toEqual(['totpRequired']);
  expect(again.session.getIdToken().payload.sub).toBe(claims.sub);

  const token = again.session.getRefreshToken(); // the library forgets it when it signs out
  await called<string>((done, fail) => again.user.globalSignOut({ onSuccess: done, onFailure: fail }));
  await expect(attributesOf(user)).rejects.toMatchObject({
    code: 'NotAuthorizedException',
    message: 'Access Token has been revoked',
  });
  for (const one of [token, session.getRefreshToken()])
    await expect(refresh(newUser('ana', 'Lasting'), one)).rejects.toMatchObject({
      code: 'NotAuthorizedException',
      message: 'Refresh Token has been revoked',
    });
});

test('it hears of a wrong password, a wrong code and a used one as Cognito names them', async () => {
  const { secret } = await enrol('ben', 'Lasting');
  await expect(signIn('ben', 'Lasting', { password: 'Wrong-pass-1', secret })).rejects.toMatchObject({
    code: 'NotAuthorizedException',
    message: 'Incorrect username or password.',
  });
  await expect(signIn('nobody', 'Lasting', { password: PASSWORD, secret })).rejects.toMatchObject({
    code: 'NotAuthorizedException',
    message: 'Incorrect username or password.',
  });
  await expect(signIn('ben', 'Lasting', { password: PASSWORD, code: '000000' })).rejects.toMatchObject({
    code: 'CodeMismatchException',
  });
  const code = codeOf(secret);
  await signIn('ben', 'Lasting', { password: PASSWORD, code }).catch(() => undefined); // good, if half a minute began meanwhile
  await expect(signIn('ben', 'Lasting', { password: PASSWORD, code })).rejects.toMatchObject({
    code: 'ExpiredCodeException',
  });
});

test('it renews where refresh tokens last; where they rotate it is refused, and ends its sign-in by revoking', async () => {
  const lasting = await enrol('cas', 'Lasting');
  const before = lasting.session.getAccessToken();
  const renewed = await refresh(lasting.user, lasting.session.getRefreshToken());
  expect(renewed.getAccessToken().payload).toMatchObject({
    origin_jti: before.payload.origin_jti,
    sub: before.payload.sub,
  });
  expect(renewed.getAccessToken().getJwtToken()).not.toBe(before.getJwtToken());

  const token = lasting.session.getRefreshToken();
  await expect(refresh(newUser('cas', 'Rotating'), token)).rejects.toMatchObject({
    code: 'InvalidParameterException',
    message: 'REFRESH_TOKEN_AUTH flow not enabled for this client',
  });
  await called((done) => lasting.user.signOut(() => done()));
  await expect(refresh(newUser('cas', 'Lasting'), token)).rejects.toMatchObject({
    code: 'NotAuthorizedException',
    message: 'Refresh Token has been revoked',
  });
});

test('a machine gets its token at the address in the outputs, and the pool’s keys verify it', async () => {
  const { PoolId, Machine, DomainUrl } = clinic.outputs;
  expect(DomainUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const { UserPoolClient } = await sdk.send(
    new DescribeUserPoolClientCommand({ UserPoolId: PoolId, ClientId: Machine }),
  );
  const shown = Buffer.from(`${Machine}:${UserPoolClient?.ClientSecret}`).toString('base64');
  const answer = await fetch(`${DomainUrl}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${shown}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'lab/results' }),
  });
  const { access_token: token } = Object(await answer.json());
  const verifier = CognitoJwtVerifier.create({
    userPoolId: PoolId ?? '',
    clientId: Machine ?? '',
    tokenUse: 'access',
    scope: 'lab/results',
  });
  const jwks = await fetch(`${clinic.stack.awsEndpointUrl}/${PoolId}/.well-known/jwks.json`);
  verifier.cacheJwks(Object(await jwks.json()));
  expect(await verifier.verify(token)).toMatchObject({ sub: Machine, client_id: Machine });
  expect(clinic.stack.trail.events().map(({ eventName }) => eventName)).toContain('Token_POST');
});

type ClientName = 'Lasting' | 'Rotating';
type Asked = 'newPasswordRequired' | 'mfaSetup' | 'totpRequired';

/** Makes the person as an administrator does, and takes them through the library's first sign-in. */
async function enrol(username: string, client: ClientName) {
  await sdk.send(
    new AdminCreateUserCommand({
      UserPoolId: clinic.outputs.PoolId,
      Username: username,
      TemporaryPassword: TEMPORARY,
      MessageAction: 'SUPPRESS',
    }),
  );
  return signIn(username, client, { password: TEMPORARY });
}

/** Everything that the library asks for is answered, until it has a session. */
function signIn(
  username: string,
  client: ClientName,
  given: { password: string; secret?: string; code?: string },
): Promise<{ user: CognitoUser; secret: string; session: CognitoUserSession; asked: Asked[] }> {
  return new Promise((resolve, reject) => {
    const asked: Asked[] = [];
    let { secret = '' } = given;
    const user = newUser(username, client);
    const callbacks = {
      onSuccess: (session: CognitoUserSession) => resolve({ user, secret, session, asked }),
      onFailure: reject,
      newPasswordRequired: () => {
        asked.push('newPasswordRequired');
        user.completeNewPasswordChallenge(PASSWORD, {}, callbacks);
      },
      mfaSetup: () => {
        asked.push('mfaSetup');
        user.associateSoftwareToken({
          associateSecretCode: (made) => {
            secret = made;
            user.verifySoftwareToken(codeOf(secret), 'phone', callbacks);
          },
          onFailure: reject,
        });
      },
      totpRequired: () => {
        asked.push('totpRequired');
        user.sendMFACode(given.code ?? codeOf(secret), callbacks, 'SOFTWARE_TOKEN_MFA');
      },
    };
    user.authenticateUser(
      new AuthenticationDetails({ Username: username, Password: given.password }),
      callbacks,
    );
  });
}

/** A user of the library with a memory of its own, so that two are as two phones. */
function newUser(username: string, client: ClientName): CognitoUser {
  const Storage = new Map<string, string>();
  const memory = {
    setItem: (key: string, value: string) => Storage.set(key, value),
    getItem: (key: string) => Storage.get(key) ?? null,
    removeItem: (key: string) => Storage.delete(key),
    clear: () => Storage.clear(),
    key: () => null,
    length: 0,
  };
  const Pool = new CognitoUserPool({
    UserPoolId: clinic.outputs.PoolId ?? '',
    ClientId: clinic.outputs[client] ?? '',
    endpoint: clinic.stack.awsEndpointUrl,
    Storage: memory,
  });
  return new CognitoUser({ Username: username, Pool, Storage: memory });
}

function refresh(user: CognitoUser, token: CognitoRefreshToken): Promise<CognitoUserSession> {
  return called((done, fail) =>
    user.refreshSession(token, (error, session) => (error ? fail(error) : done(session))),
  );
}

function attributesOf(user: CognitoUser): Promise<string[]> {
  return called((done, fail) =>
    user.getUserAttributes((error, attributes) =>
      error ? fail(error) : done((attributes ?? []).map(({ Name }) => Name)),
    ),
  );
}

function called<T = void>(call: (done: (value: T) => void, fail: (error: unknown) => void) => void) {
  return new Promise<T>((resolve, reject) => call(resolve, reject));
}

function codeOf(secret: string): string {
  const totp = new TOTP({ secret: Secret.fromBase32(secret), digits: 6, period: 30 });
  return totp.generate({ timestamp: clinic.stack.clock.now() });
}
