import { randomBytes, randomUUID } from 'node:crypto';
import type { CancelTimer, Clock } from '../clock.ts';
import type { Message } from './message.ts';
import type { MessageLog } from './message-log.ts';
import type { QueueSettings } from './queue-settings.ts';

/** What a sender says of a message. */
export interface Sent {
  readonly body: string;
  readonly attributes?: Message['attributes'];
  readonly traceHeader?: string;
  readonly senderId: string;
  /** @default the queue's */
  readonly delaySeconds?: number;
}

/** A message and the handle by which whoever received it deletes it. */
export interface Received {
  readonly message: Message;
  readonly receiptHandle: string;
}

/** One standard queue: messages seen by one receiver at a time, by the Clock, and gone when deleted or too old. */
export class Queue {
  readonly settings: QueueSettings;
  private readonly clock: Clock;
  private readonly log: MessageLog;
  private readonly deadLetters: () => Queue | undefined;
  private readonly listeners = new Set<() => void>();
  private nextVisible: CancelTimer | undefined;
  private purgedAt = Number.NEGATIVE_INFINITY;

  constructor(
    settings: QueueSettings,
    parts: { clock: Clock; log: MessageLog; deadLetters: () => Queue | undefined },
  ) {
    this.settings = settings;
    this.clock = parts.clock;
    this.log = parts.log;
    this.deadLetters = parts.deadLetters;
    this.planNextVisible();
  }

  send(sent: Sent): Message {
    const now = this.clock.now();
    const message: Message = {
      id: randomUUID(),
      body: sent.body,
      attributes: sent.attributes ?? {},
      ...(sent.traceHeader === undefined ? {} : { traceHeader: sent.traceHeader }),
      senderId: sent.senderId,
      sentAt: now,
      visibleAt: now + (sent.delaySeconds ?? this.settings.delaySeconds) * 1000,
      receiveCount: 0,
    };
    this.accept(message);
    return message;
  }

  /** Up to `most` messages, hidden from others for `visibilitySeconds` of the clock. */
  receive(most: number, visibilitySeconds = this.settings.visibilitySeconds): Received[] {
    const now = this.clock.now();
    const received: Received[] = [];
    for (const message of this.present()) {
      if (received.length >= most) break;
      if (message.visibleAt > now || this.redriven(message)) continue;
      const receipt = randomBytes(16).toString('hex');
      const changed = this.log.change(this.settings.arn, message, {
        receipt,
        receiveCount: message.receiveCount + 1,
        visibleAt: now + visibilitySeconds * 1000,
        firstReceivedAt: message.firstReceivedAt ?? now,
        lastReceivedAt: now,
      });
      received.push({ message: changed, receiptHandle: handleOf(message.id, receipt) });
    }
    this.planNextVisible();
    return received;
  }

  /**
   * Deletes what was received under this handle, also after it became visible again; false where the handle is no
   * queue's. A handle from before a later receive is taken and deletes nothing (SQS API reference, DeleteMessage).
   */
  delete(receiptHandle: string): boolean {
    const read = readHandle(receiptHandle);
    if (!read) return false;
    const message = this.messages.get(read.id);
    if (message?.receipt === read.receipt) this.log.remove(this.settings.arn, message.id);
    return true;
  }

  /** From now on hidden for so long; `unknown` handle, message not `in-flight`, or `too-long` (12 hours in all). */
  changeVisibility(
    receiptHandle: string,
    seconds: number,
  ): 'done' | 'unknown' | 'not-in-flight' | 'too-long' {
    const read = readHandle(receiptHandle);
    if (!read) return 'unknown';
    const now = this.clock.now();
    const message = this.present().find(({ id }) => id === read.id);
    if (message?.receipt !== read.receipt || message.visibleAt <= now) return 'not-in-flight';
    if (now + seconds * 1000 > (message.lastReceivedAt ?? now) + LONGEST_INVISIBLE_MS) return 'too-long';
    this.log.change(this.settings.arn, message, { visibleAt: now + seconds * 1000 });
    this.planNextVisible();
    return 'done';
  }

  /** Deletes every message; false within 60 seconds of the last time. */
  purge(): boolean {
    if (this.clock.now() - this.purgedAt < PURGE_PAUSE_MS) return false;
    this.purgedAt = this.clock.now();
    for (const id of [...this.messages.keys()]) this.log.remove(this.settings.arn, id);
    return true;
  }

  counts(): { readonly visible: number; readonly inFlight: number; readonly delayed: number } {
    const now = this.clock.now();
    const hidden = this.present().filter(({ visibleAt }) => visibleAt > now);
    const delayed = hidden.filter(({ receiveCount }) => receiveCount === 0).length;
    return { visible: this.messages.size - hidden.length, inFlight: hidden.length - delayed, delayed };
  }

  /** Calls `listener` when a message may have become visible; the answer takes it off again. */
  onVisible(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): void {
    this.nextVisible?.();
    this.listeners.clear();
  }

  private get messages(): Map<string, Message> {
    return this.log.of(this.settings.arn);
  }

  private accept(message: Message): void {
    this.log.put(this.settings.arn, message);
    if (message.visibleAt <= this.clock.now()) this.tell();
    else this.planNextVisible();
  }

  /** Oldest first, without those past the retention period. */
  private present(): Message[] {
    const forgotten = this.clock.now() - this.settings.retentionSeconds * 1000;
    for (const { id, sentAt } of [...this.messages.values()]) {
      if (sentAt <= forgotten) this.log.remove(this.settings.arn, id);
    }
    return [...this.messages.values()];
  }

  /** Moves what was received often enough; it keeps its id and its age (SQS developer guide, "Dead-letter queues"). */
  private redriven(message: Message): boolean {
    const { redrive, arn } = this.settings;
    const target = this.deadLetters();
    if (!redrive || !target || message.receiveCount < redrive.maxReceiveCount) return false;
    this.log.remove(arn, message.id);
    const { receipt: _, ...kept } = message;
    target.accept({ ...kept, deadLetterSource: arn, visibleAt: this.clock.now() });
    return true;
  }

  private planNextVisible(): void {
    this.nextVisible?.();
    const now = this.clock.now();
    const times = [...this.messages.values()]
      .map(({ visibleAt }) => visibleAt)
      .filter((visibleAt) => visibleAt > now);
    if (times.length === 0) return;
    const next = times.reduce((least, time) => Math.min(least, time));
    this.nextVisible = this.clock.at(next, () => {
      this.tell();
      this.planNextVisible();
    });
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

/** SQS developer guide, "Amazon SQS visibility timeout". */
const LONGEST_INVISIBLE_MS = 12 * 3600 * 1000;
/** SQS API reference, PurgeQueue. */
const PURGE_PAUSE_MS = 60_000;

function handleOf(id: string, receipt: string): string {
  return Buffer.from(`${id} ${receipt}`).toString('base64');
}

function readHandle(handle: string): { id: string; receipt: string } | undefined {
  const [, id, receipt] =
    /^([0-9a-f-]{36}) ([0-9a-f]{32})$/.exec(Buffer.from(handle, 'base64').toString()) ?? [];
  return id === undefined || receipt === undefined ? undefined : { id, receipt };
}
