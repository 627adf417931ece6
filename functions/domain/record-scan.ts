import type { AttachmentScanned } from '../../protocol/attachments.ts';
import type { PersonId } from '../../protocol/ids.ts';
import { membersOfSeq, socketsOf } from './announcements.ts';
import {
  type Attachment,
  type AttachmentName,
  type Attachments,
  stateOf,
  type Verdict,
} from './attachment.ts';
import type { Admitting } from './caller.ts';
import type { Log } from './log.ts';
import type { Socket } from './session-record.ts';

/** How the scan of one version of an attachment's object ended. */
export interface Scan extends AttachmentName {
  readonly versionId: string;
  readonly verdict: Verdict;
}

/** A scan as one event of the scanner tells of it. */
export interface ToldScan extends Scan {
  /** What the scanner itself calls it: a word. */
  readonly reason: string;
  readonly event: { readonly id: string; readonly at: number };
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
  /** Tells whoever is on duty, before anything else can fail. */
  readonly told: (scan: ToldScan) => void;
  /** Records what was found for whoever audits, once for each event; and whose file it is, where that is known. */
  readonly record: (scan: ToldScan, uploader: PersonId | undefined) => Promise<void>;
}

/**
 * Notes how a scan ended, records it, and then tells those who can see the attachment: its uploader, and once a message carries it everybody
 * who can read that message. What no attachment is known for was deleted meanwhile. May be repeated.
 */
export async function recordScan(rooms: ScanningRooms, scan: ToldScan): Promise<void> {
  const { versionId, verdict } = scan;
  rooms.told(scan);
  const attachment = await rooms.attachments.scanned(scan, { versionId, verdict });
  await rooms.record(scan, attachment?.uploader);
  if (!attachment) return;
  const isAnnounced = attachment.versionId !== undefined; // before that, its completion says how the scan ended
  if (isAnnounced)
    await rooms.announcements.announceScan(
      told(attachment, stateOf(attachment)),
      await audience(rooms, attachment),
    );
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
