import { crc32 } from 'node:zlib';

/** A piece of metadata that a picture is dressed with. */
export interface Worn {
  /** Of JPEG a marker's second byte, of PNG a chunk's type. */
  readonly as: number | string;
  readonly content: Uint8Array;
}

/** A JPEG with these segments before its tables, before its scan and behind its end. */
export function dressedJpeg(
  bare: Uint8Array,
  before: readonly Worn[],
  within: readonly Worn[],
  behind: Uint8Array,
): Buffer {
  const scan = placeOfScan(bare);
  return Buffer.concat([
    bare.subarray(0, 2),
    ...before.map(segment),
    bare.subarray(2, scan),
    ...within.map(segment),
    bare.subarray(scan),
    behind,
  ]);
}

/** A PNG with these chunks before its pixels, before its end and behind it. */
export function dressedPng(
  bare: Uint8Array,
  before: readonly Worn[],
  within: readonly Worn[],
  behind: Uint8Array,
): Buffer {
  const [header, end] = [33, bare.length - 12];
  return Buffer.concat([
    bare.subarray(0, header),
    ...before.map(chunk),
    bare.subarray(header, end),
    ...within.map(chunk),
    bare.subarray(end),
    behind,
  ]);
}

/** EXIF as a camera writes it: how it was held, and where, with what is planted. */
export function exif(orientation: number, planted: string): Uint8Array {
  const text = Buffer.from(`${planted}\0`);
  const tiff = Buffer.alloc(38);
  tiff.write('MM\0*', 'latin1');
  tiff.writeUInt32BE(8, 4);
  tiff.writeUInt16BE(2, 8);
  for (const [place, [tag, type, count, value]] of [
    [0x0112, 3, 1, orientation << 16],
    [0x010e, 2, text.length, 38],
  ].entries()) {
    const at = 10 + 12 * place;
    tiff.writeUInt16BE(tag as number, at);
    tiff.writeUInt16BE(type as number, at + 2);
    tiff.writeUInt32BE(count as number, at + 4);
    tiff.writeUInt32BE(value as number, at + 8);
  }
  return Buffer.concat([tiff, text]);
}

export const exifSegment = (orientation: number, planted: string): Worn => ({
  as: 0xe1,
  content: Buffer.concat([Buffer.from('Exif\0\0'), exif(orientation, planted)]),
});

function segment({ as, content }: Worn): Buffer {
  const head = Buffer.from([0xff, Number(as), 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([head, content]);
}

function chunk({ as, content }: Worn): Buffer {
  const named = Buffer.concat([Buffer.from(String(as)), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

function placeOfScan(jpeg: Uint8Array): number {
  const view = Buffer.from(jpeg);
  let at = 2;
  while (view.readUInt16BE(at) !== 0xffda) at += 2 + view.readUInt16BE(at + 2);
  return at;
}
