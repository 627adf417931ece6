import type { Deletion } from '../domain/deletions.ts';
import type { Entry } from '../domain/entry.ts';
import type { AttachmentChanges } from '../domain/follow-messages.ts';
import { attachmentChangesIn, deletionsIn, entriesIn, type StreamBatch } from '../store/stream.ts';
import { onEvent } from './on-event.ts';

/** What a batch tells of: entries that are new or were deleted, and which of them because their time had come. */
interface ToldEntries {
  readonly entries: readonly Entry[];
  readonly deletions: readonly Deletion[];
  readonly attachments: AttachmentChanges;
}

/**
 * The door of log entries that are new or were deleted, in batches from the table's stream. A batch that fails comes again, and is halved until
 * what is wrong with it stands alone: `run` must bear repetition.
 */
export function onEntries(metric: string, run: (told: ToldEntries) => Promise<void>) {
  return onEvent(metric, (batch: StreamBatch) =>
    run({
      entries: entriesIn(batch),
      deletions: deletionsIn(batch),
      attachments: attachmentChangesIn(batch),
    }),
  );
}
