import { createPrivateKey, randomUUID } from 'node:crypto';
import { createLocalJWKSet, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { AwsError } from '../front-door/service.ts';
import type { ClientSettings } from './client-settings.ts';
import type { SigningKey, SigningKeys } from './signing-keys.ts';
import type { User } from './state.ts';

/** One sign-in, as its tokens carry it over every renewal. `authTime` in milliseconds. */
export interface SignIn {
  readonly originJti: string;
  readonly eventId: string;
  readonly authTime: number;
}

export interface Claims {
  readonly id: Record<string, unknown>;
  readonly access: Record<string, unknown>;
}

/** A public key set as a pool publishes it. */
export type PublicKeys = Readonly<{ keys: PublicKey[] }>;

type PublicKey = Readonly<{ alg: 'RS256'; e: string; kid: string; kty: 'RSA'; n: string; use: 'sig' }>;

export const DEFAULT_SCOPE = 'aws.cognito.signin.user.admin';

export function publicKeys(keys: SigningKeys): PublicKeys {
  return {
    keys: [keys.id, keys.access].map(({ kid, privateKey: { e, n } }) => ({
      alg: 'RS256',
      e: e ?? '',
      kid,
      kty: 'RSA',
      n: n ?? '',
      use: 'sig',
    })),
  };
}

/** The claims of a person's tokens before any trigger (developer guide, "Understanding the access token", "… ID token"). */
export function claimsOf(
  client: ClientSettings,
  issuer: string,
  person: { readonly user: User; readonly groups: readonly string[] },
  signIn: SignIn,
  now: number,
): Claims {
  const { user, groups } = person;
  const shared = {
    sub: user.sub,
    ...(groups.length > 0 && { 'cognito:groups': groups }),
    iss: issuer,
    ...(client.revocable && { origin_jti: signIn.originJti }),
    event_id: signIn.eventId,
    auth_time: seconds(signIn.authTime),
    iat: seconds(now),
  };
  const readable = Object.entries(user.attributes).filter(([name]) => client.mayRead(name));
  return {
    access: {
      ...shared,
      client_id: client.id,
      token_use: 'access',
      scope: DEFAULT_SCOPE,
      exp: seconds(now + client.accessTokenMs),
      ...(client.revocable && { jti: randomUUID() }),
      username: user.username,
    },
    id: {
      ...shared,
      'cognito:username': user.username,
      ...Object.fromEntries(readable.map(([name, value]) => [name, claimValue(name, value)])),
      aud: client.id,
      token_use: 'id',
      exp: seconds(now + client.idTokenMs),
      ...(client.revocable && { jti: randomUUID() }),
    },
  };
}

/** The claims of a machine's access token (developer guide, "Scopes, M2M, and resource servers"). */
export function machineClaims(
  client: ClientSettings,
  issuer: string,
  scopes: readonly string[],
  now: number,
): Readonly<Record<string, unknown>> {
  return {
    sub: client.id,
    token_use: 'access',
    scope: scopes.join(' '),
    auth_time: seconds(now),
    iss: issuer,
    exp: seconds(now + client.accessTokenMs),
    iat: seconds(now),
    version: 2,
    jti: randomUUID(),
    client_id: client.id,
  };
}

/** Signs an access token alone, for a machine. */
export function signAccess(keys: SigningKeys, claims: Readonly<Record<string, unknown>>): Promise<string> {
  return signOne(keys.access, claims);
}

export async function sign(
  keys: SigningKeys,
  claims: Claims,
): Promise<{ AccessToken: string; IdToken: string }> {
  const [AccessToken, IdToken] = await Promise.all([
    signOne(keys.access, claims.access),
    signOne(keys.id, claims.id),
  ]);
  return { AccessToken, IdToken };
}

/** The claims of an access token that this pool signed and that has not expired by `now`. */
export async function readAccessToken(
  keys: SigningKeys,
  issuer: string,
  token: string,
  now: number,
): Promise<JWTPayload> {
  const keySet = createLocalJWKSet(publicKeys(keys));
  try {
    const { payload } = await jwtVerify(token, keySet, {
      issuer,
      algorithms: ['RS256'],
      currentDate: new Date(now),
    });
    if (payload.token_use === 'access') return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired)
      throw new AwsError('NotAuthorizedException', 'Access Token has expired');
  }
  throw new AwsError('NotAuthorizedException', 'Invalid Access Token');
}

function signOne(
  { kid, privateKey }: SigningKey,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ kid, alg: 'RS256' })
    .sign(createPrivateKey({ key: privateKey, format: 'jwk' }));
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

/** The marks of verification are booleans in a token; every other attribute is text. */
function claimValue(name: string, value: string): string | boolean {
  return name.endsWith('_verified') ? value === 'true' : value;
}
