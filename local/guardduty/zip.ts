import { type Source, Unscannable } from './verdict.ts';

/** One entry of a zip, as its central directory has it. */
export interface ZipEntry {
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly isEncrypted: boolean;
  /** Where its local header begins in the file. */
  readonly at: number;
  readonly compressed: number;
}

/** The largest directory that is read, and so the most memory that an archive takes. */
const LARGEST_DIRECTORY_BYTES = 16 * 1024 * 1024;
const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;

/** The end of a zip in the last bytes of a file (PKWARE APPNOTE 4.3.16); undefined where there is none. */
export function endOfZip(
  tail: Buffer,
): { readonly place: number; readonly bytes: number; readonly offset: number } | undefined {
  for (let at = tail.length - 22; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END || at + 22 + tail.readUInt16LE(at + 20) > tail.length) continue;
    return { place: tail.length - at, bytes: tail.readUInt32LE(at + 12), offset: tail.readUInt32LE(at + 16) };
  }
  return undefined;
}

/** The entries of a zip; throws {@link Unscannable} for one that is broken, too large or of the 64-bit kind. */
export async function zipEntries(source: Source, tail: Buffer): Promise<readonly ZipEntry[]> {
  const end = endOfZip(tail);
  if (!end) throw new Unscannable('an archive without its directory');
  if (end.offset === 0xffffffff || end.bytes > LARGEST_DIRECTORY_BYTES)
    throw new Unscannable('an archive that is too large');
  const start = source.size - end.place - end.bytes;
  if (start < 0) throw new Unscannable('an archive without its directory');
  const before = start - end.offset; // bytes before the archive: a program that unpacks itself
  const directory = end.bytes === 0 ? Buffer.alloc(0) : await bytesOf(source, start, start + end.bytes - 1);
  const entries: ZipEntry[] = [];
  for (let at = 0; at + 46 <= directory.length; ) {
    if (directory.readUInt32LE(at) !== ENTRY) throw new Unscannable('a broken directory');
    const flags = directory.readUInt16LE(at + 8);
    entries.push({
      method: directory.readUInt16LE(at + 10),
      isEncrypted: (flags & 0x2041) !== 0, // encrypted, strongly, or with a masked directory
      at: directory.readUInt32LE(at + 42) + before,
      compressed: directory.readUInt32LE(at + 20),
    });
    at +=
      46 +
      directory.readUInt16LE(at + 28) +
      directory.readUInt16LE(at + 30) +
      directory.readUInt16LE(at + 32);
  }
  return entries;
}

/** An entry's bytes as they lie in the archive. */
export async function packedBytes(
  source: Source,
  { at, compressed }: ZipEntry,
): Promise<AsyncIterable<Buffer>> {
  if (at < 0 || at + 30 > source.size) throw new Unscannable('a broken directory');
  const header = await bytesOf(source, at, at + 29);
  if (header.length < 30 || header.readUInt32LE(0) !== LOCAL) throw new Unscannable('a broken entry');
  const start = at + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  if (start + compressed > source.size) throw new Unscannable('a broken entry');
  return compressed === 0 ? nothing() : source.read(start, start + compressed - 1);
}

async function bytesOf(source: Source, start: number, end: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await source.read(start, end)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* nothing(): AsyncGenerator<Buffer> {}
