import { recordOfEntry } from '../audit/entry-records.ts';
import type { SealedRecord } from '../audit/record.ts';
import { newEntriesIn, type StreamBatch } from '../store/stream.ts';
import { trailRecordsIn } from '../store/trail-stream.ts';
import { setting } from './env.ts';
import { onEvent } from './on-event.ts';

/** A batch of one of the two streams, or an hour's run that brings nothing. */
type Told = StreamBatch | { readonly Records?: undefined };

/**
 * The door of what is to be sealed: batches of the Audit table's stream and of the Conversations table's, and each hour a run
 * without `records`, which shows that the trail is alive. A batch that fails comes again, and is halved: `run` must bear repetition.
 */
export function onSealing(metric: string, run: (records?: readonly SealedRecord[]) => Promise<void>) {
  const ofTrail = `:table/${setting('auditTrailTable')}/stream/`;
  const recordsIn = (batch: StreamBatch) =>
    batch.Records.every(({ eventSourceARN }) => eventSourceARN?.includes(ofTrail))
      ? trailRecordsIn(batch)
      : newEntriesIn(batch).map(recordOfEntry);
  return onEvent(metric, (event: Told) => run(event.Records && recordsIn(event)));
}
