import {
  type Attachment,
  type AttachmentName,
  type Attachments,
  type Claimed,
  checksumOf,
  stateOf,
  type Verdict,
  verdicts,
} from '../../../functions/domain/attachment.ts';
import type { Downloads, ObjectDeleter, Objects, StoredObject } from '../../../functions/domain/objects.ts';
import type { UploadCounts, UploadQuota } from '../../../functions/domain/upload-quota.ts';
import type { UploadPermit } from '../../../protocol/attachments.ts';
import type { PersonId } from '../../../protocol/ids.ts';

const rank = (verdict: Verdict) => verdicts.indexOf(verdict);
const nameOf = ({ conversationId, attachmentId }: AttachmentName) => `${conversationId}/${attachmentId}`;

/** Attachments in memory, with DynamoDB's promises. */
export class MemoryAttachments implements Attachments {
  readonly known = new Map<string, Attachment & { readonly until?: number | undefined }>();

  async begin(attachment: Attachment, until: number) {
    this.known.set(nameOf(attachment), { ...attachment, until });
  }

  async find(name: AttachmentName) {
    return this.known.get(nameOf(name));
  }

  async store(name: AttachmentName, versionId: string) {
    return this.change(name, ({ versionId: noted }) => (noted === undefined ? { versionId } : {}));
  }

  async claim(
    name: AttachmentName,
    by: Parameters<Attachments['claim']>[1],
    until: number,
  ): Promise<Claimed> {
    const existing = this.known.get(nameOf(name));
    const { declared, ref, uploader } = by;
    const isFree = existing?.claimedBy === undefined || existing.claimedBy === ref;
    const isOpen = existing !== undefined && ['stored', 'clean'].includes(stateOf(existing));
    const isSaid =
      existing?.sha256 === declared.sha256 &&
      existing.bytes === declared.bytes &&
      existing.contentType === declared.contentType;
    if (!isFree || !isOpen || !isSaid || existing.uploader !== uploader || existing.seq !== undefined) {
      return { outcome: 'refused', existing };
    }
    this.known.set(nameOf(name), { ...existing, claimedBy: ref, until });
    return { outcome: 'claimed' };
  }

  async keep(name: AttachmentName, seq: number) {
    this.change(name, () => ({ seq, until: undefined }));
  }

  async scanned(name: AttachmentName, scan: NonNullable<Attachment['scan']>) {
    return this.change(name, ({ versionId, scan: standing }) => {
      const isWorse = standing?.versionId === scan.versionId && rank(standing.verdict) > rank(scan.verdict);
      return isWorse || (versionId ?? scan.versionId) !== scan.versionId ? {} : { scan };
    });
  }

  async previewed(name: AttachmentName, previewVersionId: string) {
    return this.change(name, () => ({ previewVersionId })) !== undefined;
  }

  async forget(name: AttachmentName) {
    this.known.delete(nameOf(name));
  }

  private change(
    name: AttachmentName,
    how: (standing: Attachment) => Partial<Attachment & { until?: number | undefined }>,
  ) {
    const standing = this.known.get(nameOf(name));
    if (!standing) return undefined;
    const changed = { ...standing, ...how(standing) };
    this.known.set(nameOf(name), changed);
    return changed;
  }
}

/** What was begun, counted in memory by person and day. */
export class MemoryUploadCounts implements UploadCounts {
  readonly quota: { bytes: number; uploads: number } = { bytes: Number.MAX_SAFE_INTEGER, uploads: 1_000 };
  private readonly days = new Map<string, UploadQuota>();

  async add({ uploader, bytes, at }: Parameters<UploadCounts['add']>[0]) {
    const day = `${uploader} ${new Date(at).toISOString().slice(0, 10)}`;
    const { bytes: before, uploads } = this.days.get(day) ?? { bytes: 0, uploads: 0 };
    if (before + bytes > this.quota.bytes || uploads >= this.quota.uploads) return false;
    this.days.set(day, { bytes: before + bytes, uploads: uploads + 1 });
    return true;
  }
}

/** A bucket in memory: `put` is what a client does under a permit. */
export class MemoryObjects implements Objects, Downloads, ObjectDeleter {
  readonly stored = new Map<string, StoredObject & { readonly content: Uint8Array }>();
  readonly parts = new Map<string, Set<number>>();
  readonly previews = new Map<string, { readonly versionId: string; readonly jpeg: Uint8Array }>();
  private versions = 0;

  put(
    name: AttachmentName,
    object: Omit<StoredObject, 'versionId' | 'saysMore'> & {
      readonly saysMore?: boolean;
      readonly content?: Uint8Array;
    },
  ) {
    this.versions += 1;
    const versionId = `v${this.versions}`;
    this.stored.set(nameOf(name), { content: new Uint8Array(), saysMore: false, ...object, versionId });
    return versionId;
  }

  async permitWhole(attachment: Attachment): Promise<UploadPermit> {
    return { url: `https://bucket/${nameOf(attachment)}`, headers: {}, until: '' };
  }

  async beginParts(name: AttachmentName) {
    this.parts.set(nameOf(name), new Set());
    return 'upload';
  }

  async permitPart(attachment: Attachment, part: number): Promise<UploadPermit> {
    return { url: `https://bucket/${nameOf(attachment)}?part=${part}`, headers: {}, until: '' };
  }

  async storedParts(attachment: Attachment) {
    return [...(this.parts.get(nameOf(attachment)) ?? [])].sort((one, other) => one - other);
  }

  async joinParts(attachment: Attachment) {
    const stored = await this.storedParts(attachment);
    if (stored.length !== attachment.parts?.length) return false;
    const { bytes, contentType } = attachment;
    this.put(attachment, { bytes, contentType, checksum: checksumOf(attachment) });
    return true;
  }

  async look(name: AttachmentName) {
    return this.stored.get(nameOf(name));
  }

  async read(name: AttachmentName, _versionId?: string, first?: number) {
    return (this.stored.get(nameOf(name))?.content ?? new Uint8Array()).subarray(0, first);
  }

  async keepPreview(name: AttachmentName, jpeg: Uint8Array) {
    const { versionId = `p${this.previews.size + 1}` } = this.previews.get(nameOf(name)) ?? {};
    this.previews.set(nameOf(name), { versionId, jpeg });
    return versionId;
  }

  async permitDownload(_person: PersonId, name: AttachmentName, versionId: string) {
    return { url: `https://bucket/${nameOf(name)}?versionId=${versionId}`, until: '' };
  }

  async remove(name: AttachmentName) {
    this.stored.delete(nameOf(name));
  }

  async removeAll(of: Parameters<ObjectDeleter['removeAll']>[0]) {
    const before = this.stored.size;
    for (const name of this.stored.keys()) {
      const isMeant = 'attachmentId' in of ? name === nameOf(of) : name.startsWith(`${of.conversationId}/`);
      if (isMeant) this.stored.delete(name);
    }
    return before - this.stored.size;
  }
}
