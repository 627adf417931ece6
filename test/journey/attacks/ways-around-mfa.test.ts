import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AdminGetUserCommand,
  AdminInitiateAuthCommand,
  AdminUpdateUserAttributesCommand,
  CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addPerson } from '../../../cli/add-person.ts';
import { deploymentOf } from '../../../cli/deployment.ts';
import { operatorOf } from '../../../cli/operator.ts';
import { codeAt } from '../../../cli/totp.ts';
import { UserPool } from '../../../cli/user-pool.ts';
import { signIn } from '../../../examples/plain-client/sign-in.mjs';
import { accountAttacks } from '../../fixtures/attacks/account-attacks.ts';
import { type Attack, recordAttacks } from '../../fixtures/attacks/attack-table.ts';
import { Forger, poolKeysIn } from '../../fixtures/attacks/forger.ts';
import { openUserPool, withoutLocks } from '../../fixtures/attacks/unlocked.ts';
import { call, outcome } from '../../fixtures/attacks/user-pool.ts';
import type { Person } from '../../fixtures/deployed.ts';
import { assemblyWith } from '../../fixtures/planted-bugs.ts';
import { type Run, startRun } from '../../fixtures/running.ts';

const dataDirectory = mkdtempSync(join(tmpdir(), 'around-mfa-'));
const attacks: Attack[] = [];
const closers: (() => unknown)[] = [];
/** As it is deployed. */
let run: Run;
let ana: Person;
let pool: UserPool;
let operator: CognitoIdentityProviderClient;
/** The same with every lock of the user pool, its client and its trigger off; a code is still asked for. */
let unlocked: Run;
let eve: Person;
beforeAll(async () => {
  const assembly = await assemblyWith(
    [withoutLocks.suppression],
    (remove) => closers.push(remove),
    openUserPool,
  );
  [run, unlocked] = [await startRun({ dataDirectory }), await startRun({ assembly })];
  [ana, eve] = [await run.person('ana-1', 'clinician'), await unlocked.person('eve-1', 'clinician')];
  pool = new UserPool(run.deployment);
  operator = operatorClient(run);
});
afterAll(async () => {
  recordAttacks('3-around-mfa', attacks);
  pool?.close();
  operator?.destroy();
  for (const one of [run, unlocked]) await one?.close();
  for (const close of closers) close();
  rmSync(dataDirectory, { recursive: true, force: true });
});

test('not even the operator gets in by a password alone, and does where the client lists the flow', async () => {
  const other = operatorClient(unlocked);
  for (const AuthFlow of ['ADMIN_USER_PASSWORD_AUTH', 'ADMIN_NO_SRP_AUTH'] as const) {
    const given = ({ deployment }: Run, person: Person) =>
      new AdminInitiateAuthCommand({
        ...{ UserPoolId: deployment.userPoolId, ClientId: deployment.userPoolClientId, AuthFlow },
        AuthParameters: { USERNAME: person.username, PASSWORD: person.password },
      });
    const refused = 'InvalidParameterException: Auth flow not enabled for this client';
    expect(await outcome(operator.send(given(run, ana)))).toBe(refused);
    const control = await outcome(other.send(given(unlocked, eve)));
    expect(control).toBe('asks for SOFTWARE_TOKEN_MFA');
    note(
      'a flow that is not allowed',
      AuthFlow,
      'AdminInitiateAuth',
      refused,
      `where the lock is off: ${control}`,
    );
  }
  other.destroy();
});

describe('an administrator’s operation', () => {
  test('writes nobody’s person again, not even the same, and does where the attribute is mutable', async () => {
    const other = operatorClient(unlocked);
    const becomes = ({ deployment }: Run, { username: Username, id: Value }: Person) =>
      new AdminUpdateUserAttributesCommand({
        ...{ UserPoolId: deployment.userPoolId, Username },
        UserAttributes: [{ Name: 'custom:person', Value }],
      });
    const refused = 'InvalidParameterException: user.custom:person: Attribute cannot be updated.\n';
    expect(await outcome(operator.send(becomes(run, ana)))).toBe(refused);
    expect(await outcome(other.send(becomes(unlocked, eve)))).toBe('done');
    other.destroy();
    const attack = 'the operator writes the person';
    note('attributes', attack, 'AdminUpdateUserAttributes', refused.trim(), 'done where it is mutable');
  });

  test('does nothing without a signature', async () => {
    const { userPoolId: UserPoolId, userPoolClientId: ClientId } = run.deployment;
    const { $metadata: _, ...user } = await operator.send(
      new AdminGetUserCommand({ UserPoolId, Username: ana.username }),
    );
    for (const operation of [
      'AdminGetUser',
      'AdminCreateUser',
      'AdminSetUserPassword',
      'AdminUpdateUserAttributes',
      'AdminInitiateAuth',
      'AdminDisableUser',
      'AdminDeleteUser',
      'AdminUserGlobalSignOut',
      'ListUsers',
      'DescribeUserPoolClient',
    ]) {
      const answer = await call(run, operation, {
        UserPoolId,
        ClientId,
        Username: ana.username,
        Password: 'Another-Passphrase-1',
      });
      expect([operation, answer.split(':')[0]]).toEqual([operation, 'MissingAuthenticationTokenException']);
      note(
        'an operation of administrators',
        'without a signature',
        operation,
        answer,
        'AdminGetUser is answered to the operator',
      );
    }
    expect(
      await operator.send(new AdminGetUserCommand({ UserPoolId, Username: ana.username })),
    ).toMatchObject(user);
  });
});

test('no flow, account operation or sign-up that is not allowed does anything, and each does where its lock is off', async () => {
  const user = () =>
    operator.send(new AdminGetUserCommand({ UserPoolId: run.deployment.userPoolId, Username: 'ana-1' }));
  const { $metadata: _, ...before } = await user();
  const seen = [];
  for (const { attack, operation, input } of accountAttacks) {
    const refused = await call(run, operation, input(ana, run.deployment.userPoolClientId));
    const control = await call(unlocked, operation, input(eve, unlocked.deployment.userPoolClientId));
    seen.push({ attack, operation, refused, unlocked: control });
  }
  expect(seen).toEqual(
    accountAttacks.map(({ attack, operation, refused, unlocked }) => ({
      attack,
      operation,
      refused,
      unlocked,
    })),
  );
  expect(await user()).toMatchObject(before);
  for (const { family, attack, operation, refused, unlocked } of accountAttacks) {
    attacks.push({
      family,
      attack,
      where: operation,
      answer: refused,
      control: `where the lock is off: ${unlocked}`,
    });
  }
});

test('an access token that had the scope of Cognito’s own API still writes nothing that names a person', async () => {
  const forger = new Forger(poolKeysIn(join(dataDirectory, 'cognito.json')), ana.tokens.accessToken);
  const AccessToken = forger.make({ claims: { scope: 'aws.cognito.signin.user.admin wardline/user' } });
  const writes = (Name: string) => ({ AccessToken, UserAttributes: [{ Name, Value: 'en' }] });
  expect(await call(run, 'UpdateUserAttributes', writes('locale'))).toBe('gives CodeDeliveryDetailsList');
  const refused = 'NotAuthorizedException: A client attempted to write unauthorized attribute';
  for (const name of ['custom:person', 'email', 'name', 'phone_number', 'preferred_username', 'sub']) {
    expect([name, await call(run, 'UpdateUserAttributes', writes(name))]).toEqual([name, refused]);
    expect([
      name,
      await call(run, 'DeleteUserAttributes', { AccessToken, UserAttributeNames: [name] }),
    ]).toEqual([name, refused]);
    note(
      'attributes',
      `${name}, by a token with Cognito’s scope`,
      'UpdateUserAttributes, DeleteUserAttributes',
      refused,
      'locale is written',
    );
  }
});

test('a new password without an administrator is refused, and the old one stays', async () => {
  const { userPoolClientId: ClientId } = run.deployment;
  const given = { ClientId, Username: ana.username, Password: 'Another-Passphrase-1' };
  for (const ConfirmationCode of ['000000', '123456', '999999']) {
    const answer = await call(run, 'ConfirmForgotPassword', { ...given, ConfirmationCode });
    expect(answer).toBe('ExpiredCodeException: Invalid code provided, please request a code again.');
    note(
      'password reset',
      `the code ${ConfirmationCode}`,
      'ConfirmForgotPassword',
      answer,
      'the old password leads on to the code',
    );
  }
  const resent = await call(run, 'ResendConfirmationCode', { ClientId, Username: ana.username });
  expect(resent).toBe('InvalidParameterException: User is already confirmed.');
  note(
    'password reset',
    'has a code sent',
    'ResendConfirmationCode',
    resent,
    'who is unconfirmed gets past it, where sign-up is open',
  );
  const unconfirmed = { ClientId: unlocked.deployment.userPoolClientId, Username: 'mallory' };
  expect(await call(unlocked, 'ResendConfirmationCode', unconfirmed)).toMatch(
    /^CodeDeliveryFailureException/,
  );
  expect(await pool.provePassword(ana.username, ana.password)).toMatchObject({
    ChallengeName: 'SOFTWARE_TOKEN_MFA',
  });
});

describe('a sign-in between its challenges', () => {
  test('goes on in no other’s name, in no other order, and not twice', async () => {
    const [fay, gus] = [await newcomer('fay-1'), await newcomer('gus-1')];
    const first = await pool.provePassword(fay.username, fay.temporaryPassword);
    const others = await pool.provePassword(gus.username, gus.temporaryPassword);
    expect([first.ChallengeName, others.ChallengeName]).toEqual([
      'NEW_PASSWORD_REQUIRED',
      'NEW_PASSWORD_REQUIRED',
    ]);
    const NEW_PASSWORD = 'First-Passphrase-Of-Fay-1';
    const answer = (username: string, asked: object, answers: Record<string, string> = {}) =>
      outcome(pool.respond(username, asked, answers));
    const invalid = 'NotAuthorizedException: Invalid session for the user.';
    const refuse = async (attack: string, trying: Promise<string>, expected: string, control: string) => {
      expect([attack, await trying]).toEqual([attack, expected]);
      note('challenges', attack, 'RespondToAuthChallenge', expected, control);
    };

    const chosen = 'with their own session the password is taken';
    await refuse(
      'a new password in another’s name',
      answer(gus.username, first, { NEW_PASSWORD }),
      invalid,
      chosen,
    );
    await refuse(
      'a new password with another’s session',
      answer(fay.username, { ...first, Session: others.Session }, { NEW_PASSWORD }),
      invalid,
      chosen,
    );
    await refuse(
      'a new password beside the person’s id',
      answer(fay.username, first, { NEW_PASSWORD, 'userAttributes.custom:person': gus.id }),
      'NotAuthorizedException: A client attempted to write unauthorized attribute',
      chosen,
    );
    for (const ChallengeName of ['MFA_SETUP', 'SOFTWARE_TOKEN_MFA'] as const) {
      const jump = answer(
        fay.username,
        { ChallengeName, Session: first.Session },
        { SOFTWARE_TOKEN_MFA_CODE: '000000' },
      );
      await refuse(`${ChallengeName} before the new password`, jump, invalid, chosen);
    }
    for (const ChallengeName of [
      'DEVICE_SRP_AUTH',
      'SMS_MFA',
      'EMAIL_OTP',
      'SELECT_MFA_TYPE',
      'CUSTOM_CHALLENGE',
    ] as const) {
      const jump = answer(
        fay.username,
        { ChallengeName, Session: first.Session },
        { ANSWER: 'SOFTWARE_TOKEN_MFA' },
      );
      await refuse(
        ChallengeName,
        jump,
        `InvalidParameterException: ${ChallengeName} is not a challenge of this client`,
        chosen,
      );
    }
    const setUp = await pool.respond(fay.username, first, { NEW_PASSWORD });
    expect(setUp.ChallengeName).toBe('MFA_SETUP');
    const once = 'NotAuthorizedException: Invalid session for the user, session can only be used once.';
    await refuse(
      'the same session again',
      answer(fay.username, first, { NEW_PASSWORD }),
      once,
      'it was taken once',
    );

    const enrolled = 'after VerifySoftwareToken it gives tokens';
    const unset = 'SoftwareTokenMFANotFoundException: User has not verified a software token in this session';
    await refuse('MFA_SETUP skipped', answer(fay.username, setUp), unset, enrolled);
    await refuse(
      'a code before there is a secret',
      answer(
        fay.username,
        { ...setUp, ChallengeName: 'SOFTWARE_TOKEN_MFA' },
        { SOFTWARE_TOKEN_MFA_CODE: '000000' },
      ),
      invalid,
      enrolled,
    );
    const { secret, session } = await pool.associate(setUp);
    await refuse(
      'a wrong first code',
      outcome(pool.verify(session, '000000')),
      'EnableSoftwareTokenMFAException: Code mismatch and fail enable Software Token MFA',
      enrolled,
    );
    await refuse('MFA_SETUP with the session that was replaced', answer(fay.username, setUp), once, enrolled);
    const verified = await pool.verify(session, codeAt(secret, pool.now()));
    await refuse('another’s name after a verified code', answer(gus.username, verified), invalid, enrolled);
    expect(await answer(fay.username, verified)).toMatch(/^gives AuthenticationResult/);
    await refuse('tokens twice for one sign-in', answer(fay.username, verified), once, enrolled);

    const asked = await pool.provePassword(fay.username, NEW_PASSWORD);
    expect(asked.ChallengeName).toBe('SOFTWARE_TOKEN_MFA');
    const later = 'at a first sign-in, the session gives a secret';
    await refuse(
      'a new secret in the place of the code',
      call(run, 'AssociateSoftwareToken', { Session: asked.Session }),
      invalid,
      later,
    );
    await refuse(
      'a session nobody was given',
      answer(fay.username, { ...asked, Session: 'A'.repeat(240) }, { SOFTWARE_TOKEN_MFA_CODE: '000000' }),
      'NotAuthorizedException: Invalid session for the user, session is expired.',
      later,
    );
    run.stack.clock.advance(3 * 60_000);
    const code = { SOFTWARE_TOKEN_MFA_CODE: codeAt(secret, run.stack.clock.now()) };
    await refuse(
      'the right code after three minutes',
      answer(fay.username, asked, code),
      'NotAuthorizedException: Invalid session for the user, session is expired.',
      'in time it gives tokens',
    );
    expect(await answer(fay.username, await pool.provePassword(fay.username, NEW_PASSWORD), code)).toMatch(
      /^gives AuthenticationResult/,
    );
  });

  test('takes each code once, none of another time or person, and none after too many guesses', async () => {
    const [hal, ida] = [await run.person('hal-1', 'patient'), await run.person('ida-1', 'patient')];
    run.stack.clock.advance(5 * 60_000);
    const { totpSecret } = hal.tokens;
    const asked = () => pool.provePassword(hal.username, hal.password);
    const give = async (SOFTWARE_TOKEN_MFA_CODE: string) =>
      outcome(pool.respond(hal.username, await asked(), { SOFTWARE_TOKEN_MFA_CODE }));
    const at = (steps: number, secret = totpSecret) => codeAt(secret, run.stack.clock.now() + steps * 30_000);
    const refuse = async (attack: string, code: string, expected: string) => {
      expect([attack, await give(code)]).toEqual([attack, expected]);
      note('codes', attack, 'SOFTWARE_TOKEN_MFA', expected, 'the right code gives tokens');
    };
    const right = at(0);
    expect(await give(right)).toMatch(/^gives AuthenticationResult/);
    await refuse(
      'a code that was good already',
      right,
      'ExpiredCodeException: Your software token has already been used once.',
    );
    const wrong = 'CodeMismatchException: Invalid code received for user';
    await refuse('a code of two steps ago', at(-2), wrong);
    await refuse('a code of three steps ahead', at(3), wrong);
    await refuse('another person’s code', at(0, ida.tokens.totpSecret), wrong);
    await refuse('no digits', 'abcdef', wrong);
    await refuse('seven digits', `${at(1)}0`, wrong);
    // Each further failure doubles the lock; behind the twelfth it holds for 128 seconds.
    const guessing = await asked();
    for (let failures = 5; failures < 12; failures += 1) {
      run.stack.clock.advance(2 ** (failures - 5) * 1000 + 1);
      const guess = pool.respond(hal.username, guessing, { SOFTWARE_TOKEN_MFA_CODE: 'abcdef' });
      expect(await outcome(guess)).toBe(wrong);
    }
    const locked = 'NotAuthorizedException: Password attempts exceeded';
    await refuse('the right code during the lock', at(0), locked);
    run.stack.clock.advance(2 * 60_000 + 9_000);
    expect(await give(at(0))).toMatch(/^gives AuthenticationResult/);
  });

  test('asks for the code although the client names a device, and the pool remembers none', async () => {
    const described = run.stack.resources.find(({ type }) => type === 'AWS::Cognito::UserPool')?.properties;
    expect(described).toMatchObject({ MfaConfiguration: 'ON', EnabledMfas: ['SOFTWARE_TOKEN_MFA'] });
    expect(described?.DeviceConfiguration).toBeUndefined();
    const again = await pool.provePassword(ana.username, ana.password);
    expect(again).toMatchObject({ ChallengeName: 'SOFTWARE_TOKEN_MFA' });
    expect(again.AuthenticationResult).toBeUndefined();
    run.stack.clock.advance(60_000);
    await signIn(run.deployment, { ...ana, totpSecret: ana.tokens.totpSecret });
    expect(await pool.provePassword(ana.username, ana.password)).toMatchObject({
      ChallengeName: 'SOFTWARE_TOKEN_MFA',
    });
    note(
      'devices',
      'the second sign-in of one device',
      'PASSWORD_VERIFIER',
      'asks for SOFTWARE_TOKEN_MFA',
      'with the code it gives tokens; the pool has no DeviceConfiguration',
    );
  });
});

function note(family: string, attack: string, where: string, answer: string, control: string): void {
  attacks.push({ family, attack, where, answer, control });
}

function operatorClient({ deployment, stack }: Run): CognitoIdentityProviderClient {
  const { region, endpoint } = deployment;
  return new CognitoIdentityProviderClient({
    region,
    credentials: stack.administrator,
    ...(endpoint && { endpoint }),
    maxAttempts: 1,
  });
}

/** Somebody who has not signed in yet. */
async function newcomer(username: string) {
  const deployment = deploymentOf(run.outputs, run.stack.administrator);
  const { id, temporaryPassword = '' } = await addPerson(operatorOf(deployment), username, ['patient']);
  return { id, username, temporaryPassword };
}
