import type { StreamRecord } from '../dynamodb/stream-record.ts';
import type { Shard, TableStreams } from '../dynamodb/streams.ts';
import type { Checkpoints } from './checkpoints.ts';
import { failureRecord, type GivenUp } from './failure-record.ts';
import type { StreamMapping } from './mapping.ts';
import { Bell, pause } from './pause.ts';
import { batchOf, type PollerParts } from './poller.ts';
import { deliver } from './shard-delivery.ts';

export interface StreamPollerParts extends PollerParts {
  readonly streams: TableStreams;
  readonly checkpoints: Checkpoints;
  /** Puts a message in the mapping's on-failure queue. */
  readonly tellOfFailure: (body: string) => void;
}

/** Reads one stream for one function, shard by shard, a parent before its children, each record in its turn. */
export class StreamPoller {
  private readonly mapping: StreamMapping;
  private readonly parts: StreamPollerParts;

  constructor(mapping: StreamMapping, parts: StreamPollerParts) {
    this.mapping = mapping;
    this.parts = parts;
  }

  /** Settles where a mapping that never ran begins; what is written from then on is read. */
  async prepare(): Promise<void> {
    const { id, sourceArn, startsAtLatest } = this.mapping;
    const { streams, checkpoints } = this.parts;
    if (checkpoints.knows(id)) return;
    const shards = await streams.shards(sourceArn);
    if (startsAtLatest) {
      for (const shard of shards) checkpoints.set(id, shard.id, await streams.tail(sourceArn, shard.id));
    }
    checkpoints.keepOnly(
      id,
      shards.map((shard) => shard.id),
    );
  }

  /** Resolves when the signal has ended it. */
  async run(): Promise<void> {
    const { signal, clock, fault } = this.parts;
    const running = new Map<string, Promise<void>>();
    while (!signal.aborted) {
      try {
        for (const shard of await this.readyShards()) {
          if (running.has(shard.id)) continue;
          const read = this.readShard(shard.id).finally(() => running.delete(shard.id));
          running.set(shard.id, read);
        }
        if (running.size > 0) await Promise.race(running.values());
        else await pause(clock, FAULT_PAUSE_MS, signal);
      } catch (error) {
        if (!signal.aborted) fault(error);
        await pause(clock, FAULT_PAUSE_MS, signal); // and from the checkpoint again
      }
    }
    await Promise.allSettled(running.values());
  }

  private async readyShards(): Promise<Shard[]> {
    const { id, sourceArn } = this.mapping;
    const { streams, checkpoints } = this.parts;
    const shards = await streams.shards(sourceArn);
    const known = shards.map((shard) => shard.id);
    checkpoints.keepOnly(id, known);
    const isDone = (shardId: string) => checkpoints.of(id, shardId)?.ended === true;
    return shards.filter(
      (shard) =>
        !isDone(shard.id) &&
        (shard.parent === undefined || !known.includes(shard.parent) || isDone(shard.parent)),
    );
  }

  private async readShard(shardId: string): Promise<void> {
    const { mapping, parts } = this;
    const { clock, signal, streams, checkpoints } = parts;
    let after = checkpoints.of(mapping.id, shardId)?.after;
    const reader = streams.open(mapping.sourceArn, shardId, after);
    const bell = new Bell(clock, signal);
    const off = streams.onChange(mapping.sourceArn, () => bell.ring());
    const reach = (sequenceNumber: string | undefined, ended = false) => {
      if (sequenceNumber === after && !ended) return;
      after = sequenceNumber;
      checkpoints.set(mapping.id, shardId, { ...(after === undefined ? {} : { after }), ended });
    };
    let pending: StreamRecord[] = [];
    let seen = after;
    let due: number | undefined;
    try {
      while (!signal.aborted) {
        await this.readable();
        const readAt = clock.now();
        const { records, ended } = await reader.next(mapping.batchSize - pending.length);
        seen = records.at(-1)?.dynamodb.SequenceNumber ?? seen;
        pending.push(...records.filter(mapping.matches));
        if (pending.length > 0) due ??= clock.now() + mapping.windowMs;

        const enough = pending.length >= mapping.batchSize || ended;
        if (pending.length > 0 && (enough || clock.now() >= (due ?? 0))) {
          await this.deliverAll(pending, shardId, reach);
          if (signal.aborted) return;
          pending = [];
          due = undefined;
        }
        if (pending.length === 0) reach(seen); // what the filter dropped has been dealt with, too
        if (ended) return reach(seen, true);
        if (records.length > 0) continue;
        await bell.sleep(Math.max(0, Math.min(IDLE_MS, wait(due, clock.now()))));
        await pause(clock, Math.max(0, readAt + BASE_INTERVAL_MS - clock.now()), signal);
      }
    } finally {
      off();
    }
  }

  private async deliverAll(
    pending: readonly StreamRecord[],
    shardId: string,
    reach: (sequenceNumber: string) => void,
  ): Promise<void> {
    const { mapping, parts } = this;
    let left = pending;
    while (left.length > 0 && !parts.signal.aborted) {
      const batch = batchOf(left, mapping.batchSize);
      left = left.slice(batch.length);
      await deliver(batch, mapping, parts, {
        reached: (record) => reach(record.dynamodb.SequenceNumber),
        givenUp: (records, why) => this.giveUp(records, shardId, why),
      });
    }
  }

  private giveUp(
    records: readonly StreamRecord[],
    shardId: string,
    why: { readonly condition: GivenUp; readonly invocations: number },
  ): void {
    if (this.mapping.onFailure === undefined) return;
    const at = this.parts.clock.now();
    this.parts.tellOfFailure(failureRecord(this.mapping, { ...why, records, shardId, at }));
  }

  /** Waits while the table's key cannot be used. */
  private async readable(): Promise<void> {
    const { streams, clock, signal, fault } = this.parts;
    while (!streams.isReadable(this.mapping.sourceArn) && !signal.aborted) {
      fault(
        new Error(
          `${this.mapping.where} waits: the AWS KMS key of the table behind ${this.mapping.sourceArn} is disabled or pending deletion`,
        ),
      );
      await pause(clock, FAULT_PAUSE_MS, signal);
    }
  }
}

/** Lambda asks again 4 times a second (Lambda developer guide, "Using Lambda with DynamoDB"), so that writes gather. */
const BASE_INTERVAL_MS = 250;
/** Writes ring; this is for what was written past the front door. */
const IDLE_MS = 500;
const FAULT_PAUSE_MS = 1000;

function wait(due: number | undefined, now: number): number {
  return due === undefined ? Number.POSITIVE_INFINITY : due - now;
}
