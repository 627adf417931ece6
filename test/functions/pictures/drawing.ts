import { crc32, deflateSync } from 'node:zlib';
import { createJimp } from '@jimp/core';
import jpeg from '@jimp/js-jpeg';
import png from '@jimp/js-png';

export const Picture = createJimp({ formats: [jpeg, png] });

/** A picture that is red on its left half and blue on its right. */
export async function redAndBlue(type: 'image/jpeg' | 'image/png', width: number, height: number) {
  const picture = new Picture({ width, height, color: 0xff0000ff });
  for (let y = 0; y < height; y += 1) {
    for (let x = Math.floor(width / 2); x < width; x += 1) picture.setPixelColor(0x0000ffff, x, y);
  }
  return picture.getBuffer(type);
}

/** A PNG whose header says this, and whose pixels are these bytes, deflated. */
export function pngOf({ width = 1, height = 1, interlaced = false, depth = 8 }, pixels: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, 0, 0, 0, interlaced ? 1 : 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const parts = [chunk('IHDR', header), chunk('IDAT', deflateSync(pixels)), chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([signature, ...parts]);
}

function chunk(type: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
