import { bareJpeg } from './jpeg.ts';
import { barePng } from './png.ts';
import type { Stripped } from './stripped.ts';

/**
 * The same picture with nothing but what a decoder needs, and the EXIF that was in it; nothing where it is no whole picture of that type or of a
 * kind that cannot be taken apart. Deterministic, and what is bare stays as it is, byte for byte: the server takes exactly the pictures that this
 * would not change. So it imports nothing, and runs wherever there is JavaScript.
 */
export function bare(given: Uint8Array, type: 'image/jpeg' | 'image/png'): Stripped | undefined {
  try {
    return type === 'image/jpeg' ? bareJpeg(given) : barePng(given);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // it ends in the midst of something, or is none
    throw error;
  }
}
