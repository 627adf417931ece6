import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { AwsError } from '../front-door/service.ts';
import type { ServerExchange } from './srp.ts';

/** A sign-in between two of its challenges. */
export interface Session {
  readonly poolId: string;
  readonly clientId: string;
  readonly username: string;
  readonly awaits: 'NEW_PASSWORD_REQUIRED' | 'MFA_SETUP' | 'SOFTWARE_TOKEN_MFA';
  /** True once the sign-in has replaced a temporary password. */
  readonly newPassword: boolean;
  /** True once a software token of this sign-in was verified. */
  readonly tokenVerified: boolean;
}

/** What a SECRET_BLOCK stands for. A user who does not exist has no `user`, and no password is right. */
export interface PasswordExchange extends ServerExchange {
  readonly poolId: string;
  readonly clientId: string;
  readonly username: string;
  readonly userId: string;
  readonly exists: boolean;
}

/**
 * Sign-ins under way, by the opaque strings that clients hold. Each string is good for one step, and as long as the
 * client's AuthSessionValidity says; a refused answer (a wrong code, a weak password) leaves it for another try.
 * In memory alone: a restart ends sign-ins under way, and nothing else.
 */
export class Sessions {
  private readonly clock: Clock;
  private readonly steps = new Map<string, { session: Session; expiresAt: number; isUsed: boolean }>();
  private readonly exchanges = new Map<string, { exchange: PasswordExchange; expiresAt: number }>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  open(session: Session, validMs: number): string {
    this.forgetExpired();
    const token = randomBytes(180).toString('base64url');
    this.steps.set(token, { session, expiresAt: this.clock.now() + validMs, isUsed: false });
    return token;
  }

  /** The session as it stands; `use` ends it. */
  read(token: string): Session {
    const step = this.steps.get(token);
    if (!step || step.expiresAt <= this.clock.now()) throw invalid('session is expired.');
    if (step.isUsed) throw invalid('session can only be used once.');
    return step.session;
  }

  use(token: string): void {
    const step = this.steps.get(token);
    if (step) step.isUsed = true;
  }

  openExchange(exchange: PasswordExchange, validMs: number): string {
    this.forgetExpired();
    const block = randomBytes(1056).toString('base64');
    this.exchanges.set(block, { exchange, expiresAt: this.clock.now() + validMs });
    return block;
  }

  /** The exchange behind a SECRET_BLOCK, once; undefined where it is unknown, answered before or too old. */
  takeExchange(block: string): PasswordExchange | undefined {
    const kept = this.exchanges.get(block);
    this.exchanges.delete(block);
    return kept && kept.expiresAt > this.clock.now() ? kept.exchange : undefined;
  }

  private forgetExpired(): void {
    const now = this.clock.now();
    for (const [token, { expiresAt }] of this.steps) if (expiresAt <= now) this.steps.delete(token);
    for (const [block, { expiresAt }] of this.exchanges) if (expiresAt <= now) this.exchanges.delete(block);
  }
}

function invalid(why: string): AwsError {
  return new AwsError('NotAuthorizedException', `Invalid session for the user, ${why}`);
}
