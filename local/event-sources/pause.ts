import type { Clock } from '../clock.ts';

/** Lets a loop sleep until there is something to do: a ring while nobody sleeps is not lost. */
export class Bell {
  private readonly clock: Clock;
  private readonly signal: AbortSignal;
  private rung = false;
  private answer: (() => void) | undefined;

  /** @param signal ends every sleep, present and future */
  constructor(clock: Clock, signal: AbortSignal) {
    this.clock = clock;
    this.signal = signal;
  }

  ring(): void {
    this.rung = true;
    this.answer?.();
  }

  /** Until a ring, or `milliseconds` of the clock. */
  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.signal.removeEventListener('abort', done);
        this.answer = undefined;
        this.rung = false;
        resolve();
      };
      const cancel = this.clock.after(milliseconds, done);
      this.signal.addEventListener('abort', done);
      this.answer = done;
      if (this.rung || this.signal.aborted) done();
    });
  }
}

/** Sleeps for `milliseconds` of the clock, or until the signal. */
export function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Bell(clock, signal).sleep(milliseconds);
}

/** What `work` comes to, or undefined as soon as the signal says that nobody waits for it any more. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let stop = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    stop = () => resolve(undefined);
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
  });
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    void work.catch(() => {}); // told by the race, or of no interest any more
  }
}
