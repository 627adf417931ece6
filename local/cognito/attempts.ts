import type { Clock } from '../clock.ts';

/**
 * Locks a name out of password sign-in after 5 failures: for 2^(n-5) seconds after the n-th, 15 minutes at most, and
 * forgets it after 15 quiet minutes (Cognito developer guide, "Things to know about authentication with user pools").
 * Names that belong to nobody are counted alike, or the lock would tell who exists. Kept in memory alone.
 */
export class Attempts {
  private readonly clock: Clock;
  private readonly failures = new Map<string, { count: number; lastAt: number }>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  isLocked(name: string): boolean {
    const failed = this.recent(name);
    if (!failed || failed.count < FREE_FAILURES) return false;
    const lockMs = Math.min(2 ** (failed.count - FREE_FAILURES) * 1000, QUIET_MS);
    return this.clock.now() < failed.lastAt + lockMs;
  }

  fail(name: string): void {
    this.forgetQuiet();
    this.failures.set(name, { count: (this.recent(name)?.count ?? 0) + 1, lastAt: this.clock.now() });
  }

  succeed(name: string): void {
    this.failures.delete(name);
  }

  private recent(name: string) {
    const failed = this.failures.get(name);
    return failed && this.clock.now() < failed.lastAt + QUIET_MS ? failed : undefined;
  }

  private forgetQuiet(): void {
    for (const name of this.failures.keys()) if (!this.recent(name)) this.failures.delete(name);
  }
}

const FREE_FAILURES = 5;
const QUIET_MS = 15 * 60_000;
