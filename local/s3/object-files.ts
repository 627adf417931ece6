import { randomBytes } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  readdirSync,
  rmSync,
  type WriteStream,
} from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Piece } from './version.ts';

/**
 * The bytes of objects: files with names that say nothing, readable by their owner alone (mode 0600), unencrypted. What
 * is still arriving lies apart, and what an ended run left there is gone at the start of the next.
 */
export class ObjectFiles {
  private readonly whole: string;
  private readonly arriving: string;

  constructor(directory: string) {
    this.whole = join(directory, 'objects');
    this.arriving = join(directory, 'arriving');
    rmSync(this.arriving, { recursive: true, force: true });
    for (const folder of [this.whole, this.arriving]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** A new file for what is arriving. */
  begin(): { readonly file: string; readonly stream: WriteStream } {
    const file = randomBytes(16).toString('hex');
    return { file, stream: createWriteStream(join(this.arriving, file), { mode: 0o600 }) };
  }

  /** Keeps a file that has arrived whole. */
  async keep(file: string): Promise<void> {
    await rename(join(this.arriving, file), join(this.whole, file));
  }

  /** Removes a file, arriving or kept. */
  remove(file: string): void {
    for (const folder of [this.arriving, this.whole]) rmSync(join(folder, file), { force: true });
  }

  /** Removes every kept file that is not among these. */
  keepOnly(files: ReadonlySet<string>): void {
    for (const file of readdirSync(this.whole)) if (!files.has(file)) this.remove(file);
  }

  /** The bytes from `start` to `end`, both included, of these pieces one after the other. Rejects where there is nothing to read. */
  async read(pieces: readonly Piece[], start: number, end: number): Promise<Readable> {
    const wanted = sections(pieces, start, end);
    const [first] = wanted;
    if (!first) return Readable.from([]);
    const handle = await open(join(this.whole, first.file)); // open before the answer begins: a deletion then does not matter
    const opened = handle.createReadStream({
      start: first.start,
      end: first.end,
      highWaterMark: CHUNK_BYTES,
    });
    if (wanted.length === 1) return opened;
    return Readable.from(this.oneAfterTheOther(opened, wanted.slice(1)), { objectMode: false });
  }

  private async *oneAfterTheOther(first: Readable, more: readonly Section[]): AsyncGenerator<Buffer> {
    yield* first as AsyncIterable<Buffer>;
    for (const { file, start, end } of more) {
      yield* createReadStream(join(this.whole, file), {
        start,
        end,
        highWaterMark: CHUNK_BYTES,
      }) as AsyncIterable<Buffer>;
    }
  }
}

const CHUNK_BYTES = 256 * 1024;

interface Section {
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

function sections(pieces: readonly Piece[], start: number, end: number): readonly Section[] {
  let before = 0;
  return pieces.flatMap(({ file, size }) => {
    const from = Math.max(start - before, 0);
    const to = Math.min(end - before, size - 1);
    before += size;
    return from <= to ? [{ file, start: from, end: to }] : [];
  });
}
