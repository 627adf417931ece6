import type { UploadPermit } from '../../protocol/attachments.ts';
import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import type { Attachment, AttachmentName, Declared } from './attachment.ts';

/** An object as the bucket holds it. */
export interface StoredObject {
  readonly versionId: string;
  readonly bytes: number;
  readonly contentType: string;
  /** SHA-256 in base64; of an object of parts over their digests, with their number. */
  readonly checksum: string | undefined;
  /** Whether S3 would say something of it to who fetches it that a permit cannot forbid: an encoding, a disposition, a language, an end. */
  readonly saysMore: boolean;
}

/** The objects of attachments. Whoever has a permit does exactly what it was signed for, until it ends, and nothing else. */
export interface Objects {
  /** For the one PUT of the whole, refused where an object of that name stands. */
  permitWhole(attachment: Attachment): Promise<UploadPermit>;
  /** Begins an upload in parts; gives its id. */
  beginParts(name: AttachmentName, declared: Declared): Promise<string>;
  /** For one part, counted from 1. */
  permitPart(attachment: Attachment, part: number): Promise<UploadPermit>;
  /** The parts that are stored, ascending. */
  storedParts(attachment: Attachment): Promise<readonly number[]>;
  /** Puts the parts together as they were declared; false where some are missing. May be repeated. */
  joinParts(attachment: Attachment): Promise<boolean>;
  /** The newest version; nothing where none is stored. */
  look(name: AttachmentName): Promise<StoredObject | undefined>;
  /** One version, or so many of its first bytes; the whole for pictures alone, which have a limit. */
  read(name: AttachmentName, versionId: string, first?: number): Promise<Uint8Array>;
  /** Keeps a preview, a JPEG, where none stands. Gives the version that stands then, whoever kept it. */
  keepPreview(name: AttachmentName, jpeg: Uint8Array): Promise<string>;
  /** Deletes one version: what is not what was declared is not kept. */
  remove(name: AttachmentName, versionId: string): Promise<void>;
}

/** What people fetch. */
export interface Downloads {
  /** For one GET of one version by this person, as a file to be saved and never to be shown. */
  permitDownload(
    person: PersonId,
    name: AttachmentName,
    versionId: string,
    rendition: Rendition,
  ): Promise<{ readonly url: string; readonly until: string }>;
}

export type Rendition = 'original' | 'preview';

/** The end of objects. */
export interface ObjectDeleter {
  /** Deletes every version of an attachment's object and preview, and what was uploaded of it; says how many versions. */
  removeAll(of: AttachmentName | { readonly conversationId: ConversationId }): Promise<number>;
}
