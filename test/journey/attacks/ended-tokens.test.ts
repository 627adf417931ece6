import {
  AdminDeleteUserCommand,
  AdminDisableUserCommand,
  AdminUserGlobalSignOutCommand,
  CognitoIdentityProviderClient,
} from '@aws-sdk/client-cognito-identity-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renewTokens, signIn } from '../../../examples/plain-client/sign-in.mjs';
import { type Attack, recordAttacks } from '../../fixtures/attacks/attack-table.ts';
import { renewal } from '../../fixtures/attacks/renewal.ts';
import { call } from '../../fixtures/attacks/user-pool.ts';
import type { BareSocket } from '../../fixtures/bare-socket.ts';
import type { Person } from '../../fixtures/deployed.ts';
import { askEveryFrame, askEveryRoute, type DoorAnswer } from '../../fixtures/every-door.ts';
import { handshake } from '../../fixtures/handshake.ts';
import { type Run, startRun } from '../../fixtures/running.ts';

const MINUTE = 60_000;

const attacks: Attack[] = [];
let run: Run;
let cognito: CognitoIdentityProviderClient;
let admin: Person;
let ben: Person;
beforeAll(async () => {
  run = await startRun();
  [admin, ben] = [await run.person('admin-1', 'administrator'), await run.person('ben-1', 'patient')];
  const { region, endpoint } = run.deployment;
  const credentials = run.stack.administrator;
  cognito = new CognitoIdentityProviderClient({ region, credentials, ...(endpoint && { endpoint }) });
});
afterAll(async () => {
  recordAttacks('2-ended', attacks);
  cognito?.destroy();
  await run?.close();
});

const REVOKED = 'NotAuthorizedException: Refresh Token has been revoked';

/** How a sign-in ends at the user pool alone. */
const endings: Readonly<Record<string, (person: Person) => Promise<unknown>>> = {
  RevokeToken: ({ tokens }) => {
    const { userPoolClientId: ClientId } = run.deployment;
    return call(run, 'RevokeToken', { ClientId, Token: tokens.refreshToken });
  },
  AdminUserGlobalSignOut: (person) => cognito.send(new AdminUserGlobalSignOutCommand(user(person))),
  AdminDisableUser: (person) => cognito.send(new AdminDisableUserCommand(user(person))),
  AdminDeleteUser: (person) => cognito.send(new AdminDeleteUserCommand(user(person))),
};

test('a sign-in that ended at the user pool alone is renewed no more, and opens nothing once its access token has expired', async () => {
  const ended: { name: string; person: Person; socket: BareSocket }[] = [];
  for (const [name, end] of Object.entries(endings)) {
    const person = await run.person(`${name.toLowerCase()}-1`, 'patient');
    const socket = await run.socket(person);
    expect(await renewed(person)).toMatch(/^gives /); // the control; within the grace the old token stays good
    await end(person);
    expect([name, await renewed(person)]).toEqual([name, REVOKED]);
    note(
      `after ${name}`,
      'the refresh token',
      'GetTokensFromRefreshToken',
      REVOKED,
      'it renewed a moment before',
    );
    // A revoked token still verifies (Cognito developer guide, "Revoking tokens"), and API Gateway asks nobody else.
    expect([name, ...(await answersTo(person, socket))]).toEqual([name, 200, 'opened', 'session.renewed']);
    ended.push({ name, person, socket });
  }
  run.stack.clock.advance(8 * MINUTE);
  for (const { socket } of ended) await socket.ask({ type: 'session.keep' }); // who is away for a quarter of an hour is signed out
  run.stack.clock.advance(7 * MINUTE);
  for (const { name, person, socket } of ended) {
    const answers = await answersTo(person, socket);
    expect([name, ...answers]).toEqual([name, 401, 403, 'session-expired']);
    const where = 'GET /me, $connect, session.renew';
    note(
      `after ${name}, 15 minutes later`,
      'the access token',
      where,
      answers.join(', '),
      'taken at all three before',
    );
  }
});

test('a sign-in that ended at the user pool and here opens nothing from then on, however its token is written', async () => {
  admin = await signedInAgain(admin);
  const person = await run.person('fay-1', 'patient');
  const socket = await run.socket(person);
  const before = await everyDoor(person, socket);
  expect(before.filter(({ code }) => String(code).startsWith('session-'))).toEqual([]);
  const silent = await run.socket(person); // nobody knows of it, so nobody closes it
  const { accessToken } = person.tokens;
  const otherwise = respelled(accessToken);
  expect(otherwise).not.toBe(accessToken);
  expect([await statusOf(person, otherwise), await handshake(run, otherwise)]).toEqual([200, 'opened']);

  await endings.RevokeToken?.(person);
  const { body } = await run.request(admin, 'POST', 'admin/revocations', { person: person.id });
  expect(body).toMatchObject({ person: person.id, refreshTokensEnded: true });
  expect(await socket.closed).toBe(1000);
  const answers = await everyDoor(person, silent);
  expect(answers.filter(({ code }) => code !== 'session-ended')).toEqual([]);
  for (const { asked, status = '', code } of answers) {
    note(
      'after POST /admin/revocations',
      'the access token',
      asked,
      `${status} ${code}`.trim(),
      'open before',
    );
  }
  for (const [attack, token] of [
    ['the token', accessToken],
    ['the token, its signature written otherwise', otherwise],
  ] as const) {
    const refused = [
      await statusOf(person, token),
      await handshake(run, token),
      await renewal(silent, token),
    ];
    expect(refused).toEqual([401, 403, 'session-ended']);
    note(
      'after POST /admin/revocations',
      attack,
      'GET /me, $connect, session.renew',
      refused.join(', '),
      'it opened before',
    );
  }
});

describe('a refresh token', () => {
  test('that was replaced is refused after its grace; its successor goes on until one of them is revoked', async () => {
    const person = await run.person('gus-1', 'patient');
    const first = person.tokens.refreshToken;
    const second = (await renewTokens(run.deployment, first)).refreshToken;
    expect(await renewed(person, first)).toMatch(/^gives /); // an answer that was lost: a minute's grace
    run.stack.clock.advance(MINUTE + 1000);
    const reused = 'RefreshTokenReuseException: Refresh token has been invalidated by refresh token rotation';
    expect(await renewed(person, first)).toBe(reused);
    note(
      'refresh tokens',
      'one that was replaced, after its grace',
      'GetTokensFromRefreshToken',
      reused,
      'its successor renews',
    );
    const third = (await renewTokens(run.deployment, second)).refreshToken; // Cognito documents no end of the family
    const { userPoolClientId: ClientId } = run.deployment;
    expect(await call(run, 'RevokeToken', { ClientId, Token: first })).toBe('done');
    for (const [attack, token] of [
      ['the successor', second],
      ['the newest', third],
    ] as const) {
      expect(await renewed(person, token)).toBe(REVOKED);
      note(
        'refresh tokens',
        `${attack}, after the first was revoked`,
        'GetTokensFromRefreshToken',
        REVOKED,
        'it renewed before',
      );
    }
  });

  test('lives twelve hours from the sign-in, however often it was replaced', async () => {
    const person = await signedInAgain(ben);
    run.stack.clock.advance(12 * 60 * MINUTE - MINUTE);
    const { refreshToken } = await renewTokens(run.deployment, person.tokens.refreshToken);
    run.stack.clock.advance(MINUTE + 1000);
    for (const [attack, token] of [
      ['the first', person.tokens.refreshToken],
      ['its successor of a minute', refreshToken],
    ] as const) {
      const answer = await renewed(person, token);
      expect([attack, answer]).toEqual([attack, 'NotAuthorizedException: Refresh Token has expired']);
      note(
        'refresh tokens',
        `${attack}, after twelve hours`,
        'GetTokensFromRefreshToken',
        answer,
        'a minute before the first renewed',
      );
    }
  });

  test('is nothing else, nobody else’s, and no text that looks like one', async () => {
    const { tokens, ...person } = await signedInAgain(ben);
    const { refreshToken, accessToken } = tokens;
    const invalid = 'NotAuthorizedException: Invalid Refresh Token';
    const others: Record<string, string> = {
      'the access token': accessToken,
      'cut by a character': refreshToken.slice(0, -1),
      'longer by a character': `${refreshToken}A`,
      'with a NUL behind it': `${refreshToken}\0`,
      'in other case': refreshToken.toLowerCase(),
      'made up': 'A'.repeat(refreshToken.length),
    };
    for (const [attack, token] of Object.entries(others)) {
      expect([attack, await renewed({ ...person, tokens }, token)]).toEqual([attack, invalid]);
      note('refresh tokens', attack, 'GetTokensFromRefreshToken', invalid, 'the whole token renews');
    }
    const { userPoolClientId: ClientId } = run.deployment;
    const revoking = await call(run, 'RevokeToken', { ClientId, Token: accessToken });
    expect(revoking).toBe('UnsupportedTokenTypeException: Only refresh tokens can be revoked');
    const elsewhere = { ClientId: '1'.repeat(26), RefreshToken: refreshToken };
    const unknown = await call(run, 'GetTokensFromRefreshToken', elsewhere);
    expect(unknown).toMatch(/^ResourceNotFoundException/);
    note('refresh tokens', 'at another client', 'GetTokensFromRefreshToken', unknown, 'at its own it renews');
    expect(await renewed({ ...person, tokens })).toMatch(/^gives /);
  });
});

/** What every frame and every route, well-formed and malformed, come to. */
async function everyDoor(person: Person, socket: BareSocket): Promise<DoorAnswer[]> {
  const { tokens } = person;
  const places = { conversationId: 'a'.repeat(26), person: ben.id, peer: ben.id, token: tokens.accessToken };
  const answers = [await askEveryFrame(socket, places), await askEveryRoute(run, person, places)];
  return answers.flat();
}

async function answersTo(person: Person, socket: BareSocket) {
  const { accessToken } = person.tokens;
  return [
    await statusOf(person, accessToken),
    await handshake(run, accessToken),
    await renewal(socket, accessToken),
  ];
}

function note(family: string, attack: string, where: string, answer: string, control: string): void {
  attacks.push({ family, attack, where, answer, control });
}

function renewed({ tokens }: Person, token = tokens.refreshToken): Promise<string> {
  const given = { ClientId: run.deployment.userPoolClientId, RefreshToken: token };
  return call(run, 'GetTokensFromRefreshToken', given);
}

async function statusOf(person: Person, accessToken: string): Promise<number> {
  return (await run.request({ ...person, tokens: { ...person.tokens, accessToken } }, 'GET', 'me')).status;
}

/** The same token in other letters: the last one of a 256-byte signature carries four bits that mean nothing. */
function respelled(token: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + letters[letters.indexOf(token.slice(-1)) ^ 1];
}

async function signedInAgain(person: Person): Promise<Person> {
  run.stack.clock.advance(MINUTE); // a code is good once
  const { totpSecret } = person.tokens;
  return { ...person, tokens: { ...(await signIn(run.deployment, { ...person, totpSecret })), totpSecret } };
}

function user({ username: Username }: Person) {
  return { UserPoolId: run.deployment.userPoolId, Username };
}
