import { CognitoJwtVerifier } from 'aws-jwt-verify';
import type { CognitoAccessTokenPayload } from 'aws-jwt-verify/jwt-model';
import * as z from 'zod';
import { PersonId } from '../../protocol/ids.ts';
import type { Identity } from '../domain/caller.ts';
import { SCOPE } from './claims.ts';
import { setting } from './env.ts';

const Claims = z.object({
  person: PersonId,
  roles: z.string(),
  origin_jti: z.string().min(1),
  iat: z.coerce.number().int(),
  exp: z.coerce.number().int(),
});

/** The identity that an access token's verified claims give; API Gateway hands them on as strings. */
export function identityOf(claims: unknown): Identity {
  const { person, roles, origin_jti, iat, exp } = Claims.parse(claims);
  return {
    person,
    session: origin_jti,
    roles: roles.split(' ').filter(Boolean),
    issuedAt: iat * 1000,
    expiresAt: exp * 1000,
  };
}

/** Verifies access tokens of the user pool: signature, issuer, client, use, expiry and scope. */
export function openVerifier(): (token: string) => Promise<Identity | undefined> {
  const verifier = CognitoJwtVerifier.create({
    userPoolId: setting('userPoolId'),
    clientId: setting('userPoolClientId'),
    tokenUse: 'access',
    scope: SCOPE,
  });
  return async (token) => {
    let claims: CognitoAccessTokenPayload;
    try {
      claims = await verifier.verify(token);
    } catch (error) {
      if (isRefusalOfToken(error)) return undefined;
      throw error;
    }
    return identityOf(claims);
  };
}

/** A token that does not verify is refused; keys that could not be fetched are a fault. */
function isRefusalOfToken(error: unknown): boolean {
  return error instanceof Error && !/Fetch|Network|NonRetryable/.test(error.constructor.name);
}

/** The identity as `$connect`'s authorizer hands it to every later event of the socket: strings only. */
export function toAuthorizerContext(identity: Identity): Record<string, string> {
  return {
    person: identity.person,
    roles: identity.roles.join(' '),
    origin_jti: identity.session,
    iat: String(identity.issuedAt / 1000),
    exp: String(identity.expiresAt / 1000),
  };
}
