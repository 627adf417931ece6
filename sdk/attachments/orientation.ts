const ORIENTATION = 0x0112;

/** How a camera was held, 1 to 8, by the EXIF of a picture (CIPA DC-008, 4.6.4); 1, upright, where it does not say. */
export function orientationIn(exif: Uint8Array | undefined): number {
  if (!exif || exif.length < 8) return 1;
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const isLittle = view.getUint16(0) === 0x4949;
  try {
    const directory = view.getUint32(4, isLittle);
    const count = view.getUint16(directory, isLittle);
    for (let place = 0; place < count; place += 1) {
      const entry = directory + 2 + 12 * place;
      if (view.getUint16(entry, isLittle) !== ORIENTATION) continue;
      const value = view.getUint16(entry + 8, isLittle);
      return value >= 1 && value <= 8 ? value : 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // it ends before what it names: viewers show it as it is
  }
  return 1;
}
