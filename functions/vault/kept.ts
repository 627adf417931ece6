/** Plain keys open nothing after this long; the next use of any key, whichever, takes them out of memory. */
export const KEPT_MS = 5 * 60 * 1000;

/** Plain keys that one environment holds at once; the oldest leaves first. */
const MOST = 1_000;

/** Keeps what was fetched for five minutes, and asks once where many ask at the same time. */
export class Kept<T> {
  private readonly entries = new Map<string, { readonly until: number; readonly value: Promise<T> }>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  get(name: string, fetch: () => Promise<T>): Promise<T> {
    const now = this.now();
    for (const [old, { until }] of this.entries) if (until <= now) this.entries.delete(old);
    const kept = this.entries.get(name);
    if (kept) return kept.value;
    const value = fetch();
    this.entries.set(name, { until: now + KEPT_MS, value });
    value.catch(() => this.entries.delete(name)); // a failure is not kept
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= MOST) break;
      this.entries.delete(oldest);
    }
    return value;
  }
}
