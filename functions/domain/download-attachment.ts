import type { Download } from '../../protocol/attachments.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import { type Attachments, stateOf, whyClosed } from './attachment.ts';
import type { Caller } from './caller.ts';
import type { Decided } from './decision.ts';
import { isMembership } from './entry.ts';
import type { Downloads, Rendition } from './objects.ts';
import { refuse } from './policy.ts';
import { type ReadingRooms, readSealed } from './read-log.ts';

export interface DownloadingRooms extends Omit<ReadingRooms, 'vault'> {
  readonly attachments: Pick<Attachments, 'find'>;
  readonly objects: Downloads;
}

/**
 * Gives who may read a message the permit to fetch what it carries: the version that was scanned, and only if nothing was found in it. What
 * membership, retention or a shredding hides of the log, it hides of this.
 *
 * @throws Refusal `not-a-member`, `unknown-attachment`, `since-ahead`, `not-scanned`, `malware-found`, `not-scannable`, `scan-failed`, `no-preview`
 */
export async function downloadAttachment(
  rooms: DownloadingRooms,
  admitted: Promise<Caller>,
  { conversationId, seq, rendition }: { conversationId: ConversationId; seq: number; rendition: Rendition },
): Promise<Decided<Download>> {
  const after = { after: seq - 1 };
  const { decision, value } = await readSealed(
    rooms,
    admitted,
    'attachment.download',
    conversationId,
    after,
    1,
  );
  const entry = value.entries.find((one) => one.seq === seq);
  const attachmentId = entry && !isMembership(entry) ? entry.attachmentId : undefined;
  const name = attachmentId && { conversationId, attachmentId };
  const attachment = name && (await rooms.attachments.find(name));
  if (!attachment) throw refuse(decision, 'carried-by-message', 'unknown-attachment');

  const closed = whyClosed(stateOf(attachment));
  if (closed) throw refuse(decision, 'scanned-clean', closed);
  const { versionId, previewVersionId } = attachment;
  const version = rendition === 'preview' ? previewVersionId : versionId;
  if (version === undefined) throw refuse(decision, 'carried-by-message', 'no-preview');
  const { person } = await admitted;
  const fetched = { ...decision, object: name.attachmentId, opened: [conversationId] }; // the record names the file
  return { decision: fetched, value: await rooms.objects.permitDownload(person, name, version, rendition) };
}
