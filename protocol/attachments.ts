import * as z from 'zod';
import { AttachmentId, ConversationId, Instant, PersonId, Seq, Sha256 } from './ids.ts';

const MiB = 1024 * 1024;

/** An attachment up to this size is uploaded by one PUT; a larger one in parts. */
export const MAX_WHOLE_BYTES = 64 * MiB;

/** The largest attachment: what one PUT of S3 could take, and what a part's number and size can say many times over. */
export const MAX_ATTACHMENT_BYTES = 5 * 1024 * MiB;

/** The largest picture: it is looked through before it is taken. */
export const MAX_PICTURE_BYTES = 20 * MiB;

/** A part's size but the last one's; S3 takes none below 5 MiB (S3 user guide, "Multipart upload limits"). */
export const MIN_PART_BYTES = 8 * MiB;
export const MAX_PART_BYTES = 64 * MiB;

/** Pictures: taken only without metadata, and shown as previews. */
export const pictureTypes = ['image/jpeg', 'image/png'] as const;

/**
 * What an attachment may say that it is; `application/octet-stream` is anything else. What a browser would run (HTML, SVG,
 * XML, scripts) is none of them, and nothing is ever served to be shown: every download is a file to be saved.
 */
export const ContentType = z
  .enum([
    ...pictureTypes,
    'application/dicom',
    'application/pdf',
    'application/zip',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    'audio/mp4',
    'audio/mpeg',
    'audio/ogg',
    'audio/wav',
    'audio/webm',
    'text/csv',
    'text/plain',
    'video/mp4',
    'video/quicktime',
    'video/webm',
    'application/octet-stream',
  ])
  .meta({ id: 'ContentType' });

/** Bytes that are not sent are none of an attachment. */
export const AttachmentBytes = z.int().min(1).max(MAX_ATTACHMENT_BYTES);

/** Where an attachment stands: only what is `clean` can be downloaded, and nothing else ever. */
export const AttachmentState = z
  .enum(['awaited', 'stored', 'clean', 'infected', 'unscannable', 'scan-failed'])
  .meta({ id: 'AttachmentState' });

/**
 * `POST /conversations/{conversationId}/attachments`: what is going to be uploaded. Above {@link MAX_WHOLE_BYTES} in parts
 * of `partBytes`, the last one smaller; `parts` has the SHA-256 of each.
 */
export const BeginUpload = z
  .strictObject({
    conversationId: ConversationId,
    contentType: ContentType,
    bytes: AttachmentBytes,
    sha256: Sha256,
    partBytes: z.int().min(MIN_PART_BYTES).max(MAX_PART_BYTES).optional(),
    parts: z
      .array(Sha256)
      .max(Math.ceil(MAX_ATTACHMENT_BYTES / MIN_PART_BYTES))
      .optional(),
  })
  .refine(hasItsParts, 'in parts above 64 MiB, and whole up to it')
  .refine(
    ({ contentType, bytes }) => !isPicture(contentType) || bytes <= MAX_PICTURE_BYTES,
    `a picture has at most ${MAX_PICTURE_BYTES} bytes`,
  );

function hasItsParts(said: { bytes: number; partBytes?: number | undefined; parts?: unknown[] | undefined }) {
  const { bytes, partBytes, parts } = said;
  if (bytes <= MAX_WHOLE_BYTES) return partBytes === undefined && parts === undefined;
  return partBytes !== undefined && parts?.length === Math.ceil(bytes / partBytes);
}

/** Whether an attachment that says it is this is a picture. */
export function isPicture(contentType: ContentType): boolean {
  return pictureTypes.some((type) => type === contentType);
}

/** One request to S3 that its signature allows, exactly with these headers, until then. */
export const UploadPermit = z
  .strictObject({
    url: z.url(),
    headers: z.record(z.string(), z.string()),
    until: Instant,
  })
  .meta({ id: 'UploadPermit' });

/** The attachment's id, and the permit for its one PUT where it is uploaded whole. */
export const BegunUpload = z.strictObject({ attachmentId: AttachmentId, upload: UploadPermit.optional() });

/**
 * `POST /conversations/{conversationId}/attachments/{attachmentId}/parts`: the permit for one part, counted from 1, or for
 * the whole as its part 1. May be asked again.
 */
export const UploadPart = z.strictObject({
  conversationId: ConversationId,
  attachmentId: AttachmentId,
  part: z
    .int()
    .min(1)
    .max(Math.ceil(MAX_ATTACHMENT_BYTES / MIN_PART_BYTES)),
});

/** `GET /conversations/{conversationId}/attachments/{attachmentId}`: for whoever uploads it. */
export const ShowAttachment = z.strictObject({ conversationId: ConversationId, attachmentId: AttachmentId });

/** How far an upload has come. */
export const Attachment = z
  .strictObject({
    attachmentId: AttachmentId,
    state: AttachmentState,
    contentType: ContentType,
    bytes: AttachmentBytes,
    sha256: Sha256,
    /** Parts that need not be uploaded again; only while it is `awaited`. */
    storedParts: z.array(z.int()).optional(),
  })
  .meta({ id: 'Attachment' });

/**
 * `POST /conversations/{conversationId}/attachments/{attachmentId}/completion`: everything is uploaded. What is not what was
 * declared is deleted. May be repeated.
 */
export const CompleteUpload = z.strictObject({ conversationId: ConversationId, attachmentId: AttachmentId });

/**
 * `POST /conversations/{conversationId}/messages/{seq}/downloads`: where a message's attachment is to be had, for
 * {@link DOWNLOAD_SECONDS}; or its preview.
 */
export const DownloadAttachment = z.strictObject({
  conversationId: ConversationId,
  seq: z
    .string()
    .regex(/^\d{1,12}$/)
    .transform(Number)
    .pipe(Seq.min(1)),
  rendition: z.enum(['original', 'preview']).optional(),
});

/** An upload may begin this long after its permit was given, in seconds; one that has begun goes on. */
export const UPLOAD_SECONDS = 300;

/** A download may begin this long after its permit was given, in seconds. */
export const DOWNLOAD_SECONDS = 60;

/** Where to GET it, without any header of ours. */
export const Download = z.strictObject({ url: z.url(), until: Instant }).meta({ id: 'Download' });

/** The malware scan of an attachment has ended. */
export const AttachmentScanned = z.strictObject({
  type: z.literal('attachment.scanned'),
  conversationId: ConversationId,
  attachmentId: AttachmentId,
  /** The message that carries it, where there is one already. */
  seq: Seq.optional(),
  sender: PersonId,
  state: AttachmentState,
});

export type ContentType = z.infer<typeof ContentType>;
export type AttachmentState = z.infer<typeof AttachmentState>;
export type BeginUpload = z.infer<typeof BeginUpload>;
export type UploadPermit = z.infer<typeof UploadPermit>;
export type BegunUpload = z.infer<typeof BegunUpload>;
export type Attachment = z.infer<typeof Attachment>;
export type Download = z.infer<typeof Download>;
export type AttachmentScanned = z.infer<typeof AttachmentScanned>;
