import type { Clock } from '../clock.ts';

/**
 * Locks a name out of password sign-in after 5 failures: for 2^(n-5) seconds after the n-th, 15 minutes at most. A
 * sign-in forgets the failures, and so do 15 minutes after the lock in which nobody tried; a try during a lock is one
 * too, and lengthens nothing (Cognito developer guide, "Lockout behavior for failed sign-in attempts"). Names that
 * belong to nobody are counted alike, or the lock would tell who exists. Kept in memory alone.
 */
export class Attempts {
  private readonly clock: Clock;
  private readonly failures = new Map<string, Failures>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Asked at each try; a try that meets the lock counts as one made. */
  isLocked(name: string): boolean {
    const failed = this.recent(name);
    if (!failed) return false;
    const now = this.clock.now();
    failed.lastTryAt = now;
    return now < failed.lockedUntil;
  }

  fail(name: string): void {
    this.forgetQuiet();
    const now = this.clock.now();
    const count = (this.recent(name)?.count ?? 0) + 1;
    const lockMs = count < FREE_FAILURES ? 0 : Math.min(2 ** (count - FREE_FAILURES) * 1000, LONGEST_LOCK_MS);
    this.failures.set(name, { count, lastTryAt: now, lockedUntil: now + lockMs });
  }

  succeed(name: string): void {
    this.failures.delete(name);
  }

  private recent(name: string): Failures | undefined {
    const failed = this.failures.get(name);
    if (!failed) return undefined;
    const quietSince = Math.max(failed.lastTryAt, failed.lockedUntil);
    return this.clock.now() < quietSince + QUIET_MS ? failed : undefined;
  }

  private forgetQuiet(): void {
    for (const name of this.failures.keys()) if (!this.recent(name)) this.failures.delete(name);
  }
}

interface Failures {
  readonly count: number;
  readonly lockedUntil: number;
  lastTryAt: number;
}

const FREE_FAILURES = 5;
const LONGEST_LOCK_MS = 15 * 60_000;
const QUIET_MS = 15 * 60_000;
