import type { LogEntry } from '../../protocol/frames.ts';
import { ChatError } from '../errors.ts';
import type { Page } from '../inbox.ts';
import type { OutgoingMessage, Unacknowledged } from '../outbox.ts';
import {
  type Carrier,
  carrierIn,
  type DownloadOptions,
  type IncomingFile,
  incoming,
  type StreamOptions,
  whole,
} from './download.ts';
import type { FileBytes } from './file-bytes.ts';
import { type KeptUpload, KeptUploads, type UploadStorage } from './kept-uploads.ts';
import type { PacedRooms } from './pacing.ts';
import { canvasUpright, type Upright } from './picture.ts';
import { type Hash, Sha256 } from './sha256.ts';
import { type OutgoingFile, type SendFileOptions, Upload } from './upload.ts';

export interface AttachmentsOptions {
  /** Keeps unfinished uploads over a restart of the app. @default in memory alone */
  readonly storage?: UploadStorage;
  /** Makes a SHA-256. In Node `() => createHash('sha256')` of `node:crypto` takes a sixth of the time. @default an own one */
  readonly newHash?: () => Hash;
  /** Turns a picture that was taken sideways. @default the browser's canvas; where there is none such a picture is refused */
  readonly upright?: Upright;
}

/** What a chat lends for files. */
export interface ChatRooms extends PacedRooms {
  newRef(): string;
  knownEnd(conversationId: string): number;
  post(message: Unacknowledged): OutgoingMessage;
  /** Whether a message of this ref waits to be acknowledged. */
  isWaiting(ref: string): boolean;
  /** Calls `tell` when the scan of an attachment is told of, until the function it gives back is called. */
  onScanned(tell: (attachmentId: string) => void): () => void;
  pageAfter(conversationId: string, seq: number): Promise<Page>;
}

/** What a chat does with files; made by {@link attachments}. */
export interface Attachments {
  send(conversationId: string, file: FileBytes, options?: SendFileOptions): OutgoingFile;
  download(conversationId: string, of: FileSource, options?: DownloadOptions): Promise<File>;
  stream(conversationId: string, of: FileSource, options?: StreamOptions): Promise<IncomingFile>;
  unfinished(): Promise<KeptUpload[]>;
  /** A message of this ref was stored, or refused for good. */
  settled(ref: string): void;
  /** Ends every upload, and takes what is kept of any off this device. */
  erase(): void;
  close(): void;
}

/** A message that carries a file, or its `seq`. */
export type FileSource = number | Pick<LogEntry, 'seq' | 'body'>;

/** Lets a chat send and fetch files: its option `attachments`. An app that does not import this packs nothing of it. */
export function attachments(options: AttachmentsOptions = {}): (chat: ChatRooms) => Attachments {
  return (chat) => {
    const { world } = chat;
    const kept = new KeptUploads(options.storage, world.log, world.now);
    const newHash = options.newHash ?? (() => new Sha256());
    const upright = options.upright ?? canvasUpright();
    const uploads = new Set<Upload>();
    const downloads = {
      ...chat,
      newHash,
      whenScanned: (attachmentId: string, tell: () => void) =>
        chat.onScanned((scanned) => scanned === attachmentId && tell()),
    };
    const open = async (conversationId: string, of: FileSource, how: StreamOptions) =>
      incoming(downloads, conversationId, await carrier(chat, conversationId, of), how);

    return {
      send: (conversationId, file, how = {}) => {
        const upload = new Upload({ ...chat, kept, newHash, upright }, conversationId, file, how);
        uploads.add(upload);
        const done = () => void uploads.delete(upload);
        upload.acknowledged.then(done, done);
        return upload;
      },
      download: async (conversationId, of, how = {}) => whole(await open(conversationId, of, how)),
      stream: (conversationId, of, how = {}) => open(conversationId, of, how),
      unfinished: async () => (await kept.list()).filter(({ ref }) => !chat.isWaiting(ref)),
      settled: (ref) => void kept.forget(ref),
      erase: () => {
        for (const upload of uploads) upload.close();
        void kept.erase();
      },
      close: () => {
        for (const upload of uploads) upload.close();
      },
    };
  };
}

async function carrier(chat: ChatRooms, conversationId: string, of: FileSource): Promise<Carrier> {
  if (typeof of !== 'number') return carrierIn(of);
  const { entries } = await chat.pageAfter(conversationId, of - 1);
  const entry = entries.find(({ seq }) => seq === of);
  if (!entry) throw new ChatError('no-file', 'there is no such message here');
  return carrierIn(entry);
}
