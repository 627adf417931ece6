/** A timer that has not fired yet can be called off. */
export type CancelTimer = () => void;

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** setTimeout fires at once beyond this delay (Node.js documents a signed 32-bit maximum). */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * The time of a local run: real time plus an offset that tests and `--clock` turn forward.
 * Everything that has a notion of time asks here, function workers included (they share `offset`).
 */
export class Clock {
  /** Milliseconds ahead of real time; one signed 64-bit integer, shared with every worker. */
  readonly offset = new SharedArrayBuffer(8);
  private readonly cell = new BigInt64Array(this.offset);
  private readonly timers = new Set<Timer>();
  private wake: NodeJS.Timeout | undefined;

  constructor(startAt?: Date) {
    if (startAt) this.cell[0] = BigInt(startAt.getTime() - Date.now());
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now() + this.ahead;
  }

  /** Milliseconds ahead of real time, for libraries that ask the host and add what they are told. */
  get ahead(): number {
    return Number(Atomics.load(this.cell, 0));
  }

  /** Turns the clock forward; timers that come due fire before this returns, in their order. */
  advance(milliseconds: number): void {
    Atomics.add(this.cell, 0, BigInt(milliseconds));
    this.fireDue();
  }

  /** Runs `fire` once when the clock has reached `at` (milliseconds since the epoch). */
  at(at: number, fire: () => void): CancelTimer {
    const timer: Timer = { at, fire };
    this.timers.add(timer);
    this.arm();
    return () => {
      this.timers.delete(timer);
    };
  }

  /** Runs `fire` once after `milliseconds` of this clock. */
  after(milliseconds: number, fire: () => void): CancelTimer {
    return this.at(this.now() + milliseconds, fire);
  }

  /** Forgets every timer. */
  stop(): void {
    this.timers.clear();
    clearTimeout(this.wake);
  }

  private fireDue(): void {
    const now = this.now();
    const due = [...this.timers].filter((timer) => timer.at <= now).sort((a, b) => a.at - b.at);
    for (const timer of due) {
      if (this.timers.delete(timer)) timer.fire();
    }
    this.arm();
  }

  private arm(): void {
    clearTimeout(this.wake);
    if (this.timers.size === 0) return;
    const next = Math.min(...[...this.timers].map((timer) => timer.at));
    const delay = Math.min(Math.max(0, next - this.now()), LONGEST_DELAY_MS);
    this.wake = setTimeout(() => this.fireDue(), delay).unref();
  }
}
