import { decodeJwt } from 'jose';
import { AwsError } from '../front-door/service.ts';
import type { ClientSettings } from './client-settings.ts';
import { type Cognito, issuerOf, type Pool, userBySub } from './pools.ts';
import type { User } from './state.ts';
import { DEFAULT_SCOPE, readAccessToken } from './tokens.ts';

/** Whose access token it is, and the client it was issued to. */
export interface Bearer {
  readonly pool: Pool;
  readonly client: ClientSettings;
  readonly user: User;
}

/** The person behind an access token that may act on their own account; refused where it is revoked or out of scope. */
export async function bearerOf(cognito: Cognito, token: string): Promise<Bearer> {
  const pool = issuingPool(cognito, token);
  const issuer = issuerOf(cognito.account, pool.settings.id);
  const claims = await readAccessToken(pool.state.keys, issuer, token, cognito.clock.now());
  if (!String(claims.scope).split(' ').includes(DEFAULT_SCOPE))
    throw new AwsError('NotAuthorizedException', 'Access Token does not have required scopes');
  const client = pool.clients.get(String(claims.client_id));
  if (!client) throw new AwsError('NotAuthorizedException', 'Invalid Access Token');
  const user = userBySub(pool, String(claims.sub));
  if (!user) throw new AwsError('UserNotFoundException', 'User does not exist.');
  const isRevoked = claims.origin_jti
    ? pool.state.revoked.has(String(claims.origin_jti))
    : user.signedOutAt !== undefined && (claims.iat ?? 0) <= user.signedOutAt / 1000;
  if (isRevoked) throw new AwsError('NotAuthorizedException', 'Access Token has been revoked');
  if (!user.enabled) throw new AwsError('NotAuthorizedException', 'User is disabled.');
  return { pool, client, user };
}

/** Revokes one sign-in: its refresh tokens are gone, and its access tokens open nothing of Cognito's any more. */
export function revokeSignIn(cognito: Cognito, pool: Pool, originJti: string): void {
  const now = cognito.clock.now();
  for (const [hash, token] of pool.state.refreshTokens) {
    if (token.originJti === originJti) pool.state.revoked.set(originJti, token.expiresAt + LONGEST_TOKEN_MS);
    if (token.expiresAt + LONGEST_TOKEN_MS <= now) pool.state.refreshTokens.delete(hash);
  }
  for (const [jti, until] of pool.state.revoked) if (until <= now) pool.state.revoked.delete(jti);
}

/** Revokes every sign-in of a person. */
export function signOutEverywhere(cognito: Cognito, pool: Pool, user: User): void {
  const signIns = [...pool.state.refreshTokens.values()].filter((token) => token.sub === user.sub);
  for (const originJti of new Set(signIns.map((token) => token.originJti)))
    revokeSignIn(cognito, pool, originJti);
  user.signedOutAt = cognito.clock.now();
}

/** No access token lives longer than a day. */
const LONGEST_TOKEN_MS = 24 * 3_600_000;

function issuingPool(cognito: Cognito, token: string): Pool {
  try {
    const issuer = decodeJwt(token).iss;
    const pool = [...cognito.pools.values()].find(
      ({ settings }) => issuerOf(cognito.account, settings.id) === issuer,
    );
    if (pool) return pool;
  } catch {
    // Falls through: no JWT is as invalid as another pool's.
  }
  throw new AwsError('NotAuthorizedException', 'Invalid Access Token');
}
