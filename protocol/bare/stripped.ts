/** A picture without what no decoder needs, and the EXIF that was in it. */
export interface Stripped {
  readonly bytes: Uint8Array;
  readonly exif?: Uint8Array | undefined;
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

/** So many bytes as characters. */
export function latin(bytes: Uint8Array, from: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(from, from + length));
}

/** The characters as bytes. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** As whoever reads numbers sees it. @throws RangeError by what reads behind its end */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What is thrown over where a picture is no whole one; whoever strips answers it with nothing. */
export function broken(): RangeError {
  return new RangeError('this is no whole picture');
}
