import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CancelTimer, Clock } from '../clock.ts';
import { StateFile } from '../state-file.ts';

/** A job with its place in time; times are milliseconds since the epoch. */
export interface Kept<T> {
  readonly id: string;
  readonly job: T;
  readonly addedAt: number;
  readonly dueAt: number;
  /** Attempts that have ended. */
  readonly tries: number;
}

/** What an attempt came to: the job is over, or is tried again later, changed or as it was. */
export type Next<T> = 'over' | { readonly retryAt: number; readonly job?: T };

export interface KeptJobsParts<T> {
  readonly clock: Clock;
  /** Readable by its owner alone; holds what the jobs hold. */
  readonly stateFile: string;
  readonly schema: z.ZodType<T>;
  readonly attempt: (kept: Kept<T>) => Promise<Next<T>>;
  /** Hears what an attempt threw; the job is then over. */
  readonly onFault: (error: unknown) => void;
}

/**
 * Work that is tried, by the Clock, until it is over. It is kept between runs from before `add` returns: what a run ended
 * in the midst of is tried again by the next, so that each job is done at least once.
 */
export class KeptJobs<T> {
  private readonly parts: KeptJobsParts<T>;
  private readonly file: StateFile<Kept<T>[]>;
  private readonly jobs = new Map<string, Kept<T>>();
  private readonly timers = new Map<string, CancelTimer>();
  private closed = false;

  constructor(parts: KeptJobsParts<T>) {
    this.parts = parts;
    const number = z.number();
    const kept = z.object({
      id: z.string(),
      job: parts.schema,
      addedAt: number,
      dueAt: number,
      tries: number,
    });
    this.file = new StateFile(parts.stateFile, z.array(kept) as unknown as z.ZodType<Kept<T>[]>);
    for (const one of this.file.read() ?? []) this.jobs.set(one.id, one);
  }

  /** Takes up what the last run left. */
  start(): void {
    for (const kept of this.jobs.values()) this.arm(kept);
  }

  /** Keeps these jobs; those that are due are tried one after the other in this order. */
  add(...added: readonly { readonly job: T; readonly dueAt?: number }[]): void {
    const addedAt = this.parts.clock.now();
    const all = added.map(({ job, dueAt = addedAt }) => {
      const kept = { id: randomUUID(), job, addedAt, dueAt, tries: 0 };
      this.jobs.set(kept.id, kept);
      return kept;
    });
    this.save();
    for (const kept of all.filter(({ dueAt }) => dueAt > addedAt)) this.arm(kept);
    void this.runInTurn(all.filter(({ dueAt }) => dueAt <= addedAt));
  }

  /** How many are still to be done. */
  get size(): number {
    return this.jobs.size;
  }

  close(): void {
    this.closed = true;
    for (const cancel of this.timers.values()) cancel();
  }

  private async runInTurn(due: readonly Kept<T>[]): Promise<void> {
    for (const kept of due) await this.run(kept);
  }

  private arm(kept: Kept<T>): void {
    this.timers.set(
      kept.id,
      this.parts.clock.at(kept.dueAt, () => void this.run(kept)),
    );
  }

  private async run(kept: Kept<T>): Promise<void> {
    this.timers.delete(kept.id);
    if (this.closed) return;
    let next: Next<T> = 'over';
    try {
      next = await this.parts.attempt(kept);
    } catch (error) {
      if (!this.closed) this.parts.onFault(error);
    }
    if (this.closed) return; // whatever ended in the midst of the closing is for the next run
    if (next === 'over') this.jobs.delete(kept.id);
    else {
      const { job = kept.job, retryAt: dueAt } = next;
      const again = { ...kept, job, dueAt, tries: kept.tries + 1 };
      this.jobs.set(kept.id, again);
      this.arm(again);
    }
    this.save();
  }

  private save(): void {
    if (!this.closed) this.file.write([...this.jobs.values()]);
  }
}
