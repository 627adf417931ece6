import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PlainClient } from '../../../examples/plain-client/client.mjs';
import { renewTokens, signIn } from '../../../examples/plain-client/sign-in.mjs';
import { RevocationReceipt } from '../../../protocol/requests.ts';
import { claimsOf } from '../../fixtures/attacks/forger.ts';
import { BareSocket } from '../../fixtures/bare-socket.ts';
import type { Person } from '../../fixtures/deployed.ts';
import { askEveryFrame, askEveryRoute, writtenRoutes } from '../../fixtures/every-door.ts';
import { handshake, statusOf } from '../../fixtures/handshake.ts';
import { idTokenOf } from '../../fixtures/id-token.ts';
import { type Anywhere, anyDeployment } from '../../fixtures/running.ts';
import { signInAgain } from '../../fixtures/sign-in-again.ts';
import { isSignedByItsKey } from '../../fixtures/verify-receipt.ts';

let run: Anywhere;
let admin: Person;
let ana: Person;
let ben: Person;
beforeAll(async () => {
  run = await anyDeployment();
  admin = await run.person('admin-1', 'administrator');
  ana = await run.person('ana-1', 'clinician');
  ben = await run.person('ben-1', 'clinician');
});
afterAll(() => run.close());

describe('signing in', () => {
  test('by password and code opens a socket and HTTP until the access token expires', async () => {
    const { tokens } = await signInAgain(run, ana);
    const { exp, iat, ...claims } = claimsOf(tokens.accessToken);
    expect(claims).toMatchObject({
      token_use: 'access',
      client_id: run.deployment.userPoolClientId,
      scope: 'wardline/user',
      person: ana.id,
      roles: 'clinician',
    });
    expect(exp - Number(iat)).toBe(15 * 60);

    const client = new PlainClient(run.deployment, tokens);
    const { expiresAt } = await client.connect();
    expect(Date.parse(expiresAt)).toBe(exp * 1000);
    expect(await client.request('GET', 'me')).toMatchObject({ id: ana.id, roles: ['clinician'] });
    client.close();
  });

  test('answers a wrong password and an unknown user alike, and takes no wrong code', async () => {
    const wrongPassword = await refusal(signIn(run.deployment, { ...ana, password: `${ana.password}x` }));
    const nobody = await refusal(signIn(run.deployment, { ...ana, username: 'nobody-1' }));
    expect(wrongPassword).toEqual({
      name: 'NotAuthorizedException',
      message: 'Incorrect username or password.',
      status: 400,
    });
    expect(nobody).toEqual(wrongPassword);

    const ofAnother = { ...ana, totpSecret: ben.tokens.totpSecret };
    expect(await refusal(signIn(run.deployment, ofAnother))).toMatchObject({ name: 'CodeMismatchException' });
  });
});

describe('a token', () => {
  test('that is an ID token opens nothing', async () => {
    const idToken = await idTokenOf(run, ben);
    expect(claimsOf(idToken)).toMatchObject({ token_use: 'id', aud: run.deployment.userPoolClientId });
    for (const route of writtenRoutes()) expect(await statusOf(run, idToken, route)).toBe(403);
    expect(await handshake(run, idToken)).toBe(403);
  });

  test('is taken from its one place: not from a query, a cookie, another header, or a list without our subprotocol', async () => {
    const { accessToken } = ana.tokens;
    const { httpApiUrl, webSocketUrl } = run.deployment;
    const elsewhere = {
      cookie: `token=${accessToken}; Authorization=${accessToken}`,
      'x-authorization': accessToken,
    };
    for (const query of [
      '',
      ...['token', 'access_token', 'Authorization'].map((key) => `?${key}=${accessToken}`),
    ]) {
      expect((await fetch(new URL(`me${query}`, httpApiUrl), { headers: elsewhere })).status).toBe(401);
      const url = `${webSocketUrl}${query}`;
      const headers = { ...elsewhere, authorization: `Bearer ${accessToken}` };
      expect(await handshake(run, accessToken, { url, headers, protocols: [] })).toBe(401);
      expect(await handshake(run, accessToken, { url, headers, protocols: ['wardline.v1'] })).toBe(403);
    }
    const bearer = `bearer.${accessToken}`;
    for (const protocols of [
      [bearer],
      ['wardline.v2', bearer],
      ['Wardline.v1', bearer],
      ['wardline.v1', `Bearer.${accessToken}`],
      ['wardline.v1', accessToken],
      ['wardline.v1', 'bearer.forged', bearer],
    ]) {
      expect(await handshake(run, accessToken, { protocols })).toBe(403);
    }
    const socket = await BareSocket.open(webSocketUrl, accessToken, { protocols: [bearer, 'wardline.v1'] });
    expect(socket.subprotocol).toBe('wardline.v1');
    socket.close();
  });
});

test('of two people who come in the same second each is who they are, on every socket and over HTTP, and neither takes the other’s token', async () => {
  const EACH = 5;
  const proposal = { ref: randomUUID(), kind: 'group', members: [ben.id] };
  const created = await run.request(ana, 'POST', 'conversations', proposal);
  const { conversationId } = created.body as { conversationId: string };
  const turns = Array.from({ length: EACH }, () => [ana, ben]).flat();
  const [sockets, answers] = await Promise.all([
    inTurn(turns, async (who) => ({ who, socket: await opened(who) })),
    inTurn(turns, async (who) => ({ who, answer: await run.request(who, 'GET', 'me') })),
  ]);
  expect(answers.map(({ answer }) => (answer.body as { id: string }).id)).toEqual(turns.map(({ id }) => id));

  const other = (who: Person) => (who === ana ? ben : ana);
  const says = ({ who, socket }: (typeof sockets)[number]) => {
    const body = { kind: 'text', text: who.id };
    const frame = { type: 'message.send', ref: randomUUID(), conversationId, since: 0, body };
    return socket.ask(frame, ({ type }) => type === 'message.accepted' || type === 'refused');
  };
  await inTurn(sockets, says);
  const swapped = await inTurn(sockets, ({ who, socket }) => {
    const frame = { type: 'session.renew', token: other(who).tokens.accessToken };
    return socket.ask(frame, ({ type }) => type === 'refused' || type === 'session.renewed');
  });
  expect(new Set(swapped.map(({ code }) => code))).toEqual(new Set(['token-invalid']));
  await inTurn(sockets, says); // they are who they were
  const { body } = await run.request(ana, 'GET', `conversations/${conversationId}/messages`);
  const { entries } = body as { entries: { sender: string; body: { text: string } }[] };
  expect(entries).toHaveLength(4 * EACH);
  expect(entries.filter((entry) => entry.body.text !== entry.sender)).toEqual([]);
  for (const { socket } of sockets) socket.close();
});

/** One after the other, so that the same environment of a function meets them all: side by side each would get one of its own. */
async function inTurn<Given, T>(all: readonly Given[], act: (one: Given) => Promise<T>): Promise<T[]> {
  const done: T[] = [];
  for (const one of all) done.push(await act(one));
  return done;
}

describe('ending all of a person’s sign-ins', () => {
  test('refuses every frame of a socket that nobody knew of, every route, every handshake, until a new sign-in', async () => {
    const cleo = await run.person('cleo-1', 'patient');
    const silent = await run.socket(cleo); // not registered yet, so it is not listed
    const newer = await renewTokens(run.deployment, cleo.tokens.refreshToken);
    const receipt = await revoked(admin, { person: cleo.id });
    expect(receipt).toMatchObject({ person: cleo.id, requestedBy: admin.id, socketsClosed: 0 });
    expect(receipt.refreshTokensEnded).toBe(true);
    expect(await isSignedByItsKey(run, receipt)).toBe(true);
    expect(await isSignedByItsKey(run, { ...receipt, socketsClosed: 1 })).toBe(false);

    const places = { conversationId: 'a'.repeat(26), person: ben.id, peer: ben.id, token: newer.accessToken };
    const frames = await askEveryFrame(silent, places);
    const routes = [cleo.tokens, newer].map((tokens) =>
      askEveryRoute(run, { ...cleo, tokens: { ...cleo.tokens, ...tokens } }, places),
    );
    const answers = [...frames, ...(await Promise.all(routes)).flat()];
    expect(answers.length).toBeGreaterThan(25);
    expect(answers.filter(({ code }) => code !== 'session-ended')).toEqual([]);
    for (const { accessToken } of [cleo.tokens, newer]) {
      await expect(BareSocket.open(run.deployment.webSocketUrl, accessToken)).rejects.toThrow('403');
    }
    await expect(renewTokens(run.deployment, newer.refreshToken)).rejects.toMatchObject({
      name: 'NotAuthorizedException',
    });

    const again = await signInAgain(run, cleo);
    const socket = await run.socket(again);
    expect(await socket.ask({ type: 'session.open' })).toMatchObject({ type: 'session.opened' });
    expect((await run.request(again, 'GET', 'me')).status).toBe(200);
    await expect(renewTokens(run.deployment, again.tokens.refreshToken)).resolves.toBeDefined();
    await expect(renewTokens(run.deployment, newer.refreshToken)).rejects.toThrow();
  });
});

describe('ending one sign-in of two', () => {
  test('closes its sockets and refuses its tokens, renewed ones too; the other goes on', async () => {
    const eve = await run.person('eve-1', 'patient');
    const other = await signInAgain(run, eve);
    const session = String(claimsOf(eve.tokens.accessToken).origin_jti);
    const [lost, kept] = [await opened(eve), await opened(other)];

    const receipt = await revoked(other, { person: eve.id, session }); // from the device that is not lost
    expect(receipt).toMatchObject({
      session,
      requestedBy: eve.id,
      socketsClosed: 1,
      refreshTokensEnded: false,
    });
    await lost.closed;
    expect(lost.heard.at(-1)).toEqual({ type: 'session.ended', reason: 'revoked' });
    const renewed = await renewTokens(run.deployment, eve.tokens.refreshToken);
    const { auth_time } = claimsOf(eve.tokens.accessToken);
    expect(claimsOf(renewed.accessToken)).toMatchObject({ origin_jti: session, auth_time });
    for (const { accessToken } of [eve.tokens, renewed]) {
      const tokens = { ...eve.tokens, accessToken };
      expect(await run.request({ ...eve, tokens }, 'GET', 'me')).toMatchObject({
        status: 401,
        body: { code: 'session-ended' },
      });
      await expect(BareSocket.open(run.deployment.webSocketUrl, accessToken)).rejects.toThrow('403');
    }
    expect(await kept.ask({ type: 'session.open' })).toMatchObject({ type: 'session.opened' });
    expect((await run.request(other, 'GET', 'me')).status).toBe(200);
    expect(kept.heard.filter(({ type }) => type === 'session.ended')).toEqual([]);
  });
});

async function opened(person: Person): Promise<BareSocket> {
  const socket = await run.socket(person);
  await socket.ask({ type: 'session.open' });
  return socket;
}

async function revoked(by: Person, wish: object): Promise<RevocationReceipt> {
  const { status, body } = await run.request(by, 'POST', 'admin/revocations', wish);
  expect([status, body]).toEqual([200, expect.anything()]);
  return RevocationReceipt.parse(body);
}

async function refusal(promise: Promise<unknown>) {
  const error = await promise.then(
    () => undefined,
    (thrown: Error & { $metadata?: { httpStatusCode?: number } }) => thrown,
  );
  return error && { name: error.name, message: error.message, status: error.$metadata?.httpStatusCode };
}
