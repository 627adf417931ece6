import type { PersonId } from '../../protocol/ids.ts';
import type { Phi } from './phi.ts';

/** Somebody as the user pool knows them. */
export interface Account {
  readonly person: PersonId;
  /** What the pool calls them: an id without meaning. */
  readonly sub: string;
  /** Whether they have chosen a password of their own. */
  readonly hasSignedIn: boolean;
  /** Stands where this call made the account. */
  readonly temporaryPassword?: string;
}

/** A user of the pool that Wardline did not make: it names no person. */
export type Foreign = 'foreign';

/** The user pool, as far as people are administered there. */
export interface Accounts {
  find(username: Phi<string>): Promise<Account | Foreign | undefined>;
  /** Makes the account, or gives the one that was made meanwhile. The first sign-in asks for a new password and for MFA. */
  create(username: Phi<string>, person: PersonId, temporaryPassword: string): Promise<Account | Foreign>;
  /** Gives another temporary password to somebody who has never signed in. */
  renewPassword(username: Phi<string>, temporaryPassword: string): Promise<void>;
  /** No sign-in and no renewal from now on. May be repeated. */
  disable(sub: string): Promise<void>;
  enable(sub: string): Promise<void>;
}
