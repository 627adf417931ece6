import { randomInt } from 'node:crypto';

/** A pool's password policy as its template has it; days for temporary passwords. */
export interface PasswordPolicy {
  readonly minimumLength: number;
  readonly requireLowercase: boolean;
  readonly requireUppercase: boolean;
  readonly requireNumbers: boolean;
  readonly requireSymbols: boolean;
  /** How many of the newest passwords may not be chosen again. */
  readonly historySize: number;
  readonly temporaryPasswordValidityDays: number;
}

/** Why a password breaks the policy, in Cognito's words; undefined where it conforms. */
export function policyBreach(policy: PasswordPolicy, password: string): string | undefined {
  if ([...password].length < policy.minimumLength) return 'Password not long enough';
  if (policy.requireLowercase && !/[a-z]/.test(password)) return 'Password must have lowercase characters';
  if (policy.requireUppercase && !/[A-Z]/.test(password)) return 'Password must have uppercase characters';
  if (policy.requireNumbers && !/[0-9]/.test(password)) return 'Password must have numeric characters';
  if (policy.requireSymbols && !SYMBOLS.test(password)) return 'Password must have symbol characters';
  return undefined;
}

/** A temporary password that the policy accepts, for a user created without one. */
export function randomPassword(policy: PasswordPolicy): string {
  const any = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789';
  const length = Math.max(policy.minimumLength, 20) - 4;
  return `aZ7!${Array.from({ length }, () => any[randomInt(any.length)]).join('')}`;
}

/** What Cognito counts as a symbol; a space only inside the password. */
const SYMBOLS = /[\^$*.[\]{}()?"!@#%&/\\,><':;|_~`=+-]|\S \S/;
