import * as z from 'zod';
import { AttachmentId, ConversationId, ExportId, Instant, PersonId, Seq } from './ids.ts';
import { AwaitingSecondPerson } from './requests.ts';

/** How long an export can be fetched once it is there. */
export const EXPORT_DAYS = 7;

/** `POST /admin/exports`: asks for everything that a patient may see; the second person to ask has it made. */
export const AskExport = z.strictObject({ person: PersonId });

/** An export of what a patient may see. */
export const PatientExport = z
  .strictObject({
    exportId: ExportId,
    person: PersonId,
    /** `building`: it is being made. `ready`: it can be fetched until `until`. `gone`: it was deleted. */
    state: z.enum(['building', 'ready', 'gone']),
    requestedBy: PersonId,
    approvedBy: PersonId,
    approvedAt: Instant,
    readyAt: Instant.optional(),
    /** From then on nobody gets it: after a week, or when the first of what is in it expires. */
    until: Instant.optional(),
    /** Why it is `gone`. `time`: its week was over. `retention`: something in it expired. `destruction`: so was a conversation in it. */
    endedBy: z.enum(['time', 'retention', 'destruction']).optional(),
    bytes: z.int().min(0).optional(),
    /** Of the whole file, in hexadecimal. */
    sha256: z.string().optional(),
  })
  .meta({ id: 'PatientExport' });

/** What has come of the wish: an export, or waiting for somebody else to ask for the same. */
export const AskedExport = z.union([AwaitingSecondPerson, PatientExport]);

/** `GET /admin/exports`. */
export const ListExports = z.strictObject({});
export const ExportList = z.strictObject({ exports: z.array(PatientExport) });

/** `POST /admin/exports/{exportId}/download`. */
export const DownloadExport = z.strictObject({ exportId: ExportId });

/** Where the file is fetched, once, within a minute: one GET without headers. */
export const ExportDownload = z.strictObject({ url: z.string(), until: Instant });

/** The file `manifest.json` of an export: every other file in it, and what had to be left out. */
export const ExportManifest = z.strictObject({
  format: z.literal('wardline.export.1'),
  exportId: ExportId,
  person: PersonId,
  madeAt: Instant,
  /** SHA-256 in hexadecimal. */
  files: z.array(z.strictObject({ path: z.string(), bytes: z.int().min(0), sha256: z.string() })),
  /** Nothing at or below `floor` is in it: retention took it, or it came before the patient did. */
  conversations: z.array(
    z.strictObject({ conversationId: ConversationId, floor: Seq, entries: z.int().min(0) }),
  ),
  /** Attachments that nobody may open, and why. */
  omitted: z.array(
    z.strictObject({ conversationId: ConversationId, attachmentId: AttachmentId, why: z.string() }),
  ),
});

export type PatientExport = z.infer<typeof PatientExport>;
export type ExportManifest = z.infer<typeof ExportManifest>;
