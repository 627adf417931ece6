import type { Download } from '../../protocol/attachments.ts';
import type { LogEntry } from '../../protocol/frames.ts';
import { ChatError } from '../errors.ts';
import { pause, type World } from '../world.ts';
import type { FileBytes } from './file-bytes.ts';
import { readInto } from './fingerprint.ts';
import type { CarryingBody } from './outgoing.ts';
import { type PacedRooms, Pacing } from './pacing.ts';
import { base64, type Hash } from './sha256.ts';

/** What is not scanned yet is asked for again after so long, unless the scan's end is told before. */
const LOOK_AGAIN_MS = 5_000;

/** A scan of gigabytes takes minutes; `not-scanned` after that is the app's to say. */
const SCAN_WITHIN_MS = 300_000;

/** Bytes that do not come for so long come no more by this connection. */
const SILENT_MS = 60_000;

/** Fresh permits in a row that may be refused: the first may have been used too late. */
const MOST_REFUSED = 3;

export interface DownloadOptions {
  /** @default original */
  readonly rendition?: 'original' | 'preview';
  /** `of` is unknown for a preview. */
  readonly onProgress?: (progress: { readonly bytes: number; readonly of: number | undefined }) => void;
  readonly signal?: AbortSignal;
}

export interface StreamOptions extends DownloadOptions {
  /** What an earlier stream of the same file gave, from its beginning: only what follows is fetched and given. */
  readonly have?: FileBytes;
}

/** A file whose bytes are still to come. */
export interface IncomingFile {
  readonly name: string;
  readonly type: string;
  /** Unknown for a preview. */
  readonly bytes: number | undefined;
  /**
   * Its bytes, or those that are not had yet. Ends with an error `checksum-mismatch` where they are not what the sender sent: nothing of it is to be
   * used before it has ended well.
   */
  readonly stream: ReadableStream<Uint8Array>;
}

export interface DownloadRooms extends PacedRooms {
  readonly newHash: () => Hash;
  /** Ends the wait when the scan of this attachment is told of; call what it gives to end that. */
  whenScanned(attachmentId: string, tell: () => void): () => void;
}

/** The message that carries a file. */
export interface Carrier {
  readonly seq: number;
  readonly body: CarryingBody;
}

/** @throws ChatError `no-file` */
export function carrierIn({ seq, body }: Pick<LogEntry, 'seq' | 'body'>): Carrier {
  if (body.kind === 'file' || body.kind === 'clinical-photo') return { seq, body };
  throw new ChatError('no-file', 'this message carries no file');
}

/** Begins to fetch what a message carries, as soon as it is scanned. */
export async function incoming(
  rooms: DownloadRooms,
  conversationId: string,
  { seq, body }: Carrier,
  options: StreamOptions = {},
): Promise<IncomingFile> {
  const isPreview = options.rendition === 'preview';
  const pacing = new Pacing(rooms);
  const cancel = () => pacing.end(new ChatError('cancelled', 'the app cancelled this download'));
  options.signal?.addEventListener('abort', cancel);
  if (options.signal?.aborted) cancel();
  const path = `conversations/${encodeURIComponent(conversationId)}/messages/${seq}/downloads`;
  const permits = () => scanned(rooms, pacing, path, body.attachmentId, options.rendition ?? 'original');
  const first = await permits();
  const known = isPreview ? undefined : body;
  const chunks = chunksOf(rooms, pacing, { first, permits, known, options });
  return {
    name: body.name,
    type: isPreview ? 'image/jpeg' : body.contentType,
    bytes: known?.bytes,
    stream: streamOf(chunks, cancel),
  };
}

/** The permit, once the scan has ended; bounded, because a scan may never. */
async function scanned(
  rooms: DownloadRooms,
  pacing: Pacing,
  path: string,
  attachmentId: string,
  rendition: 'original' | 'preview',
): Promise<Download> {
  const until = rooms.world.now() + SCAN_WITHIN_MS;
  for (;;) {
    const wait = pause(rooms.world, LOOK_AGAIN_MS);
    const unlisten = rooms.whenScanned(attachmentId, wait.hurry);
    try {
      return await pacing.ask<Download>({ method: 'POST', path, body: { rendition } });
    } catch (error) {
      const isWaiting =
        error instanceof ChatError && error.code === 'not-scanned' && rooms.world.now() < until;
      if (!isWaiting) throw error;
      await Promise.race([wait.over, pacing.ended]);
    } finally {
      unlisten();
      wait.hurry();
    }
  }
}

interface Fetching {
  readonly first: Download;
  readonly permits: () => Promise<Download>;
  /** What the sealed message says of it. */
  readonly known: CarryingBody | undefined;
  readonly options: StreamOptions;
}

/** Its bytes from where they are missing; a connection that breaks is followed by another from there. */
async function* chunksOf(
  rooms: DownloadRooms,
  pacing: Pacing,
  { first, permits, known, options: { have, onProgress } }: Fetching,
): AsyncGenerator<Uint8Array> {
  const hash = rooms.newHash();
  if (have) await readInto([hash], have, { start: 0, end: have.size }, () => pacing.mayGoOn());
  let at = have?.size ?? 0;
  let permit: Download | undefined = first;
  let [attempt, refused] = [1, 0];
  while (!known || at < known.bytes) {
    await pacing.mayGoOn();
    const { url } = permit ?? (await permits());
    permit = undefined; // good for a minute: too short to be used again
    const fetched = await Fetched.open(rooms.world, url, at, pacing.signal);
    if (fetched === 'stale') refused += 1;
    if (refused > MOST_REFUSED) throw new ChatError('download-refused', 'the storage refuses fresh permits');
    if (typeof fetched === 'string') {
      await pacing.beforeAgain(attempt++);
      continue;
    }
    for (let chunk = await fetched.next(); chunk; chunk = await fetched.next()) {
      at += chunk.length;
      if (known && at > known.bytes) throw mismatch();
      hash.update(chunk);
      onProgress?.({ bytes: at, of: known?.bytes });
      [attempt, refused] = [1, 0];
      yield chunk;
    }
    if (!known && fetched.hasEnded) return;
    if (!known) throw new ChatError('unreachable', 'the connection broke', { retryable: true });
  }
  if (known && (at !== known.bytes || base64(hash.digest()) !== known.sha256)) throw mismatch();
}

/** One connection that gives bytes. */
class Fetched {
  /** Whether it gave all that it had. */
  hasEnded = false;
  readonly #world: World;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #over: AbortController;

  private constructor(world: World, body: ReadableStream<Uint8Array>, over: AbortController) {
    this.#world = world;
    this.#reader = body.getReader();
    this.#over = over;
  }

  /** @throws ChatError `download-refused`, `checksum-mismatch` */
  static async open(
    world: World,
    url: string,
    from: number,
    signal: AbortSignal,
  ): Promise<Fetched | 'stale' | 'again'> {
    const over = new AbortController();
    signal.addEventListener('abort', () => over.abort());
    const cancel = world.after(SILENT_MS, () => over.abort());
    const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
    try {
      const { status, body } = await world.fetch(url, { method: 'GET', headers, signal: over.signal });
      if (status === (from > 0 ? 206 : 200) && body) return new Fetched(world, body, over);
      over.abort(); // what it says beside its status is not read
      if (status === 403) return 'stale';
      if (status >= 500 || status === 429) return 'again';
      if (status === 416) throw mismatch();
      throw new ChatError('download-refused', `the download was refused with the status ${status}`);
    } catch (error) {
      if (error instanceof ChatError) throw error;
      return 'again';
    } finally {
      cancel();
    }
  }

  /** The next bytes; nothing where there are no more, or the connection broke. */
  async next(): Promise<Uint8Array | undefined> {
    const cancel = this.#world.after(SILENT_MS, () => this.#over.abort());
    try {
      const { value, done } = await this.#reader.read();
      this.hasEnded = done;
      return value;
    } catch {
      return undefined;
    } finally {
      cancel();
    }
  }
}

function mismatch(): ChatError {
  return new ChatError('checksum-mismatch', 'what came is not what the sender sent; do not use it');
}

function streamOf(chunks: AsyncGenerator<Uint8Array>, cancel: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull: async (controller) => {
      const { value, done } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel,
  });
}

/** So many bytes are collected before they become a Blob, which a browser may keep on disk. */
const COLLECTED_BYTES = 16_777_216;

/** All of it, as a file of its name. */
export async function whole({ name, type, stream }: IncomingFile): Promise<File> {
  const reader = stream.getReader();
  const blobs: Blob[] = [];
  let chunks: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    chunks.push(read.value as Uint8Array<ArrayBuffer>);
    bytes += read.value.length;
    if (bytes < COLLECTED_BYTES) continue;
    blobs.push(new Blob(chunks));
    [chunks, bytes] = [[], 0];
  }
  return new File([...blobs, ...chunks], name, { type });
}
