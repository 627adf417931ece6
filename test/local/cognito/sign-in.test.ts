import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { CLIENT_ID, type Clinic, openClinic, POOL_ID, timestampOf } from './clinic.ts';

const PASSWORD = 'correct-horse-battery-9';

test('a first sign-in goes through a new password and a software token, and only then gives tokens', async () => {
  const clinic = await openClinic();

  const { first, second, last, tokens } = await clinic.enrol('ana', PASSWORD);

  expect(first.ChallengeName).toBe('NEW_PASSWORD_REQUIRED');
  expect([first.AuthenticationResult, second.AuthenticationResult]).toEqual([undefined, undefined]);
  expect(second).toMatchObject({
    ChallengeName: 'MFA_SETUP',
    ChallengeParameters: { MFAS_CAN_SETUP: '["SOFTWARE_TOKEN_MFA"]' },
  });
  expect(last.AuthenticationResult).toMatchObject({ ExpiresIn: 900, TokenType: 'Bearer' });
  const access = await verifier(clinic, 'access').verify(tokens.AccessToken);
  const id = await verifier(clinic, 'id').verify(tokens.IdToken);
  expect(access).toMatchObject({
    client_id: CLIENT_ID,
    scope: 'aws.cognito.signin.user.admin',
    username: 'ana',
    exp: access.iat + 900,
    jti: expect.any(String),
    event_id: expect.any(String),
  });
  expect(id).toMatchObject({
    aud: CLIENT_ID,
    'cognito:username': 'ana',
    'custom:person': 'p-1',
    sub: access.sub,
    origin_jti: access.origin_jti,
  });
  await expect(verifier(clinic, 'access').verify(tokens.IdToken)).rejects.toThrow();
});

test('a later sign-in asks for the password and a code, and is a sign-in of its own', async () => {
  const clinic = await openClinic();
  const { secret, tokens } = await clinic.enrol('ana', PASSWORD);

  const again = await clinic.signIn('ana', PASSWORD, secret);

  expect(decodeJwt(again.AccessToken).sub).toBe(decodeJwt(tokens.AccessToken).sub);
  expect(decodeJwt(again.AccessToken).origin_jti).not.toBe(decodeJwt(tokens.AccessToken).origin_jti);
});

test('many exchanges in a row agree, whatever the leading bytes of their numbers', async () => {
  const clinic = await openClinic({ pool: { MfaConfiguration: 'OFF' } });
  await clinic.create('ana', PASSWORD);
  for (let secret = 2_001; secret <= 2_012; secret++) {
    const begun = await clinic.challenge('ana', secret);
    expect(await clinic.answer(begun, PASSWORD)).toMatchObject({ ChallengeName: 'NEW_PASSWORD_REQUIRED' });
  }
});

test('a wrong password and an unknown name get the same refusal, after challenges of the same shape', async () => {
  const clinic = await openClinic();
  await clinic.enrol('ana', PASSWORD);

  const known = await clinic.challenge('ana');
  const unknown = await clinic.challenge('nobody');
  const again = await clinic.challenge('nobody');

  expect(shape(unknown.first.ChallengeParameters)).toEqual(shape(known.first.ChallengeParameters));
  expect(again.first.ChallengeParameters?.SALT).toBe(unknown.first.ChallengeParameters?.SALT);
  const refusal = { name: 'NotAuthorizedException', message: 'Incorrect username or password.' };
  await expect(clinic.answer(known, 'wrong')).rejects.toMatchObject(refusal);
  await expect(clinic.answer(unknown, 'wrong')).rejects.toMatchObject(refusal);
});

test('a client that does not hide unknown names says that there is no such user', async () => {
  const clinic = await openClinic({ client: { PreventUserExistenceErrors: 'LEGACY' } });
  await expect(clinic.challenge('nobody')).rejects.toMatchObject({ name: 'UserNotFoundException' });
});

test('a secret block is good for one answer, and a claim from another time for none', async () => {
  const clinic = await openClinic();
  await clinic.enrol('ana', PASSWORD);
  const refusal = { name: 'NotAuthorizedException', message: 'Incorrect username or password.' };

  const begun = await clinic.challenge('ana');
  await clinic.answer(begun, PASSWORD);
  await expect(clinic.answer(begun, PASSWORD)).rejects.toMatchObject(refusal);

  const late = timestampOf(clinic.clock.now() - 3_600_000);
  await expect(clinic.answer(await clinic.challenge('ana'), PASSWORD, late)).rejects.toMatchObject(refusal);
  const padded = timestampOf(Date.UTC(2026, 0, 5)).replace(' 5 ', ' 05 ');
  await expect(clinic.answer(await clinic.challenge('ana'), PASSWORD, padded)).rejects.toMatchObject({
    name: 'InvalidParameterException',
    message: 'TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.',
  });
});

test('five wrong passwords lock the name for a second, and each further one for twice as long', async () => {
  const clinic = await openClinic();
  await clinic.enrol('ana', PASSWORD);
  const locked = { name: 'NotAuthorizedException', message: 'Password attempts exceeded' };
  for (const name of ['ana', 'nobody']) {
    for (let failure = 0; failure < 5; failure++)
      await expect(clinic.guess(name)).rejects.toThrow('Incorrect username or password.');
    await expect(clinic.guess(name)).rejects.toMatchObject(locked);
    clinic.clock.advance(1000);
    await expect(clinic.guess(name)).rejects.toThrow('Incorrect username or password.');
    clinic.clock.advance(1000);
    await expect(clinic.guess(name)).rejects.toMatchObject(locked);
    clinic.clock.advance(1000);
  }
  expect(await clinic.givePassword('ana', PASSWORD)).toMatchObject({ ChallengeName: 'SOFTWARE_TOKEN_MFA' });
});

test('a temporary password expires after as many days as the policy says', async () => {
  const clinic = await openClinic();
  await clinic.create('ana', PASSWORD);
  clinic.clock.advance(3 * 86_400_000);
  await expect(clinic.givePassword('ana', PASSWORD)).rejects.toThrow(
    'Temporary password has expired and must be reset by an administrator.',
  );
});

test('a new password must conform to the policy, and the session stays for another try', async () => {
  const clinic = await openClinic();
  await clinic.create('ana', PASSWORD);
  const { Session } = await clinic.givePassword('ana', PASSWORD);
  const choose = (NEW_PASSWORD: string) =>
    clinic.respond('NEW_PASSWORD_REQUIRED', 'ana', Session, { NEW_PASSWORD });

  await expect(choose('short1')).rejects.toMatchObject({
    name: 'InvalidPasswordException',
    message: 'Password does not conform to policy: Password not long enough',
  });
  await expect(choose('long-but-numberless')).rejects.toThrow('Password must have numeric characters');
  expect(await choose('long-and-numbered-1')).toMatchObject({ ChallengeName: 'MFA_SETUP' });
  await expect(choose('long-and-numbered-2')).rejects.toThrow(
    'Invalid session for the user, session can only be used once.',
  );
});

test('a session expires, and MFA_SETUP gives nothing before a token was verified', async () => {
  const clinic = await openClinic();
  await clinic.create('ana', PASSWORD);
  const first = await clinic.givePassword('ana', PASSWORD);
  const second = await clinic.respond('NEW_PASSWORD_REQUIRED', 'ana', first.Session, {
    NEW_PASSWORD: `${PASSWORD}!`,
  });

  await expect(clinic.respond('MFA_SETUP', 'ana', second.Session)).rejects.toMatchObject({
    name: 'SoftwareTokenMFANotFoundException',
  });
  await expect(clinic.respond('MFA_SETUP', 'ben', second.Session)).rejects.toThrow(
    'Invalid session for the user.',
  );
  clinic.clock.advance(180_000);
  await expect(clinic.respond('MFA_SETUP', 'ana', second.Session)).rejects.toThrow(
    'Invalid session for the user, session is expired.',
  );
  expect(await clinic.givePassword('ana', `${PASSWORD}!`)).toMatchObject({ ChallengeName: 'MFA_SETUP' });
});

test('a wrong code is refused, a used one too, and one step of drift is forgiven', async () => {
  const clinic = await openClinic();
  const { secret, code: first } = await clinic.enrol('ana', PASSWORD);
  const give = async (code: string) => {
    const { Session } = await clinic.givePassword('ana', PASSWORD);
    return clinic.respond('SOFTWARE_TOKEN_MFA', 'ana', Session, { SOFTWARE_TOKEN_MFA_CODE: code });
  };
  const used = { name: 'ExpiredCodeException', message: 'Your software token has already been used once.' };

  await expect(give(first), 'the code of the enrolment').rejects.toMatchObject(used);
  clinic.clock.advance(90_000);
  const code = clinic.codeOf(secret);
  const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
  await expect(give(wrong)).rejects.toMatchObject({
    name: 'CodeMismatchException',
    message: 'Invalid code received for user',
  });
  clinic.clock.advance(30_000);
  expect((await give(code)).AuthenticationResult).toBeDefined();
  await expect(give(code)).rejects.toMatchObject(used);
  clinic.clock.advance(30_000);
  await expect(give(code)).rejects.toMatchObject({ name: 'CodeMismatchException' });
});

test('flows that the client does not list are refused', async () => {
  const { sdk } = await openClinic();
  const { InitiateAuthCommand } = await import('@aws-sdk/client-cognito-identity-provider');
  for (const AuthFlow of ['USER_PASSWORD_AUTH', 'REFRESH_TOKEN_AUTH', 'CUSTOM_AUTH', 'USER_AUTH'] as const)
    await expect(
      sdk.send(
        new InitiateAuthCommand({ ClientId: CLIENT_ID, AuthFlow, AuthParameters: { USERNAME: 'ana' } }),
      ),
    ).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: `${AuthFlow} flow not enabled for this client`,
    });
});

function verifier({ service }: Clinic, tokenUse: 'access' | 'id') {
  const made = CognitoJwtVerifier.create({ userPoolId: POOL_ID, clientId: CLIENT_ID, tokenUse });
  const keys = service.issuerKeys(`https://cognito-idp.us-east-1.amazonaws.com/${POOL_ID}`);
  if (!keys) throw new Error('the pool has no keys');
  made.cacheJwks(keys);
  return made;
}

/** Names and, but for the user's id, lengths; a public value may have lost leading zeros. */
function shape(parameters: Record<string, string> = {}) {
  return Object.entries(parameters).map(([name, value]) =>
    /^USER/.test(name) ? name : `${name} ${Math.round(value.length / 8)}`,
  );
}
