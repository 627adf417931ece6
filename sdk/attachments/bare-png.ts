import { joined, type Stripped } from './bare-jpeg.ts';

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;

/** Chunks that change how the picture looks. Texts, times and EXIF are none of them, nor the further pictures of an animation. */
const NEEDED = /^(?:IHDR|PLTE|IDAT|IEND|tRNS|gAMA|cHRM|sRGB|iCCP|sBIT|bKGD|pHYs|cICP)$/;

/**
 * The same picture without metadata and without whatever stands behind it; no pixel changes. Nothing where this is no
 * whole PNG, or holds a chunk without which it must not be shown and that is not known here (PNG specification, 5.4).
 */
export function barePng(given: Uint8Array): Stripped | undefined {
  if (SIGNATURE.some((byte, place) => given[place] !== byte)) return undefined;
  const view = new DataView(given.buffer, given.byteOffset, given.byteLength);
  const kept: Uint8Array[] = [given.subarray(0, 8)];
  let exif: Uint8Array | undefined;
  for (let at = 8; at + 12 <= given.length; ) {
    const length = view.getUint32(at);
    const end = at + 12 + length;
    if (end > given.length) return undefined;
    const type = String.fromCharCode(...given.subarray(at + 4, at + 8));
    if ((at === 8) !== (type === 'IHDR')) return undefined;
    if (NEEDED.test(type)) kept.push(given.subarray(at, end));
    else if (isCritical(type)) return undefined;
    else if (type === 'eXIf') exif ??= given.subarray(at + 8, end - 4);
    if (type === 'IEND') return length === 0 ? { bytes: joined(kept), exif } : undefined;
    at = end;
  }
  return undefined;
}

function isCritical(type: string): boolean {
  return !/^[a-z]/.test(type);
}
