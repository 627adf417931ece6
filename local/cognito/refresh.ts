import { AwsError } from '../front-door/service.ts';
import { revokeSignIn } from './access.ts';
import type { ClientSettings } from './client-settings.ts';
import { optionalText, requiredText } from './input.ts';
import { type Cognito, clientOf, type Input, type Outcome, type Pool, userBySub } from './pools.ts';
import { checkSecret } from './secret-hash.ts';
import { issueTokens, keepRefreshToken, refreshTokenHash } from './sign-in.ts';
import type { User } from './state.ts';

/** GetTokensFromRefreshToken: new tokens, and with rotation a new refresh token for what is left of the old one's time. */
export async function getTokensFromRefreshToken(cognito: Cognito, input: Input): Promise<Outcome> {
  const { pool, client } = clientOf(cognito, input);
  const token = requiredText(input, 'RefreshToken');
  checkSecret(pool, client, optionalText(input, 'ClientSecret'), 'NotAuthorizedException');
  if (client.rotationGraceMs === undefined && !client.flows.has('REFRESH_TOKEN_AUTH'))
    throw new AwsError('InvalidParameterException', 'REFRESH_TOKEN_AUTH flow not enabled for this client');
  return renew(cognito, pool, client, token, input.ClientMetadata);
}

/** Renews a sign-in. With rotation the token shown stays good for the client's grace, then it is refused. */
export async function renew(
  cognito: Cognito,
  pool: Pool,
  client: ClientSettings,
  opaque: string,
  clientMetadata: unknown,
): Promise<Outcome> {
  const now = cognito.clock.now();
  const token = pool.state.refreshTokens.get(refreshTokenHash(opaque));
  if (!token || token.clientId !== client.id) throw notAuthorized('Invalid Refresh Token');
  if (pool.state.revoked.has(token.originJti)) throw notAuthorized('Refresh Token has been revoked');
  if (token.expiresAt <= now) throw notAuthorized('Refresh Token has expired');
  const rotatedAt = token.rotatedAt;
  if (rotatedAt !== undefined && now >= rotatedAt + (client.rotationGraceMs ?? 0))
    throw new AwsError(
      'RefreshTokenReuseException',
      'Refresh token has been invalidated by refresh token rotation',
    );
  const user = userBySub(pool, token.sub);
  if (!user) throw notAuthorized('Invalid Refresh Token');
  if (!user.enabled) throw notAuthorized('User is disabled.');
  const isRotating = client.rotationGraceMs !== undefined;
  // Marked before the trigger runs: two requests at once must not both count as the first.
  if (isRotating) token.rotatedAt ??= now;
  try {
    const tokens = await issueTokens(cognito, pool, client, user, token, {
      reason: 'RefreshTokens',
      clientMetadata,
    });
    if (pool.state.revoked.has(token.originJti)) throw notAuthorized('Refresh Token has been revoked');
    const next = isRotating && { RefreshToken: keepRefreshToken(pool, { ...token, rotatedAt: undefined }) };
    return { body: { AuthenticationResult: { ...tokens, ...next } }, sub: user.sub };
  } catch (error) {
    token.rotatedAt = rotatedAt;
    throw error;
  } finally {
    cognito.file.save();
  }
}

/** The person whose refresh token it is; says nothing of whether it still holds. */
export function holderOf(pool: Pool, opaque: string): User | undefined {
  const token = pool.state.refreshTokens.get(refreshTokenHash(opaque));
  return token && userBySub(pool, token.sub);
}

/** RevokeToken: ends the sign-in that a refresh token belongs to. An unknown token is revoked already (RFC 7009). */
export function revokeToken(cognito: Cognito, input: Input): Outcome {
  const { pool, client } = clientOf(cognito, input);
  const opaque = requiredText(input, 'Token');
  checkSecret(pool, client, optionalText(input, 'ClientSecret'), 'UnauthorizedException');
  if (!client.revocable)
    throw new AwsError('UnsupportedOperationException', 'Token revocation is not enabled for this client');
  if (opaque.split('.').length === 3)
    throw new AwsError('UnsupportedTokenTypeException', 'Only refresh tokens can be revoked');
  const token = pool.state.refreshTokens.get(refreshTokenHash(opaque));
  if (!token) return { body: {} };
  if (token.clientId !== client.id)
    throw new AwsError('UnauthorizedException', 'The token was issued to another client');
  revokeSignIn(cognito, pool, token.originJti);
  cognito.file.save();
  return { body: {}, sub: token.sub };
}

function notAuthorized(message: string): AwsError {
  return new AwsError('NotAuthorizedException', message);
}
