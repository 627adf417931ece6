import { inflate, stored } from './inflate.ts';
import { bareProfile } from './profile.ts';
import { broken, bytesOf, joined, latin, type Stripped, viewOf } from './stripped.ts';

const SIGNATURE = '\x89PNG\r\n\x1a\n';

/** The name of every profile: what a maker calls theirs is not seen (PNG specification, 11.3.2.3). */
const PROFILE_HEAD = 'ICC\0\0';
const MAX_PROFILE_BYTES = 1_048_576;

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: Colour;
  readonly isInterlaced: boolean;
}

/** By colour type (11.2.1): samples of a pixel, depths, and how many bytes tRNS, bKGD and sBIT have; none for those that are not allowed. */
const COLOURS = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16], clear: 2, behind: 2, bits: 1 },
  2: { samples: 3, depths: [8, 16], clear: 6, behind: 6, bits: 3 },
  3: { samples: 1, depths: [1, 2, 4, 8], clear: Number.NaN, behind: 1, bits: 3 },
  4: { samples: 2, depths: [8, 16], clear: Number.NaN, behind: 2, bits: 2 },
  6: { samples: 4, depths: [8, 16], clear: Number.NaN, behind: 6, bits: 4 },
} as const;
type Colour = keyof typeof COLOURS;

/** Where the pixels of each pass of an interlaced picture begin, and how far they are apart: across, down (8.2). */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const WHOLE = [[0, 0, 1, 1]] as const;

/**
 * The same picture with nothing but what a decoder needs: the chunks that change how it looks, each once, in its place and of its length, and
 * of its coded data exactly the pixels. No pixel changes. Nothing where this is no whole PNG, or holds a chunk without which it must not be
 * shown and that is not known here (PNG specification, 5.4).
 *
 * @throws RangeError where it ends in the midst of something
 */
export function barePng(given: Uint8Array): Stripped {
  if (latin(given, 0, 8) !== SIGNATURE) throw broken();
  const view = viewOf(given);
  const kept: Uint8Array[] = [given.subarray(0, 8)];
  const pixels: { readonly chunk: Uint8Array; readonly data: Uint8Array }[] = [];
  const seen = new Map<string, Uint8Array>();
  let header: Header | undefined;
  let exif: Uint8Array | undefined;
  for (let at = 8; ; ) {
    const end = at + 12 + view.getUint32(at);
    if (end > given.length) throw broken();
    const type = latin(given, at + 4, 4);
    const chunk = given.subarray(at, end);
    const data = given.subarray(at + 8, end - 4);
    const isWhole = checksum(given.subarray(at + 4, end - 4)) === view.getUint32(end - 4);
    const isCritical = /^[^a-z]/.test(type);
    if ((at === 8) !== (type === 'IHDR') || (isCritical && !isWhole)) throw broken();
    at = end;
    if (type === 'IHDR') header = headerIn(data);
    if (!header) throw broken();
    if (type === 'IEND') {
      if (data.length > 0 || (header.colour === 3 && !seen.has('PLTE'))) throw broken();
      kept.push(...pixelsOf(pixels, header), chunk);
      return { bytes: joined(kept), exif };
    }
    if (type === 'eXIf') exif ??= data;
    else if (type === 'IDAT') pixels.push({ chunk, data });
    else if (isCritical && type !== 'IHDR' && type !== 'PLTE') throw broken();
    else if (isWhole && pixels.length === 0 && isNeeded(type, data, header, seen)) {
      seen.set(type, data);
      if (type === 'iCCP') kept.push(...profileOf(data));
      else kept.push(chunk);
    }
  }
}

function headerIn(data: Uint8Array): Header {
  const view = viewOf(data);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth = 0, colour = 0, method, filter, interlace = 2] = data.subarray(8);
  const isSize = (pixels: number) => pixels > 0 && pixels < 2 ** 31;
  if (data.length !== 13 || !isSize(width) || !isSize(height) || !isColour(colour)) throw broken();
  if (method !== 0 || filter !== 0 || interlace > 1) throw broken();
  if (!COLOURS[colour].depths.some((one) => one === depth)) throw broken();
  return { width, height, depth, colour, isInterlaced: interlace === 1 };
}

function isColour(colour: number): colour is Colour {
  return Object.hasOwn(COLOURS, colour);
}

/** Whether a chunk before the pixels changes how they look: of the length that it has, in its place (5.6), and the first of its kind. */
function isNeeded(
  type: string,
  data: Uint8Array,
  header: Header,
  seen: ReadonlyMap<string, Uint8Array>,
): boolean {
  const { colour, depth } = header;
  const { clear, behind, bits } = COLOURS[colour];
  const colours = (seen.get('PLTE')?.length ?? 0) / 3;
  const numbers = (most: number) => {
    for (let at = 0; at < data.length; at += 4) if (viewOf(data).getUint32(at) > most) return false;
    return true;
  };
  const { length } = data;
  if (seen.has(type)) return false;
  switch (type) {
    case 'IHDR':
      return true;
    case 'PLTE':
      return colour === 3 && length % 3 === 0 && length > 0 && length <= 3 * 2 ** depth;
    case 'tRNS':
      return colour === 3 ? length > 0 && length <= colours : length === clear;
    case 'bKGD':
      return length === behind && (colour !== 3 || (data[0] ?? 0) < colours);
    case 'pHYs':
      return length === 9 && (data[8] ?? 2) < 2 && numbersOf(data).every((number) => number < 2 ** 20);
  }
  if (seen.has('PLTE')) return false;
  switch (type) {
    case 'gAMA':
      return length === 4 && numbers(10_000_000);
    case 'cHRM':
      return length === 32 && numbers(100_000);
    case 'sRGB':
      return length === 1 && (data[0] ?? 4) < 4;
    case 'sBIT':
      return length === bits && data.every((one) => one > 0 && one <= (colour === 3 ? 8 : depth));
    case 'cICP':
      return length === 4;
    default:
      return type === 'iCCP';
  }
}

function numbersOf(data: Uint8Array): readonly number[] {
  return [viewOf(data).getUint32(0), viewOf(data).getUint32(4)];
}

/** The numbers of a colour profile in a chunk of their own; nothing where it is none that decoders take. */
function profileOf(data: Uint8Array): readonly Uint8Array[] {
  const name = data.indexOf(0);
  let profile: Uint8Array;
  try {
    if (name < 1 || data[name + 1] !== 0) return [];
    profile = inflate(data.subarray(name + 2), MAX_PROFILE_BYTES, new Uint8Array(MAX_PROFILE_BYTES)).bytes;
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
  const colours = bareProfile(profile);
  return colours ? [chunkOf('iCCP', joined([bytesOf(PROFILE_HEAD), stored(colours)]))] : [];
}

/** The coded pixels: as they are where they are nothing else, or else in one chunk without what stands behind them. */
function pixelsOf(
  pixels: readonly { chunk: Uint8Array; data: Uint8Array }[],
  header: Header,
): readonly Uint8Array[] {
  const data = joined(pixels.map((one) => one.data));
  const wanted = bytesOfPixels(header);
  const { end, length } = inflate(data, wanted);
  if (length !== wanted) throw broken();
  return end === data.length ? pixels.map(({ chunk }) => chunk) : [chunkOf('IDAT', data.subarray(0, end))];
}

/** How many bytes the pixels are before they are coded: rows, each with its filter before it (7.2 and 9). */
function bytesOfPixels({ width, height, depth, colour, isInterlaced }: Header): number {
  let bytes = 0;
  for (const [x, y, across, down] of isInterlaced ? PASSES : WHOLE) {
    const [columns, rows] = [Math.ceil((width - x) / across), Math.ceil((height - y) / down)];
    if (columns > 0 && rows > 0)
      bytes += rows * (1 + Math.ceil((columns * depth * COLOURS[colour].samples) / 8));
  }
  return bytes;
}

function chunkOf(type: string, data: Uint8Array): Uint8Array {
  const chunk = joined([new Uint8Array(4), bytesOf(type), data, new Uint8Array(4)]);
  viewOf(chunk).setUint32(0, data.length);
  viewOf(chunk).setUint32(8 + data.length, checksum(chunk.subarray(4, 8 + data.length)));
  return chunk;
}

const REMAINDERS = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  return remainder;
});

/** CRC-32 (annex D). */
function checksum(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = (sum >>> 8) ^ (REMAINDERS[(sum ^ byte) & 255] ?? 0);
  return (sum ^ 0xffffffff) >>> 0;
}
