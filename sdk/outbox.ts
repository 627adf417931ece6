import type { MessageBody } from '../protocol/bodies.ts';
import { ChatError } from './errors.ts';
import type { FrameOf } from './frames.ts';
import type { Logger } from './world.ts';

/**
 * `queued`: not sent yet. `sending`: sent at least once, so it may be stored. `accepted`, `refused`: settled. `abandoned`: the
 * chat was closed before; what a kept outbox holds goes on with the next chat.
 */
export type MessageStatus = 'queued' | 'sending' | 'accepted' | 'refused' | 'abandoned';

/** Where and when a message was stored. */
export type Acknowledgement = Pick<FrameOf<'message.accepted'>, 'seq' | 'messageId' | 'at'>;

/** A message of one's own on its way. */
export interface OutgoingMessage {
  readonly ref: string;
  readonly conversationId: string;
  readonly body: MessageBody;
  readonly status: MessageStatus;
  /** Resolves when it is stored. Rejects where the server refuses it or the chat is closed, never because of time. */
  readonly acknowledged: Promise<Acknowledgement>;
}

/** The event `status`. */
export interface StatusChange {
  readonly ref: string;
  readonly conversationId: string;
  readonly status: MessageStatus;
  /** Of the refusal. */
  readonly code?: string;
}

/** A message as it must be kept until it is acknowledged. */
export interface Unacknowledged {
  readonly ref: string;
  readonly conversationId: string;
  readonly body: MessageBody;
  /** The known end when it was first sent; the same in every repeat. Absent: never sent. */
  readonly since?: number;
}

/** Where unacknowledged messages are kept, for one person. They are PHI: keep them only where that may be. */
export interface OutboxStorage {
  /** Those put and not removed, in the order in which they were first put. */
  load(): Promise<readonly Unacknowledged[]>;
  /** Keeps it under its `ref`, in place of what is kept there. */
  put(message: Unacknowledged): Promise<void>;
  remove(ref: string): Promise<void>;
}

interface Item {
  kept: Unacknowledged;
  readonly handle: { -readonly [Field in keyof OutgoingMessage]: OutgoingMessage[Field] };
  readonly resolve: (acknowledgement: Acknowledgement) => void;
  readonly reject: (error: ChatError) => void;
}

interface OutboxOptions {
  /** @default in memory alone: nothing of it is left when the app is gone */
  readonly storage?: OutboxStorage | undefined;
  readonly log: Logger;
  changed(change: StatusChange): void;
}

/** The messages that are not acknowledged yet, in the order in which they were written. */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #items = new Map<string, Item>();
  #writes: Promise<void> = Promise.resolve();

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Takes up what an earlier chat left, before what was written meanwhile. */
  async restore(): Promise<void> {
    const left = (await this.#options.storage?.load()) ?? [];
    const newer = [...this.#items];
    this.#items.clear();
    for (const kept of left) this.#items.set(kept.ref, itemOf(kept));
    for (const [ref, item] of newer) this.#items.set(ref, item);
  }

  add(message: Unacknowledged): OutgoingMessage {
    const item = itemOf(message);
    this.#items.set(message.ref, item);
    void this.#write((storage) => storage.put(message));
    return item.handle;
  }

  list(): OutgoingMessage[] {
    return [...this.#items.values()].map(({ handle }) => handle);
  }

  /** What is to be sent next in a conversation. */
  next(conversationId: string): Unacknowledged | undefined {
    return [...this.#items.values()].find(({ kept }) => kept.conversationId === conversationId)?.kept;
  }

  get(ref: string): Unacknowledged | undefined {
    return this.#items.get(ref)?.kept;
  }

  /** Notes where the server shall look for an earlier attempt from: before the first, and again only after `behind`. */
  async note(ref: string, since: number): Promise<void> {
    const item = this.#items.get(ref);
    if (!item) return;
    const kept = { ...item.kept, since };
    await this.#write((storage) => storage.put(kept)); // if this is lost, so is every attempt that came after it
    item.kept = kept;
    if (item.handle.status === 'queued') this.#change(item, 'sending');
  }

  accept(ref: string, { seq, messageId, at }: Acknowledgement): void {
    const item = this.#take(ref);
    if (!item) return;
    this.#change(item, 'accepted');
    item.resolve({ seq, messageId, at });
  }

  refuse(ref: string, error: ChatError): void {
    const item = this.#take(ref);
    if (!item) return;
    this.#change(item, 'refused', error.code);
    item.reject(error);
  }

  /** Takes everything off this device: nothing of it is sent, and nothing of it is left in a storage. */
  erase(): void {
    for (const [ref, { handle }] of this.#items) {
      const mayBeStored = handle.status === 'sending';
      const message = 'the organisation ended this sign-in, and what waited on this device was erased';
      this.refuse(ref, new ChatError('session-ended', message, { ref, mayBeStored }));
    }
  }

  /** Lets go of everything; what is kept in a storage stays there. */
  abandon(): void {
    for (const [ref, item] of this.#items) {
      const mayBeStored = item.handle.status === 'sending';
      const message =
        'the chat was closed before the message was acknowledged; send it again with the same ref';
      this.#change(item, 'abandoned');
      item.reject(new ChatError('closed', message, { ref, mayBeStored, retryable: true }));
    }
    this.#items.clear();
  }

  #take(ref: string): Item | undefined {
    const item = this.#items.get(ref);
    if (!this.#items.delete(ref)) return undefined;
    void this.#write((storage) => storage.remove(ref));
    return item;
  }

  #change({ handle }: Item, status: MessageStatus, code?: string): void {
    handle.status = status;
    const { ref, conversationId } = handle;
    this.#options.changed({ ref, conversationId, status, ...(code !== undefined && { code }) });
  }

  /** One after the other. A storage that fails must not hold up a message that memory still has. */
  #write(write: (storage: OutboxStorage) => Promise<void>): Promise<void> {
    const { storage, log } = this.#options;
    if (!storage) return this.#writes;
    this.#writes = this.#writes
      .then(() => write(storage))
      .catch(() => log.warn('outbox-not-kept', { waiting: this.#items.size }));
    return this.#writes;
  }
}

function itemOf(kept: Unacknowledged): Item {
  const { ref, conversationId, body, since } = kept;
  let settle: Pick<Item, 'resolve' | 'reject'> = { resolve: () => {}, reject: () => {} };
  const acknowledged = new Promise<Acknowledgement>((resolve, reject) => {
    settle = { resolve, reject };
  });
  acknowledged.catch(() => {}); // an app that looks at `status` instead need not catch it
  const status = since === undefined ? 'queued' : 'sending';
  return { kept, handle: { ref, conversationId, body, status, acknowledged }, ...settle };
}
