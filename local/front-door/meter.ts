import type { StatementName } from '../iam/policy.ts';
import { Recent } from './recent.ts';

/** What one call cost and why it was let in or not. Holds no contents. */
export interface CallRecord {
  /** Milliseconds since the epoch, by the Clock. */
  readonly at: number;
  readonly requestId: string;
  /** The X-Ray trace of the invocation that called: the `Root` of its `x-amzn-trace-id`. */
  readonly traceId?: string;
  /** The caller's ARN; absent for an unsigned call. */
  readonly principal?: string;
  readonly service: string;
  readonly operation: string;
  /** One statement for each of the call's authorizations. */
  readonly allowedBy: readonly StatementName[];
  readonly units: { readonly read: number; readonly write: number };
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** 0 where no answer reached the caller. */
  readonly status: number;
  readonly errorCode?: string;
  /** AWS's access-denied sentence, where the call was refused for want of permission. */
  readonly refusal?: string;
  readonly durationMs: number;
}

export interface Totals {
  readonly calls: number;
  readonly errors: number;
  readonly readUnits: number;
  readonly writeUnits: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Calls by `service:Operation`. */
  readonly operations: Readonly<Record<string, number>>;
}

/** Counts every call of the front door; remembers the last `capacity` of them. */
export class Meter {
  private readonly recent: Recent<CallRecord>;
  private readonly traces = new Map<string, CallRecord[]>();
  private readonly listeners = new Set<(record: CallRecord) => void>();

  constructor(capacity = 10_000) {
    this.recent = new Recent(capacity);
  }

  record(record: CallRecord): void {
    if (record.traceId !== undefined) {
      const calls = this.traces.get(record.traceId);
      if (calls) calls.push(record);
      else this.traces.set(record.traceId, [record]);
    }
    for (const gone of this.recent.push(record)) this.forget(gone);
    for (const listener of this.listeners) listener(record);
  }

  /** The calls of one trace, in the order in which they ended. */
  byTrace(traceId: string): readonly CallRecord[] {
    return [...(this.traces.get(traceId) ?? [])];
  }

  /** Sums over the remembered calls. */
  totals(filter: (record: CallRecord) => boolean = () => true): Totals {
    const records = this.recent.values().filter(filter);
    const sum = (of: (record: CallRecord) => number) =>
      records.reduce((total, record) => total + of(record), 0);
    const operations: Record<string, number> = {};
    for (const { service, operation } of records) {
      const name = `${service}:${operation}`;
      operations[name] = (operations[name] ?? 0) + 1;
    }
    return {
      calls: records.length,
      errors: records.filter((record) => record.errorCode !== undefined).length,
      readUnits: sum((record) => record.units.read),
      writeUnits: sum((record) => record.units.write),
      requestBytes: sum((record) => record.requestBytes),
      responseBytes: sum((record) => record.responseBytes),
      operations,
    };
  }

  /** Hears of each call as it ends; call what it returns to hear no more. */
  on(listener: (record: CallRecord) => void): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  private forget(record: CallRecord): void {
    if (record.traceId === undefined) return;
    const left = this.traces.get(record.traceId)?.filter((kept) => kept !== record) ?? [];
    if (left.length > 0) this.traces.set(record.traceId, left);
    else this.traces.delete(record.traceId);
  }
}
