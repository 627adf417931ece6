import * as z from 'zod';
import { AttachmentBytes, ContentType, pictureTypes } from './attachments.ts';
import { AmendmentId, AttachmentId, Instant, PersonId, Seq, Sha256 } from './ids.ts';

/**
 * What kind of device a sign-in says that it is on: one of these words and never a name, because whatever a person may
 * write names people.
 */
export const DeviceKind = z
  .enum(['phone', 'tablet', 'computer', 'shared-computer', 'server'])
  .meta({ id: 'DeviceKind' });
export type DeviceKind = z.infer<typeof DeviceKind>;

/** A message's text holds at most this many bytes of UTF-8. */
export const MAX_TEXT_BYTES = 8 * 1024;

/** A conversation's title holds at most this many bytes of UTF-8. */
export const MAX_TITLE_BYTES = 256;

const bytes = new TextEncoder();

// C0 controls but tab, line feed and carriage return, DEL, and C1 controls: nothing renders them, and logs and terminals obey some
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** What somebody wrote: as many bytes of UTF-8 as said, and nothing that a terminal or a log obeys. */
export function text(maxBytes: number) {
  return z
    .string()
    .min(1)
    .refine((value) => bytes.encode(value).length <= maxBytes, `must be at most ${maxBytes} bytes of UTF-8`)
    .refine((value) => value.isWellFormed(), 'must not hold a lone surrogate')
    .refine((value) => !CONTROL_CHARACTERS.test(value), 'must not hold control characters');
}

// What nobody sees: marks of direction ("exe.gpj" would read as "jpg.exe", Unicode standard annex 9), tags, soft hyphens, spaces of no width.
// Joiners are let be where letters need them: between two letters or marks, or emoji.
const UNSEEN =
  /(?![\u200c\u200d])\p{Cf}|(?<![\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}])[\u200c\u200d]|[\u200c\u200d](?![\p{L}\p{M}\p{Extended_Pictographic}])/u;

// Whatever Unicode says need not be shown (fillers, joiners of marks, variation selectors but those of emoji and Mongolian), and the blank of Braille
const BLANK = /\u2800|(?![\u200c\u200d]|\ufe0f|[\u180b-\u180d])\p{Default_Ignorable_Code_Point}/u;

/** Scripts that stack most, as Vietnamese in parts or Tibetan, stay below; what is above runs over the lines around it. */
const STACKED = /\p{M}{5}/u;

/** Windows opens a device by these, whatever ending follows (Microsoft Learn, "Naming Files, Paths, and Namespaces"). */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3]) *(?:\.|$)/i;

/** A file's name holds at most this many bytes of UTF-8. */
export const MAX_NAME_BYTES = 255;

/** A name to save a file under on any system, in Unicode's form C: one line, no path or stream, nothing that shows it as another. */
const FileName = text(MAX_NAME_BYTES)
  .refine((name) => !/[\\/:\t\n\r\u2028\u2029]/.test(name), 'must not hold a path, a colon or a line break')
  .refine((name) => !UNSEEN.test(name) && !BLANK.test(name), 'must not hold what nobody sees')
  .refine((name) => !STACKED.test(name), 'must not hold more than four marks on one letter')
  .refine((name) => name.normalize('NFC') === name, 'must be in form C of Unicode')
  .refine((name) => !DEVICE.test(name), 'must not name a device')
  .refine((name) => name.trim() === name && !name.endsWith('.'), 'must be the name of a file');

/** A plain message. */
export const TextBody = z
  .strictObject({ kind: z.literal('text'), text: text(MAX_TEXT_BYTES) })
  .meta({ id: 'TextBody' });

const file = {
  attachmentId: AttachmentId,
  name: FileName,
  contentType: ContentType,
  bytes: AttachmentBytes,
  sha256: Sha256,
  text: text(MAX_TEXT_BYTES).optional(),
};

/** A file with a name, and perhaps some words. What it is and its SHA-256 are sealed with it, so that who downloads it can tell. */
export const FileBody = z.strictObject({ kind: z.literal('file'), ...file }).meta({ id: 'FileBody' });

/** A photograph of a patient for their treatment: not without what it shows, of whom, and with whose consent. */
export const ClinicalPhotoBody = z
  .strictObject({
    kind: z.literal('clinical-photo'),
    ...file,
    contentType: z.enum(pictureTypes),
    /** What it shows, e.g. `left forearm, volar`. */
    bodySite: text(100).refine((site) => /[\p{L}\p{N}]/u.test(site), 'must name a place'),
    laterality: z.enum(['left', 'right', 'both', 'midline', 'not-applicable']),
    patient: PersonId,
    consent: z.strictObject({
      by: z.enum(['patient', 'representative']),
      at: Instant,
    }),
  })
  .meta({ id: 'ClinicalPhotoBody' });

/** What a person may send. */
export const MessageBody = z.discriminatedUnion('kind', [TextBody, FileBody, ClinicalPhotoBody]);

/** Owners add and remove, members read and write, readers read. */
export const MemberRole = z.enum(['owner', 'member', 'reader']).meta({ id: 'MemberRole' });

/** What only the server writes: a change of membership has its place in the same order as the messages. */
export const MemberAdded = z
  .strictObject({
    kind: z.literal('member.added'),
    person: PersonId,
    role: MemberRole,
    /** From then on they are no member any more, whatever else happens. */
    until: Instant.optional(),
    /** They were let in as a guest: this is their one conversation. */
    guest: z.literal(true).optional(),
  })
  .meta({ id: 'MemberAdded' });
export const MemberRemoved = z
  .strictObject({ kind: z.literal('member.removed'), person: PersonId })
  .meta({ id: 'MemberRemoved' });

/** What only the server writes: somebody who is no member opened the conversation for an emergency, and reads it until then. */
export const EmergencyOpened = z
  .strictObject({ kind: z.literal('emergency.opened'), person: PersonId, until: Instant })
  .meta({ id: 'EmergencyOpened' });

/** What only the server writes: the message at `of` was amended, as this person asked; the amendment has its own id. */
export const AmendmentAccepted = z
  .strictObject({
    kind: z.literal('amendment.accepted'),
    person: PersonId,
    of: Seq.min(1),
    amendmentId: AmendmentId,
  })
  .meta({ id: 'AmendmentAccepted' });

/** What was stored is read whatever is refused of names by now. */
const keptName = { name: text(MAX_NAME_BYTES) };

/** Any body that an entry of the log may have. */
export const EntryBody = z.discriminatedUnion('kind', [
  TextBody,
  FileBody.extend(keptName),
  ClinicalPhotoBody.extend(keptName),
  MemberAdded,
  MemberRemoved,
  EmergencyOpened,
  AmendmentAccepted,
]);

export const Title = text(MAX_TITLE_BYTES).meta({ id: 'Title' });

export type MessageBody = z.infer<typeof MessageBody>;
export type TextBody = z.infer<typeof TextBody>;
export type EntryBody = z.infer<typeof EntryBody>;
export type MemberRole = z.infer<typeof MemberRole>;
