import { createHash } from 'node:crypto';
import type { AttachmentState, ContentType } from '../../protocol/attachments.ts';
import type { AttachmentId, ConversationId, PersonId, Sha256 } from '../../protocol/ids.ts';
import type { RefusalCode } from '../../protocol/refusals.ts';

/** What was said of an attachment before a byte of it was uploaded; S3 takes nothing else under its permits. */
export interface Declared {
  readonly contentType: ContentType;
  readonly bytes: number;
  readonly sha256: Sha256;
  /** Where it is uploaded in parts: the size of each but the last, and the SHA-256 of each. */
  readonly partBytes?: number | undefined;
  readonly parts?: readonly Sha256[] | undefined;
}

/** How the malware scan of one version of an object ended. */
export type Verdict = Exclude<AttachmentState, 'awaited' | 'stored'>;

/** From the best to the worst: events come in any order and more than once, so that of one version the worst stands. */
export const verdicts: readonly Verdict[] = ['clean', 'unscannable', 'scan-failed', 'infected'];

/** An attachment from its declaration to its deletion. It holds nothing that anybody wrote: its name is in the message. */
export interface Attachment extends Declared {
  readonly conversationId: ConversationId;
  readonly attachmentId: AttachmentId;
  readonly uploader: PersonId;
  readonly beganAt: number;
  /** S3's name of an upload in parts. */
  readonly uploadId?: string | undefined;
  /** The one version of the object that was found to be what was declared. */
  readonly versionId?: string | undefined;
  readonly scan?: { readonly versionId: string; readonly verdict: Verdict } | undefined;
  /** The `ref` of the one message that carries it. */
  readonly claimedBy?: string | undefined;
  /** The `seq` of that message, once it stands in the log. */
  readonly seq?: number | undefined;
  /** The version of its preview, where one was made. */
  readonly previewVersionId?: string | undefined;
}

/** What names an attachment. */
export type AttachmentName = Pick<Attachment, 'conversationId' | 'attachmentId'>;

/** How an attempt to have a message carry an attachment ended; `existing` is what stands there. */
export type Claimed =
  | { readonly outcome: 'claimed' }
  | { readonly outcome: 'refused'; readonly existing: Attachment | undefined };

/** What is known of attachments. All reads are strongly consistent. */
export interface Attachments {
  /** Notes a new one, which is forgotten (and its object deleted) at `until` unless a message carries it by then. */
  begin(attachment: Attachment, until: number): Promise<void>;
  find(name: AttachmentName): Promise<Attachment | undefined>;
  /** Notes the version that was found to be what was declared, where none was noted. Gives what stands then. */
  store(name: AttachmentName, versionId: string): Promise<Attachment | undefined>;
  /**
   * Has `ref` of its uploader carry it, where it is stored, was declared as the message says, no other message carries it
   * and no scan found anything; it is then kept until `until` at least.
   */
  claim(
    name: AttachmentName,
    by: { readonly ref: string; readonly uploader: PersonId; readonly declared: Declared },
    until: number,
  ): Promise<Claimed>;
  /** Keeps it for as long as the message at `seq` is stored; nothing where it is gone. */
  keep(name: AttachmentName, seq: number): Promise<void>;
  /**
   * Notes how a scan ended, unless one of the same version ended worse ({@link verdicts}), or the scan is of another version than the one
   * that is noted. Gives what stands then; nothing where there is no such attachment.
   */
  scanned(name: AttachmentName, scan: NonNullable<Attachment['scan']>): Promise<Attachment | undefined>;
  /** Notes the version of its preview; false where there is no such attachment. */
  previewed(name: AttachmentName, versionId: string): Promise<boolean>;
  forget(name: AttachmentName): Promise<void>;
}

/** Where an attachment stands. A verdict on another version than the one that is noted says nothing. */
export function stateOf({ versionId, scan }: Pick<Attachment, 'versionId' | 'scan'>): AttachmentState {
  if (versionId === undefined) return 'awaited';
  return scan?.versionId === versionId ? scan.verdict : 'stored';
}

/** Why an attachment in this state is not opened; nothing where it may be. */
export function whyClosed(state: AttachmentState): RefusalCode | undefined {
  return closed[state];
}

const closed: Readonly<Record<AttachmentState, RefusalCode | undefined>> = {
  awaited: 'unknown-attachment',
  stored: 'not-scanned',
  clean: undefined,
  infected: 'malware-found',
  unscannable: 'not-scannable',
  'scan-failed': 'scan-failed',
};

/** The SHA-256 that S3 gives an object of parts: over the digests of its parts, with their number (S3 user guide, "Checking object integrity"). */
export function checksumOf({ sha256, parts }: Declared): string {
  if (!parts) return sha256;
  const digests = Buffer.concat(parts.map((part) => Buffer.from(part, 'base64')));
  return `${createHash('sha256').update(digests).digest('base64')}-${parts.length}`;
}

/** The bytes of one part, counted from 1; nothing where there is no such part. */
export function bytesOfPart({ bytes, partBytes, parts }: Declared, part: number): number | undefined {
  if (partBytes === undefined || !parts) return part === 1 ? bytes : undefined;
  if (part < 1 || part > parts.length) return undefined;
  return part < parts.length ? partBytes : bytes - partBytes * (parts.length - 1);
}
