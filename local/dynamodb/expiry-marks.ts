import { z } from 'zod';
import type { Clock } from '../clock.ts';
import { StateFile } from '../state-file.ts';

/** By sequence number: when, in milliseconds since the epoch. */
const Marks = z.record(z.string(), z.number());

/** Knows which stream records are time to live's doing, for as long as a stream keeps its records: 24 hours. */
export class ExpiryMarks {
  private readonly clock: Clock;
  private readonly file: StateFile<Record<string, number>> | undefined;
  private marks: Map<string, number>;

  /** @param file where marks are kept between runs; absent: gone with the run */
  constructor(clock: Clock, file?: string) {
    this.clock = clock;
    this.file = file === undefined ? undefined : new StateFile(file, Marks);
    this.marks = new Map(Object.entries(this.file?.read() ?? {}));
  }

  has(sequenceNumber: string): boolean {
    return this.marks.has(sequenceNumber);
  }

  add(sequenceNumbers: readonly string[]): void {
    if (sequenceNumbers.length === 0) return;
    const now = this.clock.now();
    const kept = [...this.marks].filter(([, at]) => at > now - STREAM_RETENTION_MS);
    this.marks = new Map([...kept, ...sequenceNumbers.map((number): [string, number] => [number, now])]);
    this.file?.write(Object.fromEntries(this.marks));
  }
}

/** DynamoDB developer guide, "Change data capture for DynamoDB Streams": records live for 24 hours. */
export const STREAM_RETENTION_MS = 24 * 3600 * 1000;
