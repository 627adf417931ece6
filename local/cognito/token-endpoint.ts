import { sameSecret } from '../front-door/credentials.ts';
import { AwsError } from '../front-door/service.ts';
import type { ClientSettings } from './client-settings.ts';
import { type Cognito, issuerOf, type Pool } from './pools.ts';
import { secretOf } from './secret-hash.ts';
import { machineClaims, signAccess } from './tokens.ts';
import { preTokenGenerationForMachine } from './triggers.ts';

/** Why no token is given (RFC 6749, section 5.2, as far as Cognito uses it). */
export type TokenError =
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'unauthorized_client'
  | 'unsupported_grant_type';

export interface TokenRequest {
  readonly contentType: string;
  readonly authorization?: string;
  readonly form: URLSearchParams;
}

export type TokenAnswer =
  | { readonly error: TokenError }
  | { readonly access_token: string; readonly expires_in: number; readonly token_type: 'Bearer' };

/**
 * `POST /oauth2/token` (developer guide, "The token issuer endpoint"): an access token for a machine that shows its
 * secret, by Basic authorization or in the form. People have no code to exchange here, since no managed login is served.
 */
export async function giveToken(cognito: Cognito, pool: Pool, request: TokenRequest): Promise<TokenAnswer> {
  const { form } = request;
  const grant = form.get('grant_type');
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.contentType) || !grant)
    return { error: 'invalid_request' };
  if (!GRANTS.has(grant)) return { error: 'unsupported_grant_type' };
  const client = provenClient(pool, request);
  if (!client) return { error: 'invalid_client' };
  if (!client.machine) return { error: 'invalid_grant' };
  if (grant !== 'client_credentials') return { error: 'unauthorized_client' };
  const asked = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  const { scopes } = client.machine;
  if (asked.some((scope) => !scopes.includes(scope))) return { error: 'invalid_scope' };
  const issuer = issuerOf(cognito.account, pool.settings.id);
  const granted = asked.length > 0 ? [...new Set(asked)] : scopes;
  const claims = machineClaims(client, issuer, granted, cognito.clock.now());
  try {
    const changed = await preTokenGenerationForMachine(cognito, pool, client, claims);
    return {
      access_token: await signAccess(pool.state.keys, changed),
      expires_in: client.accessTokenMs / 1000,
      token_type: 'Bearer',
    };
  } catch (error) {
    if (error instanceof AwsError) return { error: 'invalid_grant' }; // the guide does not say which error a trigger's is
    throw error;
  }
}

/** The client that a request names, in the form or in its Basic authorization; proves nothing. */
export function namedClient({ authorization, form }: TokenRequest): string | undefined {
  return basic(authorization)?.id ?? form.get('client_id') ?? undefined;
}

const GRANTS = new Set(['authorization_code', 'client_credentials', 'refresh_token']);

/** The client, where its secret was shown, or where it has none and none was shown. */
function provenClient(pool: Pool, request: TokenRequest): ClientSettings | undefined {
  const { authorization, form } = request;
  const shown = basic(authorization);
  if (authorization !== undefined && !shown) return undefined;
  const inForm = form.get('client_id');
  if (shown && inForm !== null && inForm !== shown.id) return undefined;
  const client = pool.clients.get(shown?.id ?? inForm ?? '');
  if (!client) return undefined;
  const secret = secretOf(pool, client);
  const given = shown?.secret ?? form.get('client_secret') ?? undefined;
  const isProven = secret === undefined || given === undefined ? secret === given : sameSecret(secret, given);
  return isProven ? client : undefined;
}

function basic(authorization: string | undefined): { id: string; secret: string } | undefined {
  const encoded = /^Basic ([\w+/]+={0,2})$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}
