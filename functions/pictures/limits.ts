import type { ContentType } from '../../protocol/attachments.ts';

/** The most pixels that are decoded: 40 megapixels, as large cameras and telephones take them. */
export const MAX_PIXELS = 40_000_000;

/** A scan walks through every pixel, and a file of 20 MB could hold half a million: one for each colour, and more where they are progressive, which have about ten. */
const MAX_SCANS = { sequential: 4, progressive: 32 };

const SOS = Buffer.from([0xff, 0xda]);

/** Whether the header of a picture asks for no more than is decoded; what a few bytes can ask for has no limit of its own. */
export function isWithinLimits(bytes: Buffer, contentType: ContentType): boolean {
  try {
    if (contentType === 'image/png') return isSmallPng(bytes);
    if (contentType === 'image/jpeg') return isSmallJpeg(bytes);
    return true; // uncompressed: as large as it says
  } catch (error) {
    if (error instanceof RangeError) return false; // it ends in the midst of its header
    throw error;
  }
}

/** One that is interlaced is inflated by pngjs without a limit, whatever its header says. */
function isSmallPng(bytes: Buffer): boolean {
  const isInterlaced = bytes.readUInt8(28) !== 0;
  return !isInterlaced && isFewPixels(bytes.readUInt32BE(16), bytes.readUInt32BE(20));
}

function isSmallJpeg(bytes: Buffer): boolean {
  let at = 2;
  while (!isFrame(bytes.readUInt16BE(at))) at += 2 + bytes.readUInt16BE(at + 2);
  const isSequential = bytes.readUInt16BE(at) <= 0xffc1;
  const most = isSequential ? MAX_SCANS.sequential : MAX_SCANS.progressive;
  return isFewPixels(bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)) && hasScans(bytes, most);
}

/** SOF0 to SOF15, with DHT, JPG and DAC between them (ITU-T T.81, table B.1). */
function isFrame(marker: number): boolean {
  return marker === 0xffc0 || (marker > 0xffc0 && marker <= 0xffcf && marker % 4 !== 0);
}

/** Whether a picture is one, and not more than is decoded. */
export function isFewPixels(width: number, height: number): boolean {
  return width > 0 && height > 0 && width * height <= MAX_PIXELS;
}

/** Never too few: no marker hides in coded data, where a zero stands behind each byte FF. */
function hasScans(bytes: Buffer, most: number): boolean {
  let scans = 0;
  for (let at = bytes.indexOf(SOS); at >= 0; at = bytes.indexOf(SOS, at + SOS.length)) {
    scans += 1;
    if (scans > most) return false;
  }
  return true;
}
