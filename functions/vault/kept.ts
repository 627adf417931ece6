import { PLAIN_KEY_MS } from '../domain/data-key.ts';

/** Plain keys that one environment holds at once; the oldest leaves first. */
const MOST = 1_000;

interface Entry {
  readonly until: number;
  readonly key: Promise<Uint8Array>;
  users: number;
  isDropped: boolean;
}

/**
 * Keeps plain keys for five minutes, and asks once where many ask at the same time. The next use of any key, whichever,
 * takes out of memory what is past, by overwriting it: a frozen environment runs no timer. Whoever still waits for a
 * key that was dropped meanwhile has it until their work is done, and then it is overwritten.
 */
export class Kept {
  private readonly entries = new Map<string, Entry>();
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  /** Does `work` with the key, which must not leave it. */
  async use<T>(name: string, fetch: () => Promise<Uint8Array>, work: (key: Uint8Array) => T): Promise<T> {
    const entry = this.entryOf(name, fetch);
    entry.users += 1;
    try {
      return work(await entry.key);
    } finally {
      entry.users -= 1;
      overwriteUnused(entry);
    }
  }

  private entryOf(name: string, fetch: () => Promise<Uint8Array>): Entry {
    const now = this.now();
    for (const [old, { until }] of this.entries) if (until <= now) this.drop(old);
    const kept = this.entries.get(name);
    if (kept) return kept;

    const entry: Entry = { until: now + PLAIN_KEY_MS, key: fetch(), users: 0, isDropped: false };
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
    if (!entry) return;
    this.entries.delete(name);
    entry.isDropped = true;
    overwriteUnused(entry);
  }
}

function overwriteUnused({ key, users, isDropped }: Entry): void {
  if (!isDropped || users > 0) return;
  key.then(
    (bytes) => bytes.fill(0),
    () => {},
  );
}
