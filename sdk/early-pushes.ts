import type { LogEntry } from '../protocol/frames.ts';

/**
 * Pushes of conversations that nobody has named, kept until the first sync says which of them are old: an old one is
 * followed from its end, a new one from its beginning.
 */
export class EarlyPushes {
  readonly #entries = new Map<string, LogEntry[]>();
  #isOver = false;

  get isOver(): boolean {
    return this.#isOver;
  }

  keep(conversationId: string, entry: LogEntry): void {
    this.#entries.set(conversationId, [...this.take(conversationId), entry]);
  }

  /** Those of a conversation, which are kept no longer. */
  take(conversationId: string): readonly LogEntry[] {
    const entries = this.#entries.get(conversationId) ?? [];
    this.#entries.delete(conversationId);
    return entries;
  }

  /** Those of every conversation, which are kept no longer. */
  takeAll(): readonly (readonly [conversationId: string, entries: readonly LogEntry[]])[] {
    const all = [...this.#entries];
    this.#entries.clear();
    return all;
  }

  /** From now on nothing needs to be kept. */
  end(): void {
    this.#isOver = true;
  }
}
