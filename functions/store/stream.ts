import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Deletion } from '../domain/deletions.ts';
import type { Entry } from '../domain/entry.ts';
import { entryOf } from './items.ts';

/** A batch of the Conversations table's stream, as far as it is looked at. */
export interface StreamBatch {
  readonly Records: readonly {
    readonly dynamodb?: {
      readonly NewImage?: unknown;
      readonly OldImage?: unknown;
      readonly ApproximateCreationDateTime?: number;
    };
    readonly userIdentity?: { readonly principalId?: string };
  }[];
}

/** Who deletes what is past its date (DynamoDB developer guide, "DynamoDB Streams and Time to Live"). */
const TIME_TO_LIVE = 'dynamodb.amazonaws.com';

/** The log entries that a batch tells of, new ones and deleted ones; the mapping's filter lets nothing else through. */
export function entriesIn(batch: StreamBatch): readonly Entry[] {
  return batch.Records.flatMap(({ dynamodb }) => {
    const image = dynamodb?.NewImage ?? dynamodb?.OldImage;
    return image ? [entryOf(unmarshall(withBytes(image) as Record<string, AttributeValue>))] : [];
  });
}

/** The entries that were deleted because their time had come; what somebody deleted is none of them. */
export function deletionsIn(batch: StreamBatch): readonly Deletion[] {
  return batch.Records.flatMap(({ dynamodb, userIdentity }) => {
    if (userIdentity?.principalId !== TIME_TO_LIVE || !dynamodb?.OldImage) return [];
    const entry = entryOf(unmarshall(withBytes(dynamodb.OldImage) as Record<string, AttributeValue>));
    return [{ entry, deletedAt: (dynamodb.ApproximateCreationDateTime ?? 0) * 1000 }];
  });
}

/** Lambda hands binary attributes over as base64 text (DynamoDB developer guide, "Lambda event structure"). */
function withBytes(image: unknown): unknown {
  return Object.fromEntries(
    Object.entries(image as Record<string, { B?: string }>).map(([name, value]) => [
      name,
      typeof value.B === 'string' ? { B: Buffer.from(value.B, 'base64') } : value,
    ]),
  );
}
