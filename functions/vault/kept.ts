import { PLAIN_KEY_MS } from '../domain/data-key.ts';

/** Plain keys that one environment holds at once; the oldest leaves first. */
const MOST = 1_000;

interface Entry {
  readonly until: number;
  readonly key: Promise<Uint8Array>;
}

/**
 * Keeps plain keys for five minutes, and asks once where many ask at the same time. The next use of any key, whichever,
 * takes out of memory what is past, by overwriting it: a frozen environment runs no timer. Whoever waited for a key that
 * was dropped meanwhile does their work with it first.
 */
export class Kept {
  private readonly entries = new Map<string, Entry>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  /** Does `work` with the key, at once and in one go: afterwards the key may be overwritten. */
  async use<T>(name: string, fetch: () => Promise<Uint8Array>, work: (key: Uint8Array) => T): Promise<T> {
    return work(await this.entryOf(name, fetch).key);
  }

  /** Overwrites every key, each behind whoever waits for it. */
  dropAll(): void {
    for (const name of this.entries.keys()) this.drop(name);
  }

  private entryOf(name: string, fetch: () => Promise<Uint8Array>): Entry {
    const now = this.now();
    for (const [old, { until }] of this.entries) if (until <= now) this.drop(old);
    const kept = this.entries.get(name);
    if (kept) return kept;

    const entry: Entry = { until: now + PLAIN_KEY_MS, key: fetch() };
    this.entries.set(name, entry);
    entry.key.catch(() => {
      if (this.entries.get(name) === entry) this.entries.delete(name); // a failure is not kept
    });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= MOST) break;
      this.drop(oldest);
    }
    return entry;
  }

  private drop(name: string): void {
    const entry = this.entries.get(name);
    this.entries.delete(name);
    // Behind everybody who waits for it: a promise calls in the order in which it was asked, and their work does not wait.
    entry?.key.then(
      (bytes) => bytes.fill(0),
      () => {},
    );
  }
}
