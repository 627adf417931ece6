import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { ClientSettings } from './client-settings.ts';
import { groupsOf } from './groups.ts';
import { type Cognito, issuerOf, type Pool } from './pools.ts';
import type { RefreshToken, User } from './state.ts';
import { claimsOf, type SignIn, sign } from './tokens.ts';
import { preTokenGeneration, type TokenReason } from './triggers.ts';

/** Ends a sign-in: tokens, the first refresh token among them. Nothing is kept where the trigger refuses. */
export async function signIn(
  cognito: Cognito,
  pool: Pool,
  client: ClientSettings,
  user: User,
  given: { reason: TokenReason; clientMetadata?: unknown },
): Promise<Readonly<Record<string, unknown>>> {
  const now = cognito.clock.now();
  const begun: SignIn = { originJti: randomUUID(), eventId: randomUUID(), authTime: now };
  const tokens = await issueTokens(cognito, pool, client, user, begun, given);
  const RefreshToken = keepRefreshToken(pool, {
    ...begun,
    clientId: client.id,
    sub: user.sub,
    expiresAt: now + client.refreshTokenMs,
  });
  cognito.file.save();
  return { AuthenticationResult: { ...tokens, RefreshToken }, ChallengeParameters: {} };
}

/** An access and an ID token of one sign-in, as the pool's trigger wants them. */
export async function issueTokens(
  cognito: Cognito,
  pool: Pool,
  client: ClientSettings,
  user: User,
  begun: SignIn,
  given: { reason: TokenReason; clientMetadata?: unknown },
): Promise<Readonly<Record<string, unknown>>> {
  const issuer = issuerOf(cognito.account, pool.settings.id);
  const groups = groupsOf(pool, user).map(({ name }) => name);
  const plain = claimsOf(client, issuer, { user, groups }, begun, cognito.clock.now());
  const claims = await preTokenGeneration(cognito, pool, client, user, { ...given, claims: plain });
  const tokens = await sign(pool.state.keys, claims);
  return { ...tokens, ExpiresIn: client.accessTokenMs / 1000, TokenType: 'Bearer' };
}

/** Keeps a new refresh token by its hash, and gives the token, which nobody can read again. */
export function keepRefreshToken(pool: Pool, token: RefreshToken): string {
  const opaque = randomBytes(768).toString('base64url');
  pool.state.refreshTokens.set(refreshTokenHash(opaque), token);
  return opaque;
}

export function refreshTokenHash(opaque: string): string {
  return createHash('sha256').update(opaque).digest('base64url');
}
