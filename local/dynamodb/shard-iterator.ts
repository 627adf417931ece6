import { AwsError } from '../front-door/service.ts';
import type { EngineClient } from './engine-client.ts';
import { sequenceNumberOf } from './stream-record.ts';
import { type Document, objects, text } from './wire.ts';

/** A shard of a stream, by the names that the engine gives both. */
export interface ShardName {
  readonly StreamArn: string;
  readonly ShardId: string;
}

/** A place in one shard that moves on as it is read. */
export class ShardIterator {
  private readonly engine: EngineClient;
  private readonly shard: ShardName;
  private after: string | undefined;
  private iterator: string | undefined;

  /** Starts behind the record `after`, or with the oldest that there is. */
  constructor(engine: EngineClient, shard: ShardName, after?: string) {
    this.engine = engine;
    this.shard = shard;
    this.after = after;
  }

  /** The next records; `ended` where the shard is closed and has been read to its end. */
  async next(limit: number): Promise<{ readonly records: readonly Document[]; readonly ended: boolean }> {
    const answer = await this.read(Math.min(limit, LARGEST_READ));
    const records = objects(answer.Records);
    const last = records.at(-1);
    if (last) this.after = sequenceNumberOf(last);
    this.iterator = text(answer.NextShardIterator);
    return { records, ended: this.iterator === undefined };
  }

  /** Iterators live for 15 minutes, records for 24 hours (DynamoDB Streams API reference, GetRecords). */
  private async read(Limit: number): Promise<Document> {
    try {
      this.iterator ??= await this.open();
      return await this.engine.callStreams('GetRecords', { ShardIterator: this.iterator, Limit });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      if (error.code === 'TrimmedDataAccessException') this.after = undefined;
      else if (error.code !== 'ExpiredIteratorException') throw error;
      this.iterator = await this.open();
      return this.engine.callStreams('GetRecords', { ShardIterator: this.iterator, Limit });
    }
  }

  private async open(): Promise<string> {
    const from =
      this.after === undefined
        ? { ShardIteratorType: 'TRIM_HORIZON' }
        : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: this.after };
    const { ShardIterator } = await this.engine.callStreams('GetShardIterator', { ...this.shard, ...from });
    return String(ShardIterator);
  }
}

/** DynamoDB Streams API reference, GetRecords. */
const LARGEST_READ = 1000;
