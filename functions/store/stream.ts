import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Deletion } from '../domain/deletions.ts';
import { type Entry, isMembership } from '../domain/entry.ts';
import type { AttachmentChanges } from '../domain/follow-messages.ts';
import { entryOf } from './items.ts';
import { attachmentOf } from './keys.ts';

/** A batch of the Conversations table's stream, as far as it is looked at. */
export interface StreamBatch {
  readonly Records: readonly {
    readonly dynamodb?: {
      readonly NewImage?: unknown;
      readonly OldImage?: unknown;
      readonly ApproximateCreationDateTime?: number;
    };
    readonly userIdentity?: { readonly principalId?: string };
    /** Of this change alone, and the same each time that it is told. */
    readonly eventID?: string;
    readonly eventSourceARN?: string;
  }[];
}

/** Who deletes what is past its date (DynamoDB developer guide, "DynamoDB Streams and Time to Live"). */
const TIME_TO_LIVE = 'dynamodb.amazonaws.com';

/** The log entries that a batch tells of, new ones and deleted ones. */
export function entriesIn(batch: StreamBatch): readonly Entry[] {
  return batch.Records.flatMap(({ dynamodb }) => entryIn(dynamodb?.NewImage ?? dynamodb?.OldImage));
}

/** The entries that are new. */
export function newEntriesIn(batch: StreamBatch): readonly Entry[] {
  return batch.Records.flatMap(({ dynamodb }) => (dynamodb?.OldImage ? [] : entryIn(dynamodb?.NewImage)));
}

/** Whether DynamoDB itself deleted an item, its time having come. */
export function isByTimeToLive({ userIdentity }: StreamBatch['Records'][number]): boolean {
  return userIdentity?.principalId === TIME_TO_LIVE;
}

/** The entries that were deleted because their time had come; what somebody deleted is none of them. */
export function deletionsIn(batch: StreamBatch): readonly Deletion[] {
  return batch.Records.flatMap((change) => {
    const { dynamodb } = change;
    if (!isByTimeToLive(change)) return [];
    const deletedAt = (dynamodb?.ApproximateCreationDateTime ?? 0) * 1000;
    return entryIn(dynamodb?.OldImage).map((entry) => ({ entry, deletedAt }));
  });
}

/** What a batch tells of attachments: messages that carry one, messages that are gone, and uploads that no message carried in time. */
export function attachmentChangesIn(batch: StreamBatch): AttachmentChanges {
  const carried = batch.Records.flatMap(({ dynamodb }) => entryIn(dynamodb?.NewImage).flatMap(carriedBy));
  const gone = batch.Records.filter(({ dynamodb }) => !dynamodb?.NewImage);
  const ofMessages = gone.flatMap(({ dynamodb }) => entryIn(dynamodb?.OldImage).flatMap(carriedBy));
  const orphans = gone.flatMap((change) => {
    const key = keyIn(change.dynamodb?.OldImage);
    return isByTimeToLive(change) && key?.sk.startsWith('F#') ? [attachmentOf(key)] : [];
  });
  const over = [...ofMessages, ...orphans].map(({ conversationId, attachmentId }) => ({
    conversationId,
    attachmentId,
  }));
  return { carried, over };
}

function carriedBy(entry: Entry) {
  if (isMembership(entry) || entry.attachmentId === undefined) return [];
  const { conversationId, attachmentId, seq } = entry;
  return [{ conversationId, attachmentId, seq }];
}

function entryIn(image: unknown): readonly Entry[] {
  if (!keyIn(image)?.sk.startsWith('S#')) return [];
  return [entryOf(unmarshall(withBytes(image) as Record<string, AttributeValue>))];
}

function keyIn(image: unknown): { readonly pk: string; readonly sk: string } | undefined {
  const { pk, sk } = (image ?? {}) as Partial<Record<'pk' | 'sk', { readonly S?: string }>>;
  return pk?.S !== undefined && sk?.S !== undefined ? { pk: pk.S, sk: sk.S } : undefined;
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
