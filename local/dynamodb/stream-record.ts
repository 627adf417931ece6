import type { Account } from '../account.ts';
import { type Document, object } from './wire.ts';

/** One change of an item in the shape in which Lambda hands it on (Lambda developer guide, "Using Lambda with DynamoDB"). */
export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly eventVersion: '1.1';
  readonly eventSource: 'aws:dynamodb';
  readonly awsRegion: string;
  readonly dynamodb: {
    /** Seconds since the epoch, by the clock of the run. */
    readonly ApproximateCreationDateTime: number;
    readonly Keys: Document;
    readonly NewImage?: Document;
    readonly OldImage?: Document;
    readonly SequenceNumber: string;
    readonly SizeBytes: number;
    readonly StreamViewType: string;
  };
  readonly eventSourceARN: string;
  /** Present on what time to live deleted (DynamoDB developer guide, "DynamoDB Streams and Time to Live"). */
  readonly userIdentity?: { readonly type: 'Service'; readonly principalId: 'dynamodb.amazonaws.com' };
}

/** What the engine's record says, under the names that it has in the account. */
export function streamRecordOf(
  engine: Document,
  given: {
    readonly account: Account;
    readonly streamArn: string;
    readonly seconds: number;
    readonly expired: boolean;
  },
): StreamRecord {
  const { Keys, NewImage, OldImage, SequenceNumber, SizeBytes, StreamViewType } = object(engine.dynamodb);
  return {
    eventID: String(engine.eventID).replaceAll('-', ''),
    eventName: String(engine.eventName) as StreamRecord['eventName'],
    eventVersion: '1.1',
    eventSource: 'aws:dynamodb',
    awsRegion: given.account.region,
    dynamodb: {
      ApproximateCreationDateTime: given.seconds,
      Keys: object(Keys),
      ...(NewImage === undefined ? {} : { NewImage: object(NewImage) }),
      ...(OldImage === undefined ? {} : { OldImage: object(OldImage) }),
      SequenceNumber: String(SequenceNumber),
      SizeBytes: Number(SizeBytes),
      StreamViewType: String(StreamViewType),
    },
    ...(given.expired
      ? { userIdentity: { type: 'Service' as const, principalId: 'dynamodb.amazonaws.com' as const } }
      : {}),
    eventSourceARN: given.streamArn,
  };
}

export function sequenceNumberOf(engine: Document): string {
  return String(object(engine.dynamodb).SequenceNumber);
}
