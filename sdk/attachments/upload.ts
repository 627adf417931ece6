import type { Attachment, BegunUpload, UploadPermit } from '../../protocol/attachments.ts';
import { ChatError } from '../errors.ts';
import type { Acknowledgement, OutgoingMessage, Unacknowledged } from '../outbox.ts';
import { ended } from '../token.ts';
import type { FileBytes } from './file-bytes.ts';
import { type Fingerprint, fingerprint } from './fingerprint.ts';
import type { KeptUpload, KeptUploads } from './kept-uploads.ts';
import { type CarryingBody, type FileWords, outgoing } from './outgoing.ts';
import { type PacedRooms, Pacing } from './pacing.ts';
import { bytesOf, type Part, partsOf, type Uploading, uploadParts } from './parts.ts';
import type { Upright } from './picture.ts';
import type { Hash } from './sha256.ts';

/** What the server has forgotten is begun anew, but not for ever. */
const MOST_BEGUN = 3;

/** Parts that were stored and are not there when it is completed are uploaded again, but not for ever. */
const MOST_ROUNDS = 3;

/**
 * `hashing`: it is read once, so that it can be declared. `uploading`, `completing`: it goes to the server, which looks whether it is what was
 * declared. `sending`: its message is on its way as any other. `sent`: that is stored. `failed`: as `acknowledged` says.
 */
export type FileState = 'hashing' | 'uploading' | 'completing' | 'sending' | 'sent' | 'failed';

/** How far a file has come: `bytes` of `of` are hashed, or uploaded part by part. */
export interface FileProgress {
  readonly state: FileState;
  readonly bytes: number;
  readonly of: number;
  readonly isPaused: boolean;
}

export interface SendFileOptions extends FileWords {
  readonly onProgress?: (progress: FileProgress) => void;
  /** Cancels it: nothing of it is sent any more, and the server deletes what it has. Its message, once that is `sending`, goes on. */
  readonly signal?: AbortSignal;
}

/** A file of one's own on its way. */
export interface OutgoingFile {
  readonly conversationId: string;
  readonly progress: FileProgress;
  /** Resolves when the message that carries it is stored. Rejects where it is refused or cancelled or the chat is closed, never because of time. */
  readonly acknowledged: Promise<Acknowledgement>;
  /** Stops at once; what is uploaded stays for a day. */
  pause(): void;
  resume(): void;
}

export interface UploadRooms extends PacedRooms {
  readonly kept: KeptUploads;
  readonly newHash: () => Hash;
  readonly upright: Upright | undefined;
  newRef(): string;
  knownEnd(conversationId: string): number;
  /** Hands a message on to be sent; where one of this ref waits already, gives that. */
  post(message: Unacknowledged): OutgoingMessage;
}

interface Declared extends Fingerprint {
  readonly blob: FileBytes;
  readonly body: Omit<CarryingBody, 'attachmentId'>;
}

/** One file from the moment it is chosen until its message is stored. */
export class Upload implements OutgoingFile {
  readonly conversationId: string;
  readonly acknowledged: Promise<Acknowledgement>;
  readonly #rooms: UploadRooms;
  readonly #options: SendFileOptions;
  readonly #pacing: Pacing;
  #progress: FileProgress;
  #ref: string | undefined;
  #isHandedOn = false;

  constructor(rooms: UploadRooms, conversationId: string, file: FileBytes, options: SendFileOptions) {
    this.#rooms = rooms;
    this.conversationId = conversationId;
    this.#options = options;
    this.#pacing = new Pacing(rooms);
    this.#progress = { state: 'hashing', bytes: 0, of: file.size, isPaused: false };
    this.acknowledged = Promise.race([this.#run(file), this.#pacing.ended]);
    this.acknowledged.catch(() => this.#tell({ state: 'failed' })); // an app that looks at `progress` instead need not catch it
  }

  get progress(): FileProgress {
    return this.#progress;
  }

  pause(): void {
    if (this.#isHandedOn) return;
    this.#pacing.hold();
    this.#tell({ isPaused: this.#pacing.isHeld });
  }

  resume(): void {
    this.#pacing.release();
    this.#tell({ isPaused: false });
  }

  /** The chat is closed: the next one goes on with it where it is kept. */
  close(): void {
    if (!this.#isHandedOn) this.#pacing.end(ended('closed-by-app'));
  }

  async #run(file: FileBytes): Promise<Acknowledgement> {
    const { signal } = this.#options;
    const cancel = () => {
      if (!this.#isHandedOn) this.#pacing.end(new ChatError('cancelled', 'the app cancelled this file'));
    };
    signal?.addEventListener('abort', cancel);
    if (signal?.aborted) cancel();
    try {
      const kept = await this.#store(await this.#declare(file));
      const acknowledgement = await (await this.#handOn(kept)).acknowledged;
      this.#tell({ state: 'sent' });
      return acknowledgement;
    } catch (error) {
      await this.#letGo(error);
      throw error;
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  async #declare(file: FileBytes): Promise<Declared> {
    const { bytes: blob, body } = await outgoing(file, this.#options, this.#rooms.upright);
    this.#tell({ of: blob.size });
    const found = await fingerprint(blob, this.#rooms.newHash, async (bytes) => {
      this.#tell({ bytes });
      await this.#pacing.mayGoOn();
    });
    const described = { ...body, sha256: found.sha256 } as Omit<CarryingBody, 'attachmentId'>;
    return { ...found, blob, body: described };
  }

  /** Ends when the server has all of it and found it to be what was declared. */
  async #store(declared: Declared): Promise<KeptUpload> {
    await this.#pacing.live();
    let kept = await this.#rooms.kept.takeUp(this.conversationId, declared.body);
    this.#ref = kept?.ref ?? this.#rooms.newRef();
    if (kept?.since !== undefined) return kept;
    let permit: UploadPermit | undefined;
    for (let begun = 0; ; begun += 1) {
      const isNew = kept === undefined;
      if (!kept) ({ kept, permit } = await this.#begin(declared, this.#ref));
      if (await this.#finish(kept, declared, isNew, permit)) return kept;
      if (begun === MOST_BEGUN) {
        throw new ChatError('unknown-attachment', 'the server forgets this upload each time it is begun');
      }
      kept = undefined;
    }
  }

  async #begin({ body, blob: _, ...found }: Declared, ref: string) {
    const { conversationId } = this;
    const { contentType, bytes } = body;
    const { attachmentId, upload: permit } = await this.#pacing.ask<BegunUpload>({
      method: 'POST',
      path: this.#path(),
      body: { contentType, bytes, ...found },
    });
    const { partBytes } = found;
    const kept: KeptUpload = {
      ...{ ref, conversationId, beganAt: this.#rooms.world.now() },
      body: { ...body, attachmentId } as CarryingBody,
      ...(partBytes !== undefined && { partBytes }),
    };
    await this.#rooms.kept.keep(kept);
    return { kept, permit };
  }

  /** Whether it came to its end; false where the server knows nothing of it any more. */
  async #finish(
    kept: KeptUpload,
    { blob }: Declared,
    isNew: boolean,
    permit: UploadPermit | undefined,
  ): Promise<boolean> {
    const { attachmentId } = kept.body;
    let isOpen = true;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      try {
        const missing = await this.#missing(kept, isNew && round === 0);
        this.#tell({ state: 'uploading', bytes: blob.size - bytesOf(missing) });
        isOpen = await uploadParts(
          this.#uploading(attachmentId, round === 0 ? permit : undefined),
          missing,
          blob,
        );
        this.#tell({ state: 'completing' });
        await this.#pacing.ask({ method: 'POST', path: this.#path(attachmentId, 'completion'), body: {} });
        return true;
      } catch (error) {
        const code = error instanceof ChatError && error.code;
        if (code === 'unknown-attachment') return false;
        if (code !== 'attachment-incomplete') throw error;
        if (!isOpen) return false;
      }
    }
    throw new ChatError('attachment-incomplete', 'parts of it were stored and lost again, several times');
  }

  async #missing({ body, partBytes }: KeptUpload, isNew: boolean): Promise<Part[]> {
    const all = partsOf(body.bytes, partBytes ?? body.bytes);
    if (isNew) return all;
    const { state, storedParts = [] } = await this.#pacing.ask<Attachment>({
      method: 'GET',
      path: this.#path(body.attachmentId),
    });
    return state === 'awaited' ? all.filter(({ number }) => !storedParts.includes(number)) : [];
  }

  #uploading(attachmentId: string, first: UploadPermit | undefined): Uploading {
    return {
      world: this.#rooms.world,
      pacing: this.#pacing,
      first,
      permit: (part) =>
        this.#pacing.ask<UploadPermit>({
          method: 'POST',
          path: this.#path(attachmentId, 'parts'),
          body: { part },
        }),
      stored: (bytes) => this.#tell({ bytes: this.#progress.bytes + bytes }),
    };
  }

  async #handOn(kept: KeptUpload): Promise<OutgoingMessage> {
    const { ref, conversationId, body, since } = kept;
    await this.#pacing.mayGoOn();
    this.#isHandedOn = true;
    if (since === undefined) {
      await this.#rooms.kept.keep({ ...kept, since: this.#rooms.knownEnd(conversationId) });
    }
    this.#tell({ state: 'sending', bytes: this.#progress.of });
    return this.#rooms.post({ ref, conversationId, body, ...(since !== undefined && { since }) });
  }

  /** What can be gone on with stays kept. */
  async #letGo(error: unknown): Promise<void> {
    if (this.#ref === undefined) return;
    const code = error instanceof ChatError ? error.code : undefined;
    const isKept = code === undefined || code === 'closed' || code === 'file-unreadable';
    if (isKept) this.#rooms.kept.leave(this.#ref);
    else await this.#rooms.kept.forget(this.#ref);
  }

  #path(...parts: string[]): string {
    return ['conversations', encodeURIComponent(this.conversationId), 'attachments', ...parts].join('/');
  }

  #tell(change: Partial<FileProgress>): void {
    this.#progress = { ...this.#progress, ...change };
    try {
      this.#options.onProgress?.(this.#progress);
    } catch (error) {
      void Promise.reject(error); // as a listener that throws: it disturbs nothing here
    }
  }
}
