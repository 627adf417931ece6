import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { FetchError, JwksNotAvailableInCacheError, JwksValidationError } from 'aws-jwt-verify/error';
import type { CognitoAccessTokenPayload } from 'aws-jwt-verify/jwt-model';
import * as z from 'zod';
import { PersonId } from '../../protocol/ids.ts';
import type { Identity } from '../domain/caller.ts';
import type { Entitlements } from '../domain/entitlements.ts';
import { type Phi, reveal } from '../domain/phi.ts';
import { SCOPE } from './claims.ts';
import { setting } from './env.ts';

const Claims = z.object({
  person: PersonId,
  roles: z.string(),
  acts_for: z.string().optional(),
  site: z.string().optional(),
  origin_jti: z.string().min(1),
  auth_time: z.coerce.number().int(),
  exp: z.coerce.number().int(),
});

/** The identity that an authorizer's context gives; API Gateway hands it on as strings. */
export function identityOf(context: unknown): Identity {
  return identityIn(Claims.parse(context));
}

/** The identity that an access token's verified claims give; nothing where they name nobody of ours. */
export function identityIfAny(claims: unknown): Identity | undefined {
  const named = Claims.safeParse(claims);
  return named.success ? identityIn(named.data) : undefined;
}

function identityIn({ person, roles, acts_for, site, ...claims }: z.infer<typeof Claims>): Identity {
  const { origin_jti, auth_time, exp } = claims;
  return {
    person,
    session: origin_jti,
    roles: roles.split(' ').filter(Boolean),
    ...(acts_for && { actsFor: acts_for.split(' ') }),
    ...(site && { site }),
    authenticatedAt: auth_time * 1000,
    expiresAt: exp * 1000,
  };
}

/**
 * Verifies access tokens of the user pool: signature, issuer, client, audience where it has one, use, expiry, that it was
 * not issued in the future, scope, and that it names a person. The same as API Gateway asks of them over HTTP.
 */
export function openVerifier(): (token: Phi<string>) => Promise<Identity | undefined> {
  const clientId = setting('userPoolClientId');
  const verifier = CognitoJwtVerifier.create({
    userPoolId: setting('userPoolId'),
    clientId,
    tokenUse: 'access',
    scope: SCOPE,
  });
  return async (token) => {
    let claims: CognitoAccessTokenPayload;
    try {
      claims = await verifier.verify(reveal(token));
    } catch (error) {
      if (keysUnavailable.some((fault) => error instanceof fault)) throw error; // that says nothing of the token
      return undefined;
    }
    const isOurs = claims.aud === undefined || claims.aud === clientId;
    if (!isOurs || claims.iat > Date.now() / 1000) return undefined; // the verifier looks at neither
    return identityIfAny(claims); // nor does it miss an expiry
  };
}

/** A key id that no key has is a forged token's as a rule: it is refused, though a key made seconds ago looks the same. */
const keysUnavailable = [FetchError, JwksNotAvailableInCacheError, JwksValidationError];

/** What the organisation says of somebody, as a token carries it: strings only. */
export function claimsOf({ roles, actsFor, site }: Entitlements): Record<string, string> {
  return {
    roles: roles.join(' '),
    ...(actsFor && actsFor.length > 0 && { acts_for: actsFor.join(' ') }),
    ...(site !== undefined && { site }),
  };
}

/** The identity as `$connect`'s authorizer hands it to every later event of the socket: strings only. */
export function toAuthorizerContext(identity: Identity): Record<string, string> {
  return {
    person: identity.person,
    ...claimsOf(identity),
    origin_jti: identity.session,
    auth_time: String(identity.authenticatedAt / 1000),
    exp: String(identity.expiresAt / 1000),
  };
}
