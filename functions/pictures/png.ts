import { inflateSync } from 'node:zlib';
import png from '@jimp/js-png';
import type { Bitmap } from './bitmap.ts';

/** Samples of a pixel by its colour type (PNG specification, 11.2.1 "IHDR"). */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * The pixels of a PNG that has all of them. Of one whose data is shorter than its header says, pngjs 7 takes the rest from memory that nobody
 * has cleared, which may hold another patient's picture: so the length is looked at first.
 *
 * @throws Error where the bytes are no PNG
 */
export function decodePng(bytes: Buffer): Bitmap | undefined {
  return hasAllPixels(bytes) ? png().decode(bytes, {}) : undefined;
}

function hasAllPixels(bytes: Buffer): boolean {
  const samples = SAMPLES[bytes.readUInt8(25)] ?? 0;
  const bitsOfRow = bytes.readUInt32BE(16) * samples * bytes.readUInt8(24);
  const wanted = (Math.ceil(bitsOfRow / 8) + 1) * bytes.readUInt32BE(20); // each row begins with its filter
  return inflateSync(dataOf(bytes), { maxOutputLength: wanted }).length === wanted;
}

/** What its IDAT chunks hold. */
function dataOf(bytes: Buffer): Buffer {
  const found: Buffer[] = [];
  for (let at = 8, type = ''; type !== 'IEND'; ) {
    const length = bytes.readUInt32BE(at);
    type = bytes.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT') found.push(bytes.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return Buffer.concat(found);
}
