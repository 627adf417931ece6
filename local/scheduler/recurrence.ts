import type { CancelTimer, Clock } from '../clock.ts';
import type { Timetable } from './expression.ts';

/**
 * How many missed runs are made up. Where the clock was turned, or the local run was off, over more runs than these, the
 * newest are made, in their order, and the older ones never: a schedule by the minute over a year would be 525,600.
 */
export const MOST_MADE_UP = 60;

export interface RecurrenceParts {
  readonly clock: Clock;
  readonly timetable: Timetable;
  /** Everything up to then (milliseconds since the epoch) is done. */
  readonly doneUntil: number;
  /** No run after this time. */
  readonly endsAt?: number;
  /** Hears which runs are due, oldest first, and up to when all is done once it has returned. */
  readonly onDue: (times: readonly number[], doneUntil: number) => void;
  /** Hears, once, that no run is left. */
  readonly onEnd?: () => void;
}

/** Follows a timetable by the Clock. */
export class Recurrence {
  private readonly parts: RecurrenceParts;
  private doneUntil: number;
  private cancel: CancelTimer | undefined;

  constructor(parts: RecurrenceParts) {
    this.parts = parts;
    this.doneUntil = parts.doneUntil;
  }

  /** Makes up what was missed and waits for the next. */
  start(): void {
    const { clock, timetable, endsAt = Number.POSITIVE_INFINITY, onDue, onEnd } = this.parts;
    const until = Math.min(clock.now(), endsAt);
    if (until > this.doneUntil) {
      const times = timetable.newest(this.doneUntil, until, MOST_MADE_UP);
      this.doneUntil = until;
      if (times.length > 0) onDue(times, until);
    }
    const next = timetable.next(this.doneUntil);
    if (next === undefined || next > endsAt) onEnd?.();
    else this.cancel = clock.at(next, () => this.start());
  }

  stop(): void {
    this.cancel?.();
  }
}
