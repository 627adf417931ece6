const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const APP0 = 0xe0;
const APP1 = 0xe1;
const APP2 = 0xe2;
const APP14 = 0xee;
const COM = 0xfe;

/** JFIF's header without a thumbnail, and Adobe's: what is longer is none of them. */
const JFIF_BYTES = 14;
const ADOBE_BYTES = 12;

/** A JPEG without what no decoder needs, and the EXIF that was in it. */
export interface Stripped {
  readonly bytes: Uint8Array;
  readonly exif?: Uint8Array | undefined;
}

/**
 * The same picture without metadata: EXIF, GPS, XMP, IPTC, comments, thumbnails, and whatever stands behind it. Coded data
 * and the tables that it needs are copied as they are, so no pixel changes. Nothing where this is no whole JPEG, or of a
 * kind (hierarchical, ITU-T T.81 annex J) that cannot be taken apart so.
 */
export function bareJpeg(given: Uint8Array): Stripped | undefined {
  if (given[0] !== 0xff || given[1] !== SOI) return undefined;
  const kept: Uint8Array[] = [given.subarray(0, 2)];
  let exif: Uint8Array | undefined;
  let hasScan = false;
  for (let at = 2; ; ) {
    if (given[at] !== 0xff) return undefined;
    while (given[at + 1] === 0xff) at += 1; // fill bytes before a marker (B.1.1.2)
    const marker = given[at + 1];
    if (marker === EOI) break;
    if (marker === undefined || at + 4 > given.length) return undefined;
    const length = ((given[at + 2] as number) << 8) | (given[at + 3] as number);
    let end = at + 2 + length;
    if (length < 2 || end > given.length) return undefined;
    if (marker === SOS) {
      hasScan = true;
      end = endOfScan(given, end);
    }
    const segment = given.subarray(at, end);
    if (marker === APP1 && startsWith(segment, 'Exif\0\0')) exif ??= segment.subarray(10);
    const isPicture = marker === SOS || isTable(marker);
    if (!isPicture && !isApplications(marker) && marker !== COM) return undefined;
    const part = isPicture ? segment : neededOf(marker, segment);
    if (part) kept.push(part);
    at = end;
  }
  if (!hasScan) return undefined;
  kept.push(Uint8Array.of(0xff, EOI));
  return { bytes: joined(kept), exif };
}

/** Tables and frames: SOF0 to SOF15 with DHT and DAC between them, DQT, DNL, DRI (ITU-T T.81, table B.1). */
function isTable(marker: number): boolean {
  const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc8;
  return isFrame || marker === 0xdb || marker === 0xdc || marker === 0xdd;
}

function isApplications(marker: number): boolean {
  return marker >= APP0 && marker <= 0xef;
}

/** What decoders need of an application's segment: JFIF's header, a colour profile, Adobe's colour transform. */
function neededOf(marker: number, segment: Uint8Array): Uint8Array | undefined {
  if (marker === APP0 && startsWith(segment, 'JFIF\0') && segment.length >= 4 + JFIF_BYTES) {
    const header = cut(segment, JFIF_BYTES);
    header.fill(0, 4 + 12); // a thumbnail of no size
    return header;
  }
  if (marker === APP2 && startsWith(segment, 'ICC_PROFILE\0')) return segment;
  if (marker === APP14 && startsWith(segment, 'Adobe')) return cut(segment, ADOBE_BYTES);
  return undefined;
}

function cut(segment: Uint8Array, bytes: number): Uint8Array {
  const short = segment.slice(0, 4 + bytes);
  short[2] = 0;
  short[3] = short.length - 2;
  return short;
}

/** Where the next marker stands: coded data has a zero behind each byte FF, and restart markers. */
function endOfScan(bytes: Uint8Array, from: number): number {
  let at = from;
  for (; at < bytes.length; at += 1) {
    if (bytes[at] !== 0xff) continue;
    const next = bytes[at + 1] ?? 0xff;
    if (next !== 0 && (next < 0xd0 || next > 0xd7)) return at;
  }
  return at;
}

function startsWith(segment: Uint8Array, expected: string): boolean {
  return expected === String.fromCharCode(...segment.subarray(4, 4 + expected.length));
}

/** All of them as one. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
