import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createInflateRaw } from 'node:zlib';
import { SignatureSearch } from './signature-search.ts';
import { type Source, Unscannable, type Verdict } from './verdict.ts';
import { endOfZip, packedBytes, type ZipEntry, zipEntries } from './zip.ts';

/** Where looking into archives ends; beyond, they are UNSUPPORTED, as beyond GuardDuty's own quotas. */
const LIMITS = {
  entries: 10_000,
  depth: 5,
  /** Unpacked bytes of everything in one object. */
  bytes: 2 * 1024 ** 3,
  /** Unpacked to packed, once more than `ratioFrom` bytes came out. */
  ratio: 200,
  ratioFrom: 16 * 1024 ** 2,
} as const;

interface Budget {
  entries: number;
  bytes: number;
}

/**
 * Scans by signature alone: EICAR's test file anywhere in the bytes, and in entries of zip and gzip archives, nested ones
 * too. It knows no virus. What it cannot look into is UNSUPPORTED: passwords, limits, and other archives.
 */
export async function scanBySignature(source: Source): Promise<Verdict> {
  try {
    const threat = await threatIn(source, 0, { entries: 0, bytes: 0 });
    return threat === undefined
      ? { status: 'NO_THREATS_FOUND', threats: [] }
      : { status: 'THREATS_FOUND', threats: [threat] };
  } catch (error) {
    if (error instanceof Unscannable) return { status: 'UNSUPPORTED', threats: [] };
    throw error;
  }
}

async function threatIn(source: Source, depth: number, budget: Budget): Promise<string | undefined> {
  const search = new SignatureSearch();
  for await (const chunk of await source.read(0, source.size - 1)) search.take(chunk);
  if (search.threat !== undefined) return search.threat;
  const kind = kindOf(search);
  if (kind === undefined) return undefined;
  if (kind === 'closed') throw new Unscannable('an archive of a kind that is not opened here');
  if (depth >= LIMITS.depth) throw new Unscannable('archives in archives, too deep');
  if (kind === 'gzip') {
    return threatInside(await source.read(0, source.size - 1), createGunzip, source.size, depth, budget);
  }
  return threatInZip(source, await zipEntries(source, search.tail), depth, budget);
}

/** Looks into every entry that it can: a threat found in one outweighs another that stays closed. */
async function threatInZip(
  source: Source,
  entries: readonly ZipEntry[],
  depth: number,
  budget: Budget,
): Promise<string | undefined> {
  budget.entries += entries.length;
  if (budget.entries > LIMITS.entries) throw new Unscannable('too many entries');
  let closed: Unscannable | undefined;
  for (const entry of entries) {
    try {
      if (entry.isEncrypted) throw new Unscannable('an entry with a password');
      if (entry.method !== 0 && entry.method !== 8)
        throw new Unscannable('a compression that is not opened here');
      const packed = await packedBytes(source, entry);
      const unpack = entry.method === 8 ? createInflateRaw : undefined;
      const threat = await threatInside(packed, unpack, entry.compressed, depth, budget);
      if (threat !== undefined) return threat;
    } catch (error) {
      if (!(error instanceof Unscannable)) throw error;
      closed = error;
    }
  }
  if (closed) throw closed;
  return undefined;
}

/** What is inside, unpacked into a file that is gone afterwards: an archive in it has to be read from its end. */
async function threatInside(
  packed: AsyncIterable<Buffer>,
  unpack: typeof createGunzip | typeof createInflateRaw | undefined,
  packedSize: number,
  depth: number,
  budget: Budget,
): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), `scanned-${process.pid}-`));
  const file = join(folder, 'inside');
  try {
    const size = await writeWithin(file, packed, unpack, packedSize, budget);
    const inside: Source = {
      size,
      read: async (start, end) => (size === 0 ? Readable.from([]) : createReadStream(file, { start, end })),
    };
    return await threatIn(inside, depth + 1, budget);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeWithin(
  file: string,
  packed: AsyncIterable<Buffer>,
  unpack: typeof createGunzip | typeof createInflateRaw | undefined,
  packedSize: number,
  budget: Budget,
): Promise<number> {
  const handle = await open(file, 'w', 0o600);
  let size = 0;
  let tooMuch: Unscannable | undefined;
  const write = async (unpacked: AsyncIterable<Buffer>) => {
    for await (const chunk of unpacked) {
      size += chunk.length;
      budget.bytes += chunk.length;
      const isBomb = size > LIMITS.ratioFrom && size > packedSize * LIMITS.ratio;
      if (isBomb || budget.bytes > LIMITS.bytes) {
        tooMuch = new Unscannable('an archive that unpacks to too much');
        throw tooMuch;
      }
      await handle.write(chunk);
    }
  };
  try {
    await (unpack ? pipeline(packed, unpack(), write) : pipeline(packed, write));
  } catch (error) {
    const isZlib = error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
    if (tooMuch) throw tooMuch; // a source that is still being read may be told of first, as an AbortError
    throw isZlib ? new Unscannable('a broken entry') : error;
  } finally {
    await handle.close();
  }
  return size;
}

/** By the first bytes, and for a zip behind something else by the last. */
function kindOf({ head, tail }: SignatureSearch): 'zip' | 'gzip' | 'closed' | undefined {
  const begins = head.toString('hex');
  if (CLOSED.some((magic) => begins.startsWith(magic))) return 'closed';
  if (begins.startsWith('1f8b08')) return 'gzip';
  if (begins.startsWith('504b0304') || begins.startsWith('504b0506')) return 'zip';
  return endOfZip(tail) ? 'zip' : undefined;
}

/** 7z, RAR, xz, bzip2, Microsoft cabinet. */
const CLOSED = ['377abcaf271c', '526172211a07', 'fd377a585a00', '425a68', '4d534346'];
