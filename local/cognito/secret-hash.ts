import { createHmac } from 'node:crypto';
import { sameSecret } from '../front-door/credentials.ts';
import { AwsError } from '../front-door/service.ts';
import type { ClientSettings } from './client-settings.ts';
import type { Pool } from './pools.ts';

/** The secret of a client that was made with one. */
export function secretOf(pool: Pool, client: ClientSettings): string | undefined {
  return client.hasSecret ? pool.state.clientSecrets.get(client.id) : undefined;
}

/**
 * Refuses a call for a client with a secret whose hash is not HMAC-SHA256 of user name and client id under the secret
 * (developer guide, "Computing secret hash values").
 */
export function checkSecretHash(
  pool: Pool,
  client: ClientSettings,
  username: string,
  given: string | undefined,
): void {
  const secret = secretOf(pool, client);
  if (secret === undefined) {
    if (given !== undefined) throw unverified(client);
    return;
  }
  if (given === undefined)
    throw new AwsError(
      'NotAuthorizedException',
      `Client ${client.id} is configured with secret but SECRET_HASH was not received`,
    );
  const expected = createHmac('sha256', secret)
    .update(username + client.id)
    .digest('base64');
  if (!sameSecret(expected, given)) throw unverified(client);
}

/** Refuses a call that must show the secret itself; `code` is the operation's own name for that. */
export function checkSecret(
  pool: Pool,
  client: ClientSettings,
  given: string | undefined,
  code: 'NotAuthorizedException' | 'UnauthorizedException',
): void {
  const secret = secretOf(pool, client);
  if (secret === undefined ? given === undefined : given !== undefined && sameSecret(secret, given)) return;
  throw new AwsError(code, `Unable to verify secret for client ${client.id}`);
}

function unverified(client: ClientSettings): AwsError {
  return new AwsError('NotAuthorizedException', `Unable to verify secret hash for client ${client.id}`);
}
