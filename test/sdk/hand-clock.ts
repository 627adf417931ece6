import type { Clock } from '../../sdk/index.ts';

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** A clock that stands still until it is turned; everything that follows from a timer happens before the next one fires. */
export class HandClock implements Clock {
  #now = Date.parse('2026-11-22T12:00:00.000Z');
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, fire: () => void): () => void {
    const timer = { at: this.#now + milliseconds, fire };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** How many timers have not fired yet. */
  get waiting(): number {
    return this.#timers.size;
  }

  async turn(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await new Promise(setImmediate);
      const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
      if (!next || next.at > end) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
    }
    this.#now = end;
  }
}
