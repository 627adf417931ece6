import type { LogEntry } from '../protocol/frames.ts';

/** A part of a log as the server accounts for it. */
export interface Page {
  readonly entries: readonly LogEntry[];
  readonly floor: number;
  readonly upTo: number;
  readonly more: boolean;
}

/** What may be shown now: entries in order, and the numbers among them that are not to be had any more. */
export type Shown =
  | { readonly entry: LogEntry }
  | { readonly gap: { readonly from: number; readonly to: number } };

/** Above a hole so many entries are kept; what follows them comes again with the page that fills the hole. */
const MOST_HELD = 500;

/** One conversation's log as this device hears it: each entry once, in order, none left out unless the server says it is gone. */
export class Inbox {
  #end: number;
  #highest: number;
  readonly #held = new Map<number, LogEntry>();

  constructor(since = 0) {
    this.#end = since;
    this.#highest = since;
  }

  /** The highest `seq` up to which everything is known. */
  get knownEnd(): number {
    return this.#end;
  }

  /** The highest `seq` that was heard of. */
  get highest(): number {
    return this.#highest;
  }

  /** Whether something stands in the log above what is known without holes. */
  get misses(): boolean {
    return this.#highest > this.#end;
  }

  /** Takes an entry that came by itself. */
  push(entry: LogEntry): Shown[] {
    this.#hold(entry);
    return this.#advance([], 0);
  }

  /** Takes the page that answers "what stands after `since`". */
  page(since: number, page: Page): Shown[] {
    // a page that begins above what is known says nothing of what lies between
    if (since > this.#end) {
      for (const entry of page.entries) this.#hold(entry);
      return this.#advance([], 0);
    }
    this.#highest = Math.max(this.#highest, page.upTo, page.floor);
    const shown: Shown[] = [];
    if (page.floor > this.#end) {
      shown.push({ gap: { from: this.#end + 1, to: page.floor } });
      this.#end = page.floor;
      for (const seq of this.#held.keys()) if (seq <= page.floor) this.#held.delete(seq);
    }
    return [...shown, ...this.#advance(page.entries, page.upTo)];
  }

  #hold(entry: LogEntry): void {
    this.#highest = Math.max(this.#highest, entry.seq);
    if (entry.seq <= this.#end || this.#held.has(entry.seq)) return;
    if (this.#held.size < MOST_HELD || entry.seq === this.#end + 1) this.#held.set(entry.seq, entry);
  }

  #advance(entries: readonly LogEntry[], accountedTo: number): Shown[] {
    const inPage = new Map(entries.map((entry) => [entry.seq, entry]));
    const shown: Shown[] = [];
    for (;;) {
      const seq = this.#end + 1;
      const entry = this.#held.get(seq) ?? inPage.get(seq);
      if (!entry && seq > accountedTo) return shown;
      this.#held.delete(seq);
      this.#end = seq;
      shown.push(entry ? { entry } : { gap: { from: seq, to: seq } });
    }
  }
}

/** Whether a page can be the answer to "what stands after `since`": a late answer to another question is not. */
export function follows(since: number, { entries, floor, upTo }: Page): boolean {
  const [first] = entries;
  if (first) return first.seq === Math.max(since, floor) + 1;
  return upTo === since || (upTo > since && floor >= upTo);
}

/** Whether a page ends the asking or brings it further: what is stored and cannot be read yet may hold it up for a moment. */
export function leadsOn(since: number, { floor, upTo, more }: Page): boolean {
  return !more || Math.max(upTo, floor) > since;
}
