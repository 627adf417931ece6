import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import type { JwtAuthorizer } from './definition.ts';

/** Gives an issuer's public keys, as its `jwks_uri` serves them. */
export type IssuerKeys = (issuer: string) => Promise<JSONWebKeySet>;

export type JwtDecision =
  | {
      readonly allowed: true;
      readonly claims: Readonly<Record<string, string>>;
      /** Null where the route asks for no scope. */
      readonly scopes: readonly string[] | null;
    }
  | {
      readonly allowed: false;
      readonly status: 401 | 403;
      readonly challenge: string;
      readonly error: string;
    };

/**
 * Validates a token as an HTTP API does (developer guide, "Control access to HTTP APIs with JWT authorizers"): RS256
 * signature by the key its `kid` names, `iss`, `aud` (or `client_id` where there is no `aud`), `exp`, `nbf` and `iat`
 * without leeway, and any one of the route's scopes in `scope` or `scp`. Nothing tells an ID token from an access token
 * but its scopes.
 */
export async function checkJwt(
  authorizer: JwtAuthorizer,
  given: {
    readonly token: string | undefined;
    readonly routeScopes: readonly string[];
    readonly issuerKeys: IssuerKeys;
    readonly now: number;
  },
): Promise<JwtDecision> {
  if (!given.token) return { allowed: false, status: 401, challenge: 'Bearer', error: 'missing token' };
  const refused = (status: 401 | 403, code: string, error: string): JwtDecision => ({
    allowed: false,
    status,
    challenge: `Bearer scope="${given.routeScopes.join(' ')}" error="${code}" error_description="${error}"`,
    error,
  });

  const verified = await verify(authorizer, given.token.replace(/^Bearer /i, ''), given);
  if (typeof verified === 'string') return refused(401, 'invalid_token', verified);
  const held = scopesOf(verified);
  const matching = given.routeScopes.filter((scope) => held.includes(scope));
  if (given.routeScopes.length > 0 && matching.length === 0) {
    return refused(403, 'insufficient_scope', 'the token does not have a required scope');
  }
  return {
    allowed: true,
    claims: Object.fromEntries(Object.entries(verified).map(([name, value]) => [name, textOf(value)])),
    scopes: given.routeScopes.length > 0 ? matching : null,
  };
}

/** The claims, or a sentence about what is wrong with the token. */
async function verify(
  { issuer, audiences }: JwtAuthorizer,
  token: string,
  { issuerKeys, now }: { readonly issuerKeys: IssuerKeys; readonly now: number },
): Promise<JWTPayload | string> {
  if (token.split('.').length !== 3) return 'token contains an invalid number of segments';
  try {
    const keys = await issuerKeys(issuer);
    const { payload } = await jwtVerify(
      token,
      (header, jws) => {
        if (!header.kid) throw new errors.JWKSNoMatchingKey(); // one key alone would be taken without asking
        return createLocalJWKSet(keys)(header, jws);
      },
      { algorithms: ['RS256'], issuer, requiredClaims: ['iss', 'exp'], currentDate: new Date(now) },
    );
    const audience = payload.aud ?? payload.client_id;
    const named = Array.isArray(audience) ? audience : [audience];
    if (!named.some((one) => typeof one === 'string' && audiences.includes(one))) {
      return 'the token does not have a valid audience';
    }
    if (payload.iat !== undefined && payload.iat > now / 1000) return 'the token was issued in the future';
    return payload;
  } catch (error) {
    return sentenceOf(error);
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'iss') return 'issuer does not match';
    if (error.claim === 'nbf') return 'the token is not yet valid';
    return `the token has no valid ${error.claim}`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'signing method is not supported';
  if (error instanceof errors.JWKSNoMatchingKey) return 'kid does not match a key of the issuer';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature is invalid';
  return error instanceof errors.JOSEError ? 'the token is malformed' : 'JWKS communication error';
}

function scopesOf({ scope, scp }: JWTPayload): readonly string[] {
  const held = scope ?? scp;
  if (Array.isArray(held)) return held.map(String);
  return typeof held === 'string' ? held.split(' ') : [];
}

/** Claims reach the integration as text; a list looks as Go prints it: `[a b]`. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(' ')}]`;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
