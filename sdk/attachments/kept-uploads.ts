import type { Logger } from '../world.ts';
import type { CarryingBody } from './outgoing.ts';

/** An upload as it must be kept to go on with it after a restart of the app. */
export interface KeptUpload {
  /** Of the message that will carry it; the same in every attempt. */
  readonly ref: string;
  readonly conversationId: string;
  /** Names the attachment and says what it was declared as. */
  readonly body: CarryingBody;
  readonly partBytes?: number;
  /** Milliseconds since the epoch. */
  readonly beganAt: number;
  /** The known end when its message was first handed on. Absent: it never was. */
  readonly since?: number;
}

/** Where unfinished uploads are kept, for one person. They hold names and texts, which are PHI: keep them only where that may be. */
export interface UploadStorage {
  /** Those put and not removed. */
  load(): Promise<readonly KeptUpload[]>;
  /** Keeps it under its `ref`, in place of what is kept there. */
  put(upload: KeptUpload): Promise<void>;
  remove(ref: string): Promise<void>;
}

/** PROTOCOL.md, "Limits": the server deletes what no message carries by then. */
const LOST_AFTER_MS = 86_400_000;

/** What is kept of uploads: in memory, and in the app's storage where it gave one. */
export class KeptUploads {
  readonly #storage: UploadStorage | undefined;
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #uploads = new Map<string, KeptUpload>();
  readonly #inUse = new Set<string>();
  #loaded: Promise<void> | undefined;

  constructor(storage: UploadStorage | undefined, log: Logger, now: () => number) {
    this.#storage = storage;
    this.#log = log;
    this.#now = now;
  }

  /** Those that nobody goes on with. */
  async list(): Promise<KeptUpload[]> {
    await this.#load();
    return [...this.#uploads.values()].filter(({ ref }) => !this.#inUse.has(ref));
  }

  /** Takes up what was begun with the same file and the same words in this conversation, if anything was. */
  async takeUp(
    conversationId: string,
    body: Omit<CarryingBody, 'attachmentId'>,
  ): Promise<KeptUpload | undefined> {
    const same = (kept: KeptUpload) =>
      kept.conversationId === conversationId &&
      isSame({ ...body, attachmentId: '' }, { ...kept.body, attachmentId: '' });
    const found = (await this.list()).find(same);
    if (found) this.#inUse.add(found.ref);
    return found;
  }

  async keep(upload: KeptUpload): Promise<void> {
    this.#uploads.set(upload.ref, upload);
    this.#inUse.add(upload.ref);
    await this.#write((storage) => storage.put(upload));
  }

  /** Nobody goes on with it for now. */
  leave(ref: string): void {
    this.#inUse.delete(ref);
  }

  async forget(ref: string): Promise<void> {
    if (!this.#uploads.delete(ref)) return;
    this.#inUse.delete(ref);
    await this.#write((storage) => storage.remove(ref));
  }

  async erase(): Promise<void> {
    await this.#load();
    for (const ref of [...this.#uploads.keys()]) await this.forget(ref);
  }

  #load(): Promise<void> {
    this.#loaded ??= this.#read();
    return this.#loaded;
  }

  async #read(): Promise<void> {
    try {
      for (const kept of (await this.#storage?.load()) ?? []) {
        if (!this.#uploads.has(kept.ref)) this.#uploads.set(kept.ref, kept);
      }
    } catch {
      this.#log.warn('uploads-not-loaded', {});
    }
    const tooOld = this.#now() - LOST_AFTER_MS;
    for (const { ref, beganAt } of this.#uploads.values()) if (beganAt < tooOld) await this.forget(ref);
  }

  /** A storage that fails must not hold up an upload that memory still has. */
  async #write(write: (storage: UploadStorage) => Promise<void>): Promise<void> {
    if (!this.#storage) return;
    await write(this.#storage).catch(() => this.#log.warn('upload-not-kept', { kept: this.#uploads.size }));
  }
}

function isSame(one: object, other: object): boolean {
  const sorted = (value: object) =>
    JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(one) === sorted(other);
}
