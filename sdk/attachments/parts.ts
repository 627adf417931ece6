import type { UploadPermit } from '../../protocol/attachments.ts';
import { ChatError } from '../errors.ts';
import type { World } from '../world.ts';
import type { FileBytes } from './file-bytes.ts';
import { readable } from './outgoing.ts';
import type { Pacing } from './pacing.ts';
import { put } from './put.ts';

/** So many parts are on their way at a time: browsers have six connections to a host. */
const PARTS_AT_A_TIME = 4;

/** Fresh permits in a row that may be refused: the first may have been used too late. */
const MOST_REFUSED = 3;

/** A part of a file; all of it where it goes up whole. */
export interface Part {
  /** Counted from 1. */
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** One attachment that is being uploaded. */
export interface Uploading {
  readonly world: World;
  readonly pacing: Pacing;
  /** Of the whole, as it came with its declaration. */
  readonly first: UploadPermit | undefined;
  permit(part: number): Promise<UploadPermit>;
  stored(bytes: number): void;
}

/** The parts of so many bytes, the last one smaller. */
export function partsOf(bytes: number, partBytes: number): Part[] {
  return Array.from({ length: Math.ceil(bytes / partBytes) }, (_, place) => ({
    number: place + 1,
    start: place * partBytes,
    end: Math.min((place + 1) * partBytes, bytes),
  }));
}

/** The bytes of all of them. */
export function bytesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Uploads these parts, a few at a time, and ends when all are stored or one cannot be. False where the upload is not open any more. */
export async function uploadParts(
  uploading: Uploading,
  parts: readonly Part[],
  file: FileBytes,
): Promise<boolean> {
  const waiting = [...parts];
  const batch = { isOver: false, isOpen: true };
  const work = async () => {
    try {
      for (let part = waiting.shift(); part && !batch.isOver; part = waiting.shift()) {
        if (await uploadPart(uploading, part, file, batch)) continue;
        Object.assign(batch, { isOver: true, isOpen: false });
      }
    } catch (error) {
      batch.isOver = true;
      throw error;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: PARTS_AT_A_TIME }, work));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  return batch.isOpen;
}

/** Tries until the part is stored, or the batch is over. False where the upload is not open any more. */
async function uploadPart(
  { world, pacing, first, permit: ask, stored }: Uploading,
  { number, start, end }: Part,
  file: FileBytes,
  batch: { readonly isOver: boolean },
): Promise<boolean> {
  const bytes = await blobOf(file.slice(start, end));
  let permit = first;
  let [attempt, refused] = [1, 0];
  while (!batch.isOver) {
    await pacing.mayGoOn();
    permit ??= await ask(number);
    const outcome = await put(world, permit, bytes, pacing.signal);
    if (outcome === 'over') return false;
    if (outcome === 'stored') {
      stored(bytes.size);
      return true;
    }
    if (pacing.isHeld) continue;
    if (outcome === 'stale') {
      permit = undefined;
      refused += 1;
      if (refused > MOST_REFUSED) throw new ChatError('upload-refused', 'the storage refuses fresh permits');
    } else {
      await readable(bytes.slice(0, 1).arrayBuffer()); // fetch says the same of a file that is gone as of no network
      await pacing.beforeAgain(attempt);
      attempt += 1;
    }
  }
  return true;
}

/** What fetch sends: a Blob's slice is read while it is sent, anything else comes into memory before. */
async function blobOf(bytes: { arrayBuffer(): Promise<ArrayBuffer> }): Promise<Blob> {
  return bytes instanceof Blob ? bytes : new Blob([await readable(bytes.arrayBuffer())]);
}
