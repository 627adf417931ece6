import type { Entry } from '../domain/entry.ts';
import { entriesIn, type StreamBatch } from '../store/stream.ts';
import { onEvent } from './on-event.ts';

/**
 * The door of new log entries, in batches from the table's stream. A batch that fails comes again, and is halved until
 * what is wrong with it stands alone: `run` must bear repetition.
 */
export function onEntries(metric: string, run: (entries: readonly Entry[]) => Promise<void>) {
  return onEvent(metric, (batch: StreamBatch) => run(entriesIn(batch)));
}
