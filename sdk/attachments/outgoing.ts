import type { ContentType, pictureTypes } from '../../protocol/attachments.ts';
import type { ClinicalPhotoBody, FileBody } from '../../protocol/bodies.ts';
import { ChatError } from '../errors.ts';
import type { FileBytes } from './file-bytes.ts';
import { fileName } from './file-name.ts';
import { barePicture, type PictureType, pictureIn, pictureRefused, type Upright } from './picture.ts';

/** PROTOCOL.md, "Limits": 5 GiB. */
const MAX_ATTACHMENT_BYTES = 5_368_709_120;
const MAX_TEXT_BYTES = 8192;

type Photo = (typeof ClinicalPhotoBody)['_zod']['output'];

/** The body of a message that carries a file. */
export type CarryingBody = (typeof FileBody)['_zod']['output'] | Photo;

/** What a clinical photograph shows, of whom, and with whose consent. */
export type ClinicalPhoto = Pick<Photo, 'bodySite' | 'laterality' | 'patient' | 'consent'>;

/** What is said with a file. */
export interface FileWords {
  /** Made into what the protocol takes: no path, nothing unseen, at most 255 bytes. @default the name of a `File` */
  readonly name?: string;
  readonly text?: string;
  /** Makes it a photograph of a patient for their treatment; only a JPEG or PNG is one. */
  readonly clinicalPhoto?: ClinicalPhoto;
  /**
   * Sends a picture of another kind than JPEG and PNG (HEIC, TIFF, WebP, GIF) as it is, as a plain file: whoever opens it can read where, when
   * and with what it was taken. A JPEG or PNG is refused with it, because the server takes none that is not bare; one that must keep its
   * metadata goes in an archive.
   * @default false: metadata is taken out of JPEG and PNG, and any other picture is refused
   */
  readonly keepMetadata?: boolean;
}

/** A file as it will be uploaded, and the body of its message but for what is not known yet. */
export interface Outgoing {
  readonly bytes: FileBytes;
  readonly body: Omit<Photo, 'attachmentId' | 'sha256'> | Omit<CarryingBody, 'attachmentId' | 'sha256'>;
}

/**
 * What is uploaded for a file: of a picture the bare one.
 *
 * @throws ChatError `file-empty`, `file-too-large`, `file-name-refused`, `malformed`, `picture-refused`, `picture-turned`, `file-unreadable`
 */
export async function outgoing(
  file: FileBytes,
  { name: given, text, clinicalPhoto, keepMetadata = false }: FileWords,
  upright: Upright | undefined,
): Promise<Outgoing> {
  if (file.size === 0) throw new ChatError('file-empty', 'there is nothing in this file');
  if (file.size > MAX_ATTACHMENT_BYTES) {
    throw new ChatError('file-too-large', `a file has at most ${MAX_ATTACHMENT_BYTES} bytes`);
  }
  if (text !== undefined && !isText(text)) {
    throw new ChatError('malformed', `the text of a file has 1 to ${MAX_TEXT_BYTES} bytes of UTF-8`);
  }
  const name = fileName(given ?? file.name);
  const found = await readable(pictureIn(file));
  const picture = found === 'other' && keepMetadata ? undefined : found;
  if (picture === 'other' || (picture && keepMetadata) || (clinicalPhoto && !picture)) throw pictureRefused();
  const bytes = picture ? await readable(barePicture(file, picture, upright)) : file;
  const said = { name, bytes: bytes.size, ...(text !== undefined && { text }) };
  if (picture && clinicalPhoto) {
    const { bodySite, laterality, patient, consent } = clinicalPhoto;
    const photo = { bodySite, laterality, patient, consent };
    return { bytes, body: { kind: 'clinical-photo', ...said, contentType: picture, ...photo } };
  }
  return { bytes, body: { kind: 'file', ...said, contentType: picture ?? contentTypeOf(file) } };
}

function isText(text: string): boolean {
  const { length } = new TextEncoder().encode(text);
  return length >= 1 && length <= MAX_TEXT_BYTES;
}

/** What the protocol takes beside pictures; anything else goes as `application/octet-stream`. */
const known: Readonly<Record<Exclude<ContentType, PictureType>, true>> = {
  'application/dicom': true,
  'application/pdf': true,
  'application/zip': true,
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': true,
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': true,
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': true,
  'audio/mp4': true,
  'audio/mpeg': true,
  'audio/ogg': true,
  'audio/wav': true,
  'audio/webm': true,
  'text/csv': true,
  'text/plain': true,
  'video/mp4': true,
  'video/quicktime': true,
  'video/webm': true,
  'application/octet-stream': true,
};

function contentTypeOf({ type }: FileBytes): Exclude<ContentType, (typeof pictureTypes)[number]> {
  const [plain = ''] = type.toLowerCase().split(';');
  return Object.hasOwn(known, plain.trim())
    ? (plain.trim() as keyof typeof known)
    : 'application/octet-stream';
}

/** The bytes of a file, or the error that says it is not there any more, or was changed since it was chosen. */
export async function readable<Value>(reading: Promise<Value>): Promise<Value> {
  try {
    return await reading;
  } catch (cause) {
    if (cause instanceof ChatError) throw cause;
    throw new ChatError('file-unreadable', 'the file cannot be read: it was moved, changed or taken away', {
      cause,
    });
  }
}
