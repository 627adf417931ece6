import { CognitoJwtVerifier } from 'aws-jwt-verify';
import { FetchError, JwksNotAvailableInCacheError, JwksValidationError } from 'aws-jwt-verify/error';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import type { CognitoAccessTokenPayload } from 'aws-jwt-verify/jwt-model';
import * as z from 'zod';
import { PersonId } from '../../protocol/ids.ts';
import { type Bot, isBot } from '../domain/bots.ts';
import type { Entitlements } from '../domain/entitlements.ts';
import { type Phi, reveal } from '../domain/phi.ts';
import type { Identity } from '../domain/session-record.ts';
import { BOT_SCOPE, SCOPE } from './claims.ts';
import { setting } from './env.ts';

const Claims = z.object({
  person: PersonId,
  roles: z.string(),
  acts_for: z.string().optional(),
  site: z.string().optional(),
  /** A person's sign-in, which Cognito names; a bot's client has one from us. */
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

/** What a bot's token has in place of a sign-in, and when its client ends. Only the trigger gives these. */
const BotClaims = Claims.extend({
  origin_jti: z.undefined().optional(), // that would be a person's
  bot_session: z.uuid(),
  bot_until: z.coerce.number().int().optional(),
});

/** The identity of a bot by its verified claims: its client's own, and nobody's who holds another role. */
function botIfAny(claims: unknown): Identity | undefined {
  const named = BotClaims.safeParse(claims);
  if (!named.success) return undefined;
  const { bot_session, bot_until = Number.POSITIVE_INFINITY, ...others } = named.data;
  const exp = Math.min(others.exp, bot_until);
  const identity = identityIn({ ...others, exp, origin_jti: bot_session });
  return isBot(identity) ? identity : undefined;
}

/**
 * Verifies access tokens of the user pool: signature, issuer, client, audience where it has one, use, expiry, that it was
 * not issued in the future, scope, and that it names a person. The same as API Gateway asks of them over HTTP. A bot's has
 * a client and a scope of its own, which no route takes.
 */
export function openVerifier(): (token: Phi<string>) => Promise<Identity | undefined> {
  const clientId = setting('userPoolClientId');
  const pool = { userPoolId: setting('userPoolId'), tokenUse: 'access' } as const;
  const jwksCache = new SimpleJwksCache();
  const people = CognitoJwtVerifier.create({ ...pool, clientId, scope: SCOPE }, { jwksCache });
  const bots = CognitoJwtVerifier.create({ ...pool, clientId: null, scope: BOT_SCOPE }, { jwksCache });
  return async (token) => {
    const claims = await verified(people, token);
    if (claims) return isTimely(claims, clientId) ? identityIfAny(claims) : undefined; // the verifier does not miss an expiry
    const bot = await verified(bots, token);
    return bot && isTimely(bot, bot.client_id) ? botIfAny(bot) : undefined;
  };
}

interface Verifier {
  verify(token: string): Promise<CognitoAccessTokenPayload>;
}

async function verified(
  verifier: Verifier,
  token: Phi<string>,
): Promise<CognitoAccessTokenPayload | undefined> {
  let claims: CognitoAccessTokenPayload;
  try {
    claims = await verifier.verify(reveal(token));
  } catch (error) {
    if (keysUnavailable.some((fault) => error instanceof fault)) throw error; // that says nothing of the token
    return undefined;
  }
  return claims;
}

/** What the verifier does not look at. */
function isTimely({ aud, iat }: CognitoAccessTokenPayload, clientId: string): boolean {
  return (aud === undefined || aud === clientId) && iat <= Date.now() / 1000;
}

/** A key id that no key has is a forged token's as a rule: it is refused, though a key made seconds ago looks the same. */
const keysUnavailable = [FetchError, JwksNotAvailableInCacheError, JwksValidationError];

/** Who somebody is and what the organisation says of them, as a token carries it: strings only. */
export function claimsOf({
  person,
  roles,
  actsFor,
  site,
}: Entitlements & Pick<Identity, 'person'>): Record<string, string> {
  return {
    person,
    roles: roles.join(' '),
    ...(actsFor && actsFor.length > 0 && { acts_for: actsFor.join(' ') }),
    ...(site !== undefined && { site }),
  };
}

/** What the token of a bot's client carries: who it is, in place of a sign-in the client's own, and when that ends. */
export function botClaims({ profile, client }: Bot): Record<string, string> {
  return {
    ...claimsOf(profile),
    bot_session: client.session,
    ...(client.until !== undefined && { bot_until: String(Math.floor(client.until / 1000)) }),
  };
}

/** The identity as `$connect`'s authorizer hands it to every later event of the socket: strings only. */
export function toAuthorizerContext(identity: Identity): Record<string, string> {
  return {
    ...claimsOf(identity),
    origin_jti: identity.session,
    auth_time: String(identity.authenticatedAt / 1000),
    exp: String(identity.expiresAt / 1000),
  };
}
