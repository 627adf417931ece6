import type { Credentials } from '../front-door/credentials.ts';
import { identityOf } from '../iam/identity.ts';
import type { Principal } from '../iam/policy.ts';

/** A session that was made, and until when it lasts. */
export interface Issued {
  readonly principal: Principal;
  readonly credentials: Credentials;
  /** Milliseconds since the epoch, by the Clock. */
  readonly expiresAt: number;
}

/** `AROA…:session` of a role's session, `AIDA…` of a user. */
export function userIdOf(principal: Principal): string {
  const identity = identityOf(principal);
  return identity.type === 'AssumedRole' ? `${identity.id}:${identity.session}` : identity.id;
}
