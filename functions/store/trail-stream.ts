import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { canonical, type Plain } from '../audit/canonical.ts';
import { idOfTelling } from '../audit/lines.ts';
import { leafOf } from '../audit/merkle.ts';
import { AuditRecord, type SealedRecord } from '../audit/record.ts';
import { keys } from './keys.ts';
import { isByTimeToLive, type StreamBatch } from './stream.ts';

type Change = StreamBatch['Records'][number];

/**
 * What a batch of the Audit table's stream tells: new records as they were written, and what else was done to the table as
 * evidence of it. What DynamoDB deleted because its time had come is neither.
 */
export function trailRecordsIn(batch: StreamBatch): readonly SealedRecord[] {
  return batch.Records.flatMap((change) => {
    if (isByTimeToLive(change)) return [];
    const { NewImage: became, OldImage: was } = change.dynamodb ?? {};
    const written = became !== undefined && was === undefined ? recordIn(became) : undefined;
    return [written ?? tamperingOf(change, was, became)];
  });
}

function tamperingOf(change: Change, was: unknown, became: unknown): SealedRecord {
  const known = recordIn(was) ?? recordIn(became);
  const seconds = change.dynamodb?.ApproximateCreationDateTime ?? 0;
  return {
    kind: 'tampering',
    id: idOfTelling(change.eventID ?? ''),
    at: new Date(seconds * 1000).toISOString(),
    change: was === undefined ? 'foreign' : became === undefined ? 'removed' : 'modified',
    record: known?.id ?? '-',
    person: known && 'person' in known ? known.person : '-',
    ...(was !== undefined && { was: leafOfImage(was) }),
    ...(became !== undefined && { became: leafOfImage(became) }),
  };
}

/** The record that an item is, at the place where it belongs; undefined for anything else. */
function recordIn(image: unknown): AuditRecord | undefined {
  if (image === undefined) return undefined;
  const { pk, sk, expiresAt, ...fields } = unmarshall(image as Record<string, AttributeValue>);
  const { success, data } = AuditRecord.safeParse(fields);
  if (!success || data.kind !== 'decision' || typeof expiresAt !== 'number') return undefined;
  const place = keys.record(data.person, data.at, data.id);
  return place.pk === pk && place.sk === sk ? data : undefined;
}

/** Of a record the leaf that a sealed head has of it; of something else, that of all its attributes. */
function leafOfImage(image: unknown): string {
  const record = recordIn(image);
  return leafOf(record ? canonical(record) : canonical(image as Plain)).toString('hex');
}
