import type { ContentType } from '../../protocol/attachments.ts';

/**
 * Whether these bytes are one picture of that type and nothing else: no metadata (EXIF, GPS, XMP, IPTC, comments, texts), nothing
 * before, behind or between what a decoder needs. A file that is a picture and a page or an archive as well is refused by
 * that. Written small because the libraries that read metadata skip what they do not know, and here that is what matters.
 */
export function isBarePicture(bytes: Uint8Array, contentType: ContentType): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return contentType === 'image/jpeg' ? isBareJpeg(view) : isBarePng(view);
  } catch (error) {
    if (error instanceof RangeError) return false; // it ends in the midst of something
    throw error;
  }
}

const SOI = 0xffd8;
const EOI = 0xffd9;
const SOS = 0xffda;

/** JFIF's header, colour profile, Adobe's colour transform: what decoders need. Every other APPn may hold anything. */
const JPEG_HEADERS: Readonly<Record<number, string>> = {
  65504: 'JFIF\0', // APP0
  65506: 'ICC_PROFILE\0', // APP2
  65518: 'Adobe', // APP14
};

/** Tables and frames: SOF0 to SOF15 with DHT and DAC between them, DQT, DNL, DRI (ITU-T T.81, table B.1). */
function isJpegTable(marker: number): boolean {
  const isFrame = marker >= 0xffc0 && marker <= 0xffcf && marker !== 0xffc8;
  return isFrame || marker === 0xffdb || marker === 0xffdc || marker === 0xffdd;
}

function isBareJpeg(view: DataView): boolean {
  if (view.getUint16(0) !== SOI) return false;
  let at = 2;
  let hasScan = false;
  for (;;) {
    const marker = view.getUint16(at);
    if (marker === EOI) return hasScan && at + 2 === view.byteLength;
    const length = view.getUint16(at + 2);
    if (length < 2) return false;
    if (marker === SOS) {
      at = endOfScan(view, at + 2 + length);
      hasScan = true;
      continue;
    }
    const header = JPEG_HEADERS[marker];
    const isKnown = header === undefined ? isJpegTable(marker) : startsWith(view, at + 4, header);
    if (!isKnown || (marker === 0xffe0 && !isPlainJfif(view, at + 4, length - 2))) return false;
    at += 2 + length;
  }
}

/** A JFIF header without a thumbnail in it, which is a picture of its own that nobody looks at. */
function isPlainJfif(view: DataView, at: number, length: number): boolean {
  return length === 14 && view.getUint16(at + 12) === 0;
}

/** Where the next marker stands: coded data has a zero behind each byte FF, and restart markers. */
function endOfScan(view: DataView, from: number): number {
  for (let at = from; ; at += 1) {
    if (view.getUint8(at) !== 0xff) continue;
    const next = view.getUint8(at + 1);
    const isData = next === 0 || (next >= 0xd0 && next <= 0xd7);
    if (!isData) return at;
  }
}

/** Chunks that change how the picture looks. Texts, times and EXIF are none of them, nor is what a program keeps for itself. */
const PNG_CHUNKS: ReadonlySet<string> = new Set(
  'IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD pHYs cICP'.split(' '),
);

const PNG_SIGNATURE = [0x89504e47, 0x0d0a1a0a] as const;

function isBarePng(view: DataView): boolean {
  if (view.getUint32(0) !== PNG_SIGNATURE[0] || view.getUint32(4) !== PNG_SIGNATURE[1]) return false;
  let at = 8;
  for (;;) {
    const length = view.getUint32(at);
    const type = text(view, at + 4, 4);
    if (!PNG_CHUNKS.has(type) || (at === 8) !== (type === 'IHDR')) return false;
    view.getUint32(at + 8 + length); // its checksum is there
    at += 12 + length;
    if (type === 'IEND') return length === 0 && at === view.byteLength;
  }
}

function startsWith(view: DataView, at: number, expected: string): boolean {
  return text(view, at, expected.length) === expected;
}

function text(view: DataView, at: number, length: number): string {
  let read = '';
  for (let place = 0; place < length; place += 1) read += String.fromCharCode(view.getUint8(at + place));
  return read;
}
