import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { beforeAll, expect, test } from 'vitest';
import type { JwtAuthorizer } from '../../../local/api-gateway/definition.ts';
import { route, startHttpApi } from './start-api.ts';

const ISSUER = 'https://issuer.example/pool';
const authorizer: JwtAuthorizer = {
  kind: 'jwt',
  authorizerId: 'jwt001',
  issuer: ISSUER,
  audiences: ['client-1'],
  identitySource: { in: 'header', name: 'authorization' },
};

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
let keys: Keys;
let others: Keys;
let jwks: { keys: Awaited<ReturnType<typeof exportJWK>>[] };

beforeAll(async () => {
  keys = await generateKeyPair('RS256', { extractable: true });
  others = await generateKeyPair('RS256');
  jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }] };
});

async function start() {
  const fn = () => ({ statusCode: 200 });
  const routes = [
    route('GET /scoped', 'fn', { authorizer, scopes: ['app/user', 'app/admin'] }),
    route('GET /open', 'fn', { authorizer }),
  ];
  const api = await startHttpApi({ routes }, { fn }, async (issuer) => {
    expect(issuer).toBe(ISSUER);
    return jwks as never;
  });
  const now = () => Math.floor(api.clock.now() / 1000);
  const claims = (): JWTPayload => ({
    iss: ISSUER,
    client_id: 'client-1',
    scope: 'app/user openid',
    iat: now(),
    exp: now() + 300,
    sub: 's-1',
  });
  const ask = async (path: string, authorization?: string) => {
    const response = await fetch(api.url + path, authorization ? { headers: { authorization } } : {});
    const challenge = response.headers.get('www-authenticate');
    return { status: response.status, challenge, body: await response.text() };
  };
  return { ...api, now, claims, ask };
}

function sign(
  claims: JWTPayload,
  header: { kid?: string; alg?: string } = { kid: 'k1' },
  by = keys.privateKey,
) {
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', ...header }).sign(by);
}

test('a good token passes with or without Bearer, its claims as text and its matching scopes', async () => {
  const { ask, claims, calls } = await start();
  const token = await sign({ ...claims(), 'cognito:groups': ['a', 'b'], level: 3, email_verified: true });
  expect((await ask('/scoped', `Bearer ${token}`)).status).toBe(200);
  expect((await ask('/scoped', token)).status).toBe(200);
  expect((await ask('/open', token)).status).toBe(200);
  const [first, , open] = calls.map(({ event }) => event.requestContext.authorizer.jwt);
  expect(first.scopes).toEqual(['app/user']);
  expect(first.claims).toMatchObject({
    sub: 's-1',
    'cognito:groups': '[a b]',
    level: '3',
    email_verified: 'true',
  });
  expect(Object.values(first.claims).every((claim) => typeof claim === 'string')).toBe(true);
  expect(open.scopes).toBeNull();
});

test('an ID token opens a route without scopes, and none with', async () => {
  const { ask, claims } = await start();
  const { client_id, scope, ...rest } = claims();
  const token = await sign({ ...rest, aud: 'client-1', token_use: 'id' });
  expect((await ask('/open', token)).status).toBe(200);
  expect((await ask('/scoped', token)).status).toBe(403);
});

const hour = 3600;
test.each<[string, (now: number) => JWTPayload, string]>([
  ['of another issuer', () => ({ iss: 'https://other.example' }), 'issuer does not match'],
  [
    'whose aud is another, though its client_id is right',
    () => ({ aud: 'client-2' }),
    'the token does not have a valid audience',
  ],
  ['that has expired', (now) => ({ exp: now }), 'the token has expired'],
  ['without an expiry', () => ({ exp: undefined }), 'the token has no valid exp'],
  ['not valid yet', (now) => ({ nbf: now + hour }), 'the token is not yet valid'],
  ['issued in the future', (now) => ({ iat: now + hour }), 'the token was issued in the future'],
])('a token %s is refused with the reason', async (_, change, reason) => {
  const { ask, claims, now, calls } = await start();
  const { status, challenge, body } = await ask('/open', await sign({ ...claims(), ...change(now()) }));
  expect([status, body]).toEqual([401, '{"message":"Unauthorized"}']);
  expect(challenge).toBe(`Bearer scope="" error="invalid_token" error_description="${reason}"`);
  expect(calls).toEqual([]);
});

test('a token lives by the clock', async () => {
  const { ask, claims, clock } = await start();
  const token = await sign(claims());
  expect((await ask('/open', token)).status).toBe(200);
  clock.advance(300_000);
  expect((await ask('/open', token)).status).toBe(401);
});

test('a token not signed by a key of the issuer is refused', async () => {
  const { ask, claims } = await start();
  const good = await sign(claims());
  const [head, , signature] = good.split('.');
  const forged = Buffer.from(JSON.stringify({ ...claims(), sub: 'other' })).toString('base64url');
  const secret = new TextEncoder().encode('x'.repeat(32));
  const pem = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'k1' }).sign(secret);
  const none = `${Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url')}.${forged}.`;
  const tokens = [
    `${head}.${forged}.${signature}`,
    await sign(claims(), { kid: 'k1' }, others.privateKey),
    await sign(claims(), { kid: 'k2' }),
    await sign(claims(), {}),
    pem,
    none,
    'not.a.token',
    '',
  ];
  for (const token of tokens)
    expect([token, (await ask('/open', `Bearer ${token}`)).status]).toEqual([token, 401]);
});
