import type { Queue, Received } from '../sqs/queue.ts';
import type { QueueMapping } from './mapping.ts';
import { outcomeOf } from './outcome.ts';
import { Bell, pause } from './pause.ts';
import { batchOf, invoke, type PollerParts } from './poller.ts';
import { queueFilter, queueRecord } from './queue-event.ts';

export interface QueuePollerParts extends PollerParts {
  readonly queue: Queue;
  /** False while the queue's key cannot be used. */
  readonly isUsable: () => boolean;
}

/** Receives from one queue for one function: what was handled is deleted, the rest is seen again after its timeout. */
export class QueuePoller {
  private readonly mapping: QueueMapping;
  private readonly parts: QueuePollerParts;
  private readonly matches: (record: unknown) => boolean;
  private readonly running = new Set<Promise<void>>();

  constructor(mapping: QueueMapping, parts: QueuePollerParts) {
    this.mapping = mapping;
    this.parts = parts;
    this.matches = queueFilter(mapping.patterns, mapping.where);
  }

  /** Resolves when the signal has ended it. */
  async run(): Promise<void> {
    const { clock, signal, queue } = this.parts;
    const bell = new Bell(clock, signal);
    const off = queue.onVisible(() => bell.ring());
    let pending: Received[] = [];
    let due: number | undefined;
    while (!signal.aborted) {
      await this.usable();
      if (this.running.size >= this.mapping.maximumConcurrency) {
        await Promise.race(this.running);
        continue;
      }
      const most = Math.min(LARGEST_RECEIVE, this.mapping.batchSize - pending.length);
      const received = signal.aborted ? [] : queue.receive(most);
      pending.push(...received.filter((one) => this.keeps(one)));
      if (pending.length > 0) due ??= clock.now() + this.mapping.windowMs;
      const isFull = pending.length >= this.mapping.batchSize;
      if (pending.length > 0 && (isFull || clock.now() >= (due ?? 0))) {
        this.start(pending);
        pending = [];
        due = undefined;
      }
      if (received.length > 0) continue;
      await bell.sleep(due === undefined ? IDLE_MS : Math.max(0, due - clock.now()));
    }
    off();
    await Promise.allSettled(this.running);
  }

  /** A message that the filter does not let through is deleted (Lambda developer guide, "Control which events …"). */
  private keeps(received: Received): boolean {
    const { queue, account } = this.parts;
    if (this.matches(queueRecord(received, queue.settings.arn, account))) return true;
    queue.delete(received.receiptHandle);
    return false;
  }

  private start(pending: readonly Received[]): void {
    const handled = this.handle(pending).catch((error: unknown) => this.parts.fault(error));
    this.running.add(handled);
    void handled.then(() => this.running.delete(handled));
  }

  private async handle(pending: readonly Received[]): Promise<void> {
    const { mapping, parts } = this;
    const { queue, account } = parts;
    let left = pending.map((one) => ({ one, record: queueRecord(one, queue.settings.arn, account) }));
    while (left.length > 0) {
      const batch = left.slice(
        0,
        batchOf(
          left.map(({ record }) => record),
          mapping.batchSize,
        ).length,
      );
      left = left.slice(batch.length);
      const source = { functionArn: mapping.target.arn, sourceArn: mapping.sourceArn };
      const invocation = await invoke(
        parts,
        source,
        batch.map(({ record }) => record),
      );
      if (!invocation) return;
      const ids = new Set(batch.map(({ one }) => one.message.id));
      const outcome = outcomeOf(invocation, mapping.reportsFailures, ids);
      if (outcome === 'failure') continue;
      for (const { one } of batch) {
        if (outcome === 'success' || !outcome.failed.has(one.message.id)) queue.delete(one.receiptHandle);
      }
    }
  }

  private async usable(): Promise<void> {
    const { clock, signal, fault, isUsable, queue } = this.parts;
    while (!isUsable() && !signal.aborted) {
      const { customerKey } = queue.settings;
      fault(
        new Error(`${this.mapping.where} waits: the AWS KMS key ${customerKey} of its queue is not usable`),
      );
      await pause(clock, FAULT_PAUSE_MS, signal);
    }
  }
}

/** SQS API reference, ReceiveMessage. */
const LARGEST_RECEIVE = 10;
/** The queue rings when something is to be seen; this is for nothing but a forgotten ring. */
const IDLE_MS = 20_000;
const FAULT_PAUSE_MS = 1000;
