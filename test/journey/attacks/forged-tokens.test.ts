import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CognitoIdentityProviderClient,
  GetTokensFromRefreshTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signIn } from '../../../examples/plain-client/sign-in.mjs';
import { type Attack, recordAttacks } from '../../fixtures/attacks/attack-table.ts';
import { type Forgery, forgeries } from '../../fixtures/attacks/forged-tokens.ts';
import { claimsOf, Forger, poolKeysIn } from '../../fixtures/attacks/forger.ts';
import { ORIGIN, otherOrigins } from '../../fixtures/attacks/origins.ts';
import { renewal } from '../../fixtures/attacks/renewal.ts';
import { openHttpApi, withoutLocks } from '../../fixtures/attacks/unlocked.ts';
import type { Person } from '../../fixtures/deployed.ts';
import { httpRoutes } from '../../fixtures/every-door.ts';
import { type Handed, handshake, statusOf } from '../../fixtures/handshake.ts';
import { everythingStored } from '../../fixtures/observed/stored.ts';
import { assemblyWith } from '../../fixtures/planted-bugs.ts';
import { rawRequest } from '../../fixtures/raw-wire.ts';
import { type Run, startRun } from '../../fixtures/running.ts';

type Theatre = Awaited<ReturnType<typeof openTheatre>>;

const attacks: Attack[] = [];
const closers: (() => unknown)[] = [];
/** As it is deployed. */
let locked: Theatre;
/** The same where tokens are believed, routes ask for no scope and origins are not looked at. */
let unlocked: Theatre;
beforeAll(async () => {
  const bugs = [withoutLocks.verification, withoutLocks.origins];
  const assembly = await assemblyWith(bugs, (remove) => closers.push(remove), openHttpApi);
  [locked, unlocked] = [await openTheatre({}), await openTheatre({ assembly })];
});
afterAll(async () => {
  recordAttacks('1-forged', attacks);
  for (const theatre of [locked, unlocked]) await theatre?.close();
  for (const close of closers) close();
});

describe('a forged token', () => {
  test('opens no route, no handshake and renews no socket, and its twin does all three', async () => {
    const { run, socket } = locked;
    const forged = forgedIn(locked);
    expect(new Set(forged.map(({ token }) => token)).size).toBe(forged.length);
    expect(forged.length).toBeGreaterThanOrEqual(100);

    const twins = new Map<string, string>();
    for (const { twin } of forged) {
      if (!twins.has(twin)) twins.set(twin, String(await answersTo(locked, twin, 'GET /me')));
    }
    const refused = forged.filter(({ twin }) => twins.get(twin) !== '200,opened,session.renewed');
    expect(refused.map(({ what, twin }) => [what, twins.get(twin)])).toEqual([]);

    const before = [await everythingStored(run), await socket.ask({ type: 'session.open' })];
    const seen = [];
    for (const [nth, { family, what, token }] of forged.entries()) {
      seen.push([family, what, ...(await answersTo(locked, token, routeFor(nth)))]);
    }
    expect(seen).toEqual(forged.map(({ family, what, http }) => [family, what, http, 403, 'token-invalid']));
    expect([await everythingStored(run), await socket.ask({ type: 'session.open' })]).toEqual(before);
    for (const [nth, { family, what, http }] of forged.entries()) {
      const where = `${routeFor(nth)}, $connect, session.renew`;
      const answer = `${http}, 403, token-invalid`;
      attacks.push({ family, attack: what, where, answer, control: 'its twin is taken at all three' });
    }
  });

  test('of every family connects where tokens are only decoded, so that the test above would notice', async () => {
    const opened = new Map<string, number>();
    const forged = forgedIn(unlocked);
    for (const family of new Set(forged.map((one) => one.family))) {
      let count = 0;
      for (const { token } of forged.filter((one) => one.family === family).slice(-3)) {
        if ((await handshake(unlocked.run, token)) === 'opened') count += 1;
      }
      opened.set(family, count);
    }
    // Who is nobody has no session to read, whoever believes the token.
    expect([...opened].filter(([, count]) => count === 0)).toEqual([['nobody of ours', 0]]);
    const [scopeless] = forgedIn(unlocked).filter(({ family }) => family === 'another scope');
    expect(await statusOf(unlocked.run, scopeless?.token ?? '', 'GET /me')).toBe(200); // routes without scopes
  });
});

describe('a genuine token', () => {
  test('that is an ID token, a refresh token or an older person’s opens nothing', async () => {
    const { run, ana, socket } = locked;
    const { IdToken = '', RefreshToken = '', AccessToken = '' } = await allTokensOf(run, ana);
    expect(claimsOf(IdToken)).toMatchObject({ token_use: 'id', aud: run.deployment.userPoolClientId });
    expect(await answersTo(locked, AccessToken, 'GET /me')).toEqual([200, 'opened', 'session.renewed']);
    for (const [what, token, http] of [
      ['the ID token', IdToken, 403],
      ['the refresh token', RefreshToken, 401],
    ] as const) {
      for (const route of httpRoutes(run.stack)) expect(await statusOf(run, token, route)).toBe(http);
      expect([await handshake(run, token), await renewal(socket, token)]).toEqual([403, 'token-invalid']);
      const control = 'the access token of the same answer is taken at all three';
      const answer = `${http}, 403, token-invalid`;
      attacks.push({
        family: 'another use',
        attack: what,
        where: 'every route, $connect, session.renew',
        answer,
        control,
      });
    }
  });

  test('is taken from its one place in a request', async () => {
    const { run, ana } = locked;
    const token = ana.tokens.accessToken;
    const ask = (headers: Record<string, string>, query = '') =>
      rawRequest(run.deployment.httpApiUrl, { method: 'GET', target: `/me${query}`, headers });
    for (const given of [`Bearer ${token}`, `bearer ${token}`, token]) {
      expect((await ask({ authorization: given })).status).toBe(200); // the scheme's case is free (RFC 9110, 11.1)
    }
    const requests: Record<string, [Record<string, string>, string?]> = {
      'in the query as token': [{}, `?token=${token}`],
      'in the query as access_token': [{}, `?access_token=${token}`],
      'in the query as Authorization': [{}, `?Authorization=${token}`],
      'in a cookie': [{ cookie: `token=${token}; Authorization=${token}` }],
      'in X-Authorization': [{ 'x-authorization': `Bearer ${token}` }],
      'in Proxy-Authorization': [{ 'proxy-authorization': `Bearer ${token}` }],
      'under Basic': [{ authorization: `Basic ${token}` }],
      'under Basic, as user name': [
        { authorization: `Basic ${Buffer.from(`${token}:`).toString('base64')}` },
      ],
      'under Token': [{ authorization: `Token ${token}` }],
      'under DPoP': [{ authorization: `DPoP ${token}` }],
      'behind the scheme without a space': [{ authorization: `Bearer${token}` }],
      'behind two spaces': [{ authorization: `Bearer  ${token}` }],
      'behind a tab': [{ authorization: `Bearer\t${token}` }],
      'behind the scheme twice': [{ authorization: `Bearer Bearer ${token}` }],
      'in quotation marks': [{ authorization: `Bearer "${token}"` }],
      'twice, parted by a space': [{ authorization: `Bearer ${token} ${token}` }],
      'twice, parted by a comma': [{ authorization: `Bearer ${token}, Bearer ${token}` }],
      'behind a forged one': [{ authorization: `Bearer a.b.c, Bearer ${token}` }],
      'before a parameter': [{ authorization: `Bearer ${token}; realm=a` }],
      'nowhere: the scheme alone': [{ authorization: 'Bearer ' }],
      'too long to be read': [{ authorization: `Bearer ${token}${'A'.repeat(12_000)}` }],
    };
    for (const [attack, [headers, query]] of Object.entries(requests)) {
      const { status } = await ask(headers, query);
      expect([attack, status]).toEqual([attack, attack.startsWith('too long') ? 431 : 401]);
      const control = 'the same token behind Bearer is answered 200';
      attacks.push({ family: 'another place', attack, where: 'GET /me', answer: String(status), control });
    }
  });

  test('is taken from its one place in a handshake and in a frame', async () => {
    const { run, ana, socket } = locked;
    const token = ana.tokens.accessToken;
    const bearer = `bearer.${token}`;
    const elsewhere = { headers: { authorization: `Bearer ${token}`, cookie: `token=${token}` } };
    const url = `${run.deployment.webSocketUrl}?token=${token}&Authorization=${token}`;
    expect(await handshake(run, token, { protocols: [bearer, 'wardline.v1'] })).toBe('opened');
    const handshakes: Record<string, [Handed, number]> = {
      'in the query, no subprotocol': [{ url, protocols: [] }, 401],
      'in the query, beside ours': [{ url, protocols: ['wardline.v1'] }, 403],
      'in Authorization and a cookie': [{ ...elsewhere, protocols: ['wardline.v1'] }, 403],
      'without our subprotocol': [{ protocols: [bearer] }, 403],
      'beside another version': [{ protocols: ['wardline.v2', bearer] }, 403],
      'beside ours in capitals': [{ protocols: ['Wardline.v1', bearer] }, 403],
      'behind Bearer in capitals': [{ protocols: ['wardline.v1', `Bearer.${token}`] }, 403],
      'without bearer': [{ protocols: ['wardline.v1', token] }, 403],
      'behind a forged one': [{ protocols: ['wardline.v1', 'bearer.forged', bearer] }, 403],
    };
    for (const [attack, [handed, status]] of Object.entries(handshakes)) {
      expect([attack, await handshake(run, token, handed)]).toEqual([attack, status]);
      const control = 'the same token beside wardline.v1 opens';
      attacks.push({ family: 'another place', attack, where: '$connect', answer: String(status), control });
    }
    expect(await renewal(socket, token)).toBe('session.renewed');
    const renewals: Record<string, [unknown, string]> = {
      'behind Bearer': [`Bearer ${token}`, 'token-invalid'],
      'behind bearer.': [bearer, 'token-invalid'],
      'with white space before it': [` ${token}`, 'token-invalid'],
      'with a NUL behind it': [`${token}\0`, 'token-invalid'],
      'in a list': [[token], 'malformed'],
      'in an object': [{ token }, 'malformed'],
      'longer than a token may be': [`${token}${'A'.repeat(8192)}`, 'malformed'],
    };
    for (const [attack, [given, code]] of Object.entries(renewals)) {
      expect([attack, await renewal(socket, given)]).toEqual([attack, code]);
      const control = 'the same token as it is renews';
      attacks.push({ family: 'another place', attack, where: 'session.renew', answer: code, control });
    }
  });

  test('of another person or of another sign-in renews no socket', async () => {
    const { run, ana, ben, socket } = locked;
    const { AccessToken = '' } = await allTokensOf(run, ana);
    expect(await answersTo(locked, AccessToken, 'GET /me')).toEqual([200, 'opened', 'session.renewed']);
    run.stack.clock.advance(60_000); // a code is good once
    const again = await signIn(run.deployment, { ...ana, totpSecret: ana.tokens.totpSecret });
    for (const [attack, token] of [
      ['of another person', ben.tokens.accessToken],
      ['of another sign-in of the same person', again.accessToken],
    ] as const) {
      expect([await statusOf(run, token, 'GET /me'), await handshake(run, token)]).toEqual([200, 'opened']);
      expect(await renewal(socket, token)).toBe('token-invalid');
      const control = 'it opens a socket of its own; a renewed token of the sign-in renews';
      attacks.push({
        family: 'a token of another',
        attack,
        where: 'session.renew',
        answer: 'token-invalid',
        control,
      });
    }
  });
});

describe('a page of another origin', () => {
  test('opens no socket with a genuine token, and does where origins are not looked at', async () => {
    const { accessToken } = locked.ana.tokens;
    for (const handed of [{}, { origin: ORIGIN }]) {
      expect(await handshake(locked.run, accessToken, handed)).toBe('opened');
    }
    for (const origin of otherOrigins) {
      expect([origin, await handshake(locked.run, accessToken, { origin })]).toEqual([origin, 403]);
      const seen = await handshake(unlocked.run, unlocked.ana.tokens.accessToken, { origin });
      expect([origin, seen]).toEqual([origin, 'opened']);
      const control = 'opens where the check is taken out';
      attacks.push({ family: 'another origin', attack: origin, where: '$connect', answer: '403', control });
    }
  });

  test('may read no answer of the HTTP API, ask for none beforehand, and sends no cookie that means anything', async () => {
    for (const origin of [ORIGIN, ...otherOrigins]) {
      const [answer, preflight] = await corsOf(locked, origin);
      const isListed = origin === ORIGIN;
      expect([origin, answer?.get('access-control-allow-origin')]).toEqual([
        origin,
        isListed ? ORIGIN : null,
      ]);
      expect([origin, preflight?.get('access-control-allow-origin')]).toEqual([
        origin,
        isListed ? ORIGIN : null,
      ]);
      for (const headers of [answer, preflight]) {
        expect([headers?.get('access-control-allow-credentials'), headers?.get('set-cookie')]).toEqual([
          null,
          null,
        ]);
      }
      if (isListed) continue;
      const control = `answered to ${ORIGIN} with its name; to any origin where the API lists *`;
      const answered = 'no Access-Control-Allow-Origin';
      attacks.push({
        family: 'another origin',
        attack: origin,
        where: 'GET /me, OPTIONS /me',
        answer: answered,
        control,
      });
    }
    for (const headers of await corsOf(unlocked, 'https://evil.example')) {
      expect(headers.get('access-control-allow-origin')).toBe('*');
    }
  });
});

/** Headers of an answer and of a preflight's, to somebody with a genuine token. */
async function corsOf({ run, ana }: Theatre, origin: string) {
  const url = new URL('me', run.deployment.httpApiUrl);
  const asked = { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'GET' } };
  const headers = { origin, authorization: `Bearer ${ana.tokens.accessToken}` };
  const answers = [await fetch(url, { headers }), await fetch(url, asked)];
  expect(answers[0]?.status).toBe(200);
  return answers.map((answer) => answer.headers);
}

/** What a renewal gives; the person's own refresh token is used up by it. */
async function allTokensOf({ deployment }: Run, person: Person) {
  const { region, endpoint, userPoolClientId: ClientId } = deployment;
  const client = new CognitoIdentityProviderClient({ region, ...(endpoint && { endpoint }) });
  const { refreshToken: RefreshToken } = person.tokens;
  const { AuthenticationResult } = await client.send(
    new GetTokensFromRefreshTokenCommand({ ClientId, RefreshToken }),
  );
  client.destroy();
  return AuthenticationResult ?? {};
}

/** Every route meets every family. */
function routeFor(nth: number): string {
  const routes = httpRoutes(locked.run.stack);
  return routes[nth % routes.length] ?? '';
}

/** A run with two people, and the hand that forges tokens of the first. */
async function openTheatre(options: { assembly?: string }) {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'forged-tokens-'));
  const run = await startRun({ dataDirectory, ...options });
  const [ana, ben] = [await run.person('ana-1', 'clinician'), await run.person('ben-1', 'patient')];
  const forger = new Forger(poolKeysIn(join(dataDirectory, 'cognito.json')), ana.tokens.accessToken);
  const socket = await run.socket(ana);
  await socket.ask({ type: 'session.open' });
  const close = async () => {
    await run.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  };
  return { run, ana, ben, forger, socket, close };
}

function forgedIn({ run, ana, ben, forger }: Theatre): Forgery[] {
  return forgeries(forger, ana.tokens.accessToken, ben.id, Math.floor(run.stack.clock.now() / 1000));
}

/** What a route, `$connect` and `session.renew` say to a token. */
async function answersTo({ run, socket }: Theatre, token: string, route: string) {
  return [await statusOf(run, token, route), await handshake(run, token), await renewal(socket, token)];
}
