import type { StreamRecord } from '../dynamodb/stream-record.ts';
import type { Invocation } from '../lambda/invoke.ts';
import type { StreamMapping } from './mapping.ts';

/** Why a part of a stream was given up. */
export type GivenUp = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

/**
 * What an on-failure destination hears of records that were given up: where they stand in the stream, nothing of what is
 * in them (Lambda developer guide, "Retain discarded records for a DynamoDB event source").
 */
export function failureRecord(
  mapping: StreamMapping,
  given: {
    readonly shardId: string;
    readonly records: readonly StreamRecord[];
    readonly condition: GivenUp;
    readonly invocations: number;
    /** The last one; absent where the records were too old to be tried. */
    readonly last?: Invocation;
    readonly at: number;
  },
): string {
  const { records, last, shardId } = given;
  const [first, final] = [records[0], records.at(-1)];
  return JSON.stringify({
    requestContext: {
      ...(last ? { requestId: last.requestId } : {}),
      functionArn: mapping.target.arn,
      condition: given.condition,
      approximateInvokeCount: given.invocations,
    },
    ...(last
      ? {
          responseContext: {
            statusCode: 200,
            executedVersion: '$LATEST',
            ...(last.functionError ? { functionError: last.functionError } : {}),
          },
        }
      : {}),
    version: '1.0',
    timestamp: new Date(given.at).toISOString(),
    DDBStreamBatchInfo: {
      shardId,
      startSequenceNumber: first?.dynamodb.SequenceNumber,
      endSequenceNumber: final?.dynamodb.SequenceNumber,
      approximateArrivalOfFirstRecord: arrivalOf(first),
      approximateArrivalOfLastRecord: arrivalOf(final),
      batchSize: records.length,
      streamArn: mapping.sourceArn,
    },
  });
}

function arrivalOf(record: StreamRecord | undefined): string | undefined {
  const seconds = record?.dynamodb.ApproximateCreationDateTime;
  return seconds === undefined ? undefined : new Date(seconds * 1000).toISOString().replace(/\.\d{3}/, '');
}
