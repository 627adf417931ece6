import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import type { Authorization } from '../iam/policy.ts';
import { type KeyPolicy, streamAuthorizations } from './authorizations.ts';
import type { EngineClient } from './engine-client.ts';
import { ExpiryMarks } from './expiry-marks.ts';
import { ShardIterator, type ShardName } from './shard-iterator.ts';
import { type StreamRecord, sequenceNumberOf, streamRecordOf } from './stream-record.ts';
import type { Table } from './table.ts';
import { type Document, type Item, item, object, objects, text } from './wire.ts';

export interface TableStreamsOptions {
  readonly account: Account;
  readonly clock: Clock;
  readonly engine: EngineClient;
  readonly keyPolicyOf: (keyArn: string) => KeyPolicy;
  /** Where it is kept which records are time to live's; absent: gone with the run. */
  readonly marksFile?: string;
}

/** A part of a stream whose records have an order; it is read after `parent`, where that is still there. */
export interface Shard {
  readonly id: string;
  readonly parent?: string;
}

/** Reads on in one shard; `ended` where it is closed and read to its end. */
export interface ShardReader {
  next(limit: number): Promise<{ readonly records: readonly StreamRecord[]; readonly ended: boolean }>;
}

/** The streams of the tables, under the ARNs that the template sees, for Lambda's pollers. */
export class TableStreams {
  private readonly options: TableStreamsOptions;
  private readonly marks: ExpiryMarks;
  private readonly streams = new Map<string, Stream>();

  constructor(options: TableStreamsOptions) {
    this.options = options;
    this.marks = new ExpiryMarks(options.clock, options.marksFile);
  }

  /** @param engineArn the name that the engine gave the stream */
  add(table: Table, engineArn: string): void {
    if (table.streamArn === undefined) return;
    const { streamArn } = table;
    this.streams.set(streamArn, {
      table,
      streamArn,
      engineArn,
      listeners: new Set(),
      arrivals: new Map(),
      settled: undefined,
    });
  }

  has(streamArn: string): boolean {
    return this.streams.has(streamArn);
  }

  /** What a role must be allowed before it reads the stream. */
  authorizations(streamArn: string): readonly Authorization[] {
    const { account, keyPolicyOf } = this.options;
    return streamAuthorizations(this.stream(streamArn).table, streamArn, account, keyPolicyOf);
  }

  /** False while the table's own key is disabled or waits for its deletion. */
  isReadable(streamArn: string): boolean {
    const { keyArn } = this.stream(streamArn).table;
    return keyArn === undefined || this.options.keyPolicyOf(keyArn).usable;
  }

  /** Oldest first. */
  async shards(streamArn: string): Promise<Shard[]> {
    const { engineArn } = this.stream(streamArn);
    const shards: Shard[] = [];
    let ExclusiveStartShardId: string | undefined;
    do {
      const { StreamDescription } = await this.options.engine.callStreams('DescribeStream', {
        StreamArn: engineArn,
        ExclusiveStartShardId,
      });
      const page = object(StreamDescription);
      for (const shard of objects(page.Shards)) {
        const parent = text(shard.ParentShardId);
        shards.push({ id: String(shard.ShardId), ...(parent === undefined ? {} : { parent }) });
      }
      ExclusiveStartShardId = text(page.LastEvaluatedShardId);
    } while (ExclusiveStartShardId !== undefined);
    return shards;
  }

  /** Reads from behind the record `after`, or from the oldest that there is. */
  open(streamArn: string, shardId: string, after?: string): ShardReader {
    const stream = this.stream(streamArn);
    const iterator = new ShardIterator(this.options.engine, nameOf(stream, shardId), after);
    return {
      next: async (limit) => {
        const { records, ended } = await iterator.next(limit);
        await stream.settled; // a delete of time to live that these may hold is marked by then
        return { records: records.map((record) => this.translated(record, stream)), ended };
      },
    };
  }

  /** The sequence number of the newest record in the shard, and whether the shard is closed. */
  async tail(streamArn: string, shardId: string): Promise<{ after?: string; ended: boolean }> {
    const iterator = new ShardIterator(this.options.engine, nameOf(this.stream(streamArn), shardId));
    let after: string | undefined;
    for (;;) {
      const { records, ended } = await iterator.next(Number.MAX_SAFE_INTEGER);
      const last = records.at(-1);
      if (last) after = sequenceNumberOf(last);
      if (ended || !last) return { ...(after === undefined ? {} : { after }), ended };
    }
  }

  /** Calls `listener` after each write to the table; the answer takes it off again. */
  onChange(streamArn: string, listener: () => void): () => void {
    const { listeners } = this.stream(streamArn);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Tells whoever reads the table's stream that there may be more. */
  changed(table: string): void {
    for (const stream of this.streams.values()) {
      if (stream.table.name === table) for (const listener of stream.listeners) listener();
    }
  }

  /**
   * Runs a sweep of time to live and marks the records of what it deleted. `sweep` says `starts` before its first
   * delete: from then on until all are marked, no reader is handed records.
   */
  async marking(table: Table, sweep: (starts: () => void) => Promise<readonly Item[]>): Promise<number> {
    const stream = table.streamArn === undefined ? undefined : this.streams.get(table.streamArn);
    if (!stream) return (await sweep(() => {})).length;
    const before = await this.ends(stream);
    let settle = () => {};
    try {
      const deleted = await sweep(() => {
        stream.settled ??= new Promise((resolve) => {
          settle = resolve;
        });
      });
      if (deleted.length > 0) this.marks.add(await this.recordsOf(stream, before, deleted));
      return deleted.length;
    } finally {
      stream.settled = undefined;
      settle();
      this.changed(table.name);
    }
  }

  private async ends(stream: Stream): Promise<Map<string, string>> {
    const { engine } = this.options;
    const shards = await this.shards(stream.streamArn);
    const ends = shards.map(async ({ id }): Promise<[string, string]> => {
      const latest = { ...nameOf(stream, id), ShardIteratorType: 'LATEST' };
      return [id, String((await engine.callStreams('GetShardIterator', latest)).ShardIterator)];
    });
    return new Map(await Promise.all(ends));
  }

  /** Sequence numbers of the first REMOVE of each item, in what came after those ends. */
  private async recordsOf(
    stream: Stream,
    before: ReadonlyMap<string, string>,
    deleted: readonly Item[],
  ): Promise<string[]> {
    const { keys } = stream.table;
    const idOf = (from: Item) => JSON.stringify(keys.map((name) => from[name]));
    const wanted = new Set(deleted.map(idOf));
    const found: string[] = [];
    for (const start of before.values()) {
      let ShardIterator: string | undefined = start;
      while (ShardIterator !== undefined && wanted.size > 0) {
        const page: Document = await this.options.engine.callStreams('GetRecords', { ShardIterator });
        const records = objects(page.Records);
        for (const record of records) {
          const id = idOf(item(object(record.dynamodb).Keys));
          if (record.eventName === 'REMOVE' && wanted.delete(id)) found.push(sequenceNumberOf(record));
        }
        ShardIterator = records.length === 0 ? undefined : text(page.NextShardIterator);
      }
    }
    return found;
  }

  private translated(record: Document, stream: Stream): StreamRecord {
    const sequenceNumber = sequenceNumberOf(record);
    return streamRecordOf(record, {
      account: this.options.account,
      streamArn: stream.streamArn,
      seconds: Math.floor(this.arrival(record, sequenceNumber, stream) / 1000),
      expired: this.marks.has(sequenceNumber),
    });
  }

  /** The engine says only in which minute of its own clock a record came: seen sooner, it is as old as it was seen. */
  private arrival(record: Document, sequenceNumber: string, { arrivals }: Stream): number {
    const known = arrivals.get(sequenceNumber);
    if (known !== undefined) return known;
    const now = this.options.clock.now();
    const minute = Number(object(record.dynamodb).ApproximateCreationDateTime) * 1000;
    const latest = minute + MINUTE_MS + (now - Date.now());
    const at = Math.min(now, latest);
    arrivals.set(sequenceNumber, at);
    const [oldest] = arrivals.size > KEPT_ARRIVALS ? arrivals.keys() : [];
    if (oldest !== undefined) arrivals.delete(oldest);
    return at;
  }

  private stream(streamArn: string): Stream {
    const stream = this.streams.get(streamArn);
    if (!stream) throw new Error(`no table of the template has the stream ${streamArn}`);
    return stream;
  }
}

interface Stream {
  readonly table: Table;
  readonly streamArn: string;
  readonly engineArn: string;
  readonly listeners: Set<() => void>;
  /** By sequence number: milliseconds since the epoch, the same for every reader. */
  readonly arrivals: Map<string, number>;
  /** Set while time to live deletes. */
  settled: Promise<void> | undefined;
}

const MINUTE_MS = 60_000;
const KEPT_ARRIVALS = 20_000;

function nameOf(stream: Stream, shardId: string): ShardName {
  return { StreamArn: stream.engineArn, ShardId: shardId };
}
