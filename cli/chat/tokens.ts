import type { AuthenticationResultType } from '@aws-sdk/client-cognito-identity-provider';
import type { GetToken } from '../../sdk/index.ts';
import type { UserPool } from '../user-pool.ts';

/** What the SDK asks of a token it is given: good for two minutes more. */
const GOOD_FOR_MS = 120_000;

/** Renews a sign-in's tokens for the SDK, in memory alone. Nobody is signed in any more when the pool refuses that. */
export function tokensOf(pool: UserPool, signedIn: AuthenticationResultType): GetToken {
  let { AccessToken, RefreshToken = '' } = signedIn;
  let goodUntil = endOf(pool, signedIn);
  let renewing: Promise<string | undefined> | undefined;

  const renew = async () => {
    try {
      const renewed = await pool.renew(RefreshToken);
      RefreshToken = renewed.RefreshToken ?? RefreshToken; // each is good once
      AccessToken = renewed.AccessToken;
      goodUntil = endOf(pool, renewed);
      return AccessToken;
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    } finally {
      renewing = undefined;
    }
  };
  return async ({ fresh }) => {
    if (!fresh && pool.now() + GOOD_FOR_MS < goodUntil) return AccessToken;
    renewing ??= renew();
    return renewing;
  };
}

function endOf(pool: UserPool, { ExpiresIn = 0 }: AuthenticationResultType): number {
  return pool.now() + ExpiresIn * 1000;
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error && /^(NotAuthorized|RefreshTokenReuse|UserNotFound)Exception$/.test(error.name)
  );
}
