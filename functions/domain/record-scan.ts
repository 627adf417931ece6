import type { AttachmentScanned } from '../../protocol/attachments.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import { membersOfSeq, socketsOf } from './announcements.ts';
import {
  type Attachment,
  type AttachmentName,
  type Attachments,
  stateOf,
  type Verdict,
} from './attachment.ts';
import type { Admitting, Socket } from './caller.ts';
import type { Log } from './log.ts';

/** How the scan of one version of an attachment's object ended. */
export interface Scan extends AttachmentName {
  readonly versionId: string;
  readonly verdict: Verdict;
}

/** Tells open sockets how a scan ended; at least once, as announcements are. */
export interface ScanAnnouncements {
  announceScan(told: AttachmentScanned, to: readonly Socket[]): Promise<void>;
}

export interface ScanningRooms {
  readonly attachments: Pick<Attachments, 'scanned'>;
  readonly log: Pick<Log, 'head'>;
  readonly sessions: Pick<Admitting, 'ofMany' | 'rules'>;
  readonly announcements: ScanAnnouncements;
  readonly now: () => number;
  /** Records what was found, for whoever audits. */
  readonly recorded: (found: { conversation: ConversationId; attachment: string; state: string }) => void;
}

/**
 * Notes how a scan ended, and tells those who can see the attachment: its uploader, and once a message carries it everybody who can read
 * that message. What no attachment is known for was deleted meanwhile. May be repeated.
 */
export async function recordScan(rooms: ScanningRooms, scan: Scan): Promise<void> {
  const { conversationId, attachmentId, versionId, verdict } = scan;
  const attachment = await rooms.attachments.scanned(scan, { versionId, verdict });
  if (!attachment) return;
  const state = stateOf(attachment);
  rooms.recorded({ conversation: conversationId, attachment: attachmentId, state: verdict });
  const isAnnounced = attachment.versionId !== undefined; // before that, its completion says how the scan ended
  if (isAnnounced)
    await rooms.announcements.announceScan(told(attachment, state), await audience(rooms, attachment));
}

function told(attachment: Attachment, state: AttachmentScanned['state']): AttachmentScanned {
  const { conversationId, attachmentId, uploader, seq } = attachment;
  return {
    type: 'attachment.scanned',
    ...{ conversationId, attachmentId, sender: uploader, state },
    ...(seq !== undefined && { seq }),
  };
}

/** Its uploader; once a message has claimed it, who may read that: whoever is a member, until the stream has told its place. */
async function audience(rooms: ScanningRooms, { conversationId, uploader, claimedBy, seq }: Attachment) {
  const head = await rooms.log.head(conversationId);
  if (!head) return [];
  const sockets = await socketsOf(rooms.sessions, head, undefined, rooms.now());
  if (claimedBy === undefined) return sockets.filter(({ person }) => person === uploader);
  return sockets.filter(({ person }) => seq === undefined || membersOfSeq(head, seq).has(person));
}
