import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { refusals } from './errors.ts';
import type { Journal } from './journal.ts';
import { checksumAlgorithms, Described } from './version.ts';

/** A multipart upload that is neither completed nor aborted. */
export const Upload = z.object({
  id: z.string(),
  bucket: z.string(),
  key: z.string(),
  /** Milliseconds since the epoch. */
  initiated: z.number(),
  described: Described,
  checksum: z
    .object({ algorithm: z.enum(checksumAlgorithms), type: z.enum(['FULL_OBJECT', 'COMPOSITE']) })
    .optional(),
});
export type Upload = Readonly<z.infer<typeof Upload>>;

/** One part as it was last sent. */
export const Part = z.object({
  uploadId: z.string(),
  number: z.number(),
  file: z.string(),
  size: z.number(),
  /** Hex MD5, or something else where the object is under a customer managed key. */
  etag: z.string(),
  /** Base64. */
  checksum: z.string().optional(),
  lastModified: z.number(),
});
export type Part = Readonly<z.infer<typeof Part>>;

/** The uploads under way and their parts, kept between runs. */
export class Uploads {
  private readonly journals: { readonly uploads: Journal<Upload>; readonly parts: Journal<Part> };
  private readonly uploads = new Map<string, Upload>();
  private readonly parts = new Map<string, Map<number, Part>>();

  constructor(journals: { readonly uploads: Journal<Upload>; readonly parts: Journal<Part> }) {
    this.journals = journals;
    for (const upload of journals.uploads.values()) this.uploads.set(upload.id, upload);
    for (const part of journals.parts.values()) this.partsById(part.uploadId).set(part.number, part);
  }

  begin(given: Omit<Upload, 'id'>): Upload {
    const upload = { ...given, id: randomBytes(48).toString('base64url').replaceAll('-', '.') };
    this.uploads.set(upload.id, upload);
    this.journals.uploads.put(upload.id, upload);
    return upload;
  }

  /** Throws NoSuchUpload for one that is over, or of another object. */
  find(bucket: string, key: string, id: string): Upload {
    const upload = this.uploads.get(id);
    if (upload && upload.bucket === bucket && upload.key === key) return upload;
    throw refusals.noSuchUpload(id);
  }

  /** Of one bucket, by key and then by the time they began. */
  of(bucket: string): readonly Upload[] {
    const own = [...this.uploads.values()].filter((upload) => upload.bucket === bucket);
    return own.sort(
      (one, other) =>
        Buffer.compare(Buffer.from(one.key), Buffer.from(other.key)) || one.initiated - other.initiated,
    );
  }

  /** In the order of their numbers. */
  partsOf({ id }: Upload): readonly Part[] {
    return [...this.partsById(id).values()].sort((one, other) => one.number - other.number);
  }

  part({ id }: Upload, number: number): Part | undefined {
    return this.partsById(id).get(number);
  }

  /** Keeps a part and gives the one that it replaces. */
  put(part: Part): Part | undefined {
    const parts = this.partsById(part.uploadId);
    const replaced = parts.get(part.number);
    parts.set(part.number, part);
    this.journals.parts.put(`${part.uploadId}/${part.number}`, part);
    return replaced;
  }

  /** Forgets an upload and gives its parts, whose files are the caller's. */
  end(upload: Upload): readonly Part[] {
    const parts = this.partsOf(upload);
    this.uploads.delete(upload.id);
    this.parts.delete(upload.id);
    this.journals.uploads.remove(upload.id);
    for (const { number } of parts) this.journals.parts.remove(`${upload.id}/${number}`);
    return parts;
  }

  /** Names of every part's file. */
  files(): readonly string[] {
    return [...this.parts.values()].flatMap((parts) => [...parts.values()].map(({ file }) => file));
  }

  private partsById(uploadId: string): Map<number, Part> {
    const known = this.parts.get(uploadId) ?? new Map<number, Part>();
    this.parts.set(uploadId, known);
    return known;
  }
}
