import type { Bitmap } from './bitmap.ts';

/**
 * The whole picture in at most `edge` pixels each way, never larger than it is, and opaque: what one sees through stands on white, as it does on
 * paper. Each pixel is the mean of those it stands for. Written here because the library's resizing brings a second copy of zod, and
 * would make the door a seventh larger than any may be.
 */
export function shrink(bitmap: Bitmap, edge: number): Bitmap {
  const scale = Math.min(1, edge / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const data = Buffer.alloc(width * height * 4, 255);
  const columns = edgesOf(bitmap.width, width);
  const rows = edgesOf(bitmap.height, height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const box = {
        left: columns[x] ?? 0,
        right: columns[x + 1] ?? 0,
        top: rows[y] ?? 0,
        bottom: rows[y + 1] ?? 0,
      };
      data.set(meanOf(bitmap, box), (y * width + x) * 4);
    }
  }
  return { data, width, height };
}

/** Where each of `to` pixels begins among `from`, and where the last one ends. */
function edgesOf(from: number, to: number): number[] {
  return Array.from({ length: to + 1 }, (_, nth) => Math.floor((nth * from) / to));
}

type Box = Readonly<Record<'left' | 'right' | 'top' | 'bottom', number>>;

/** Red, green and blue. */
function meanOf({ data, width }: Bitmap, { left, right, top, bottom }: Box): readonly number[] {
  let [red, green, blue] = [0, 0, 0];
  for (let y = top; y < bottom; y += 1) {
    for (let at = (y * width + left) * 4; at < (y * width + right) * 4; at += 4) {
      const opacity = (data[at + 3] ?? 0) / 255;
      const white = 255 * (1 - opacity);
      red += (data[at] ?? 0) * opacity + white;
      green += (data[at + 1] ?? 0) * opacity + white;
      blue += (data[at + 2] ?? 0) * opacity + white;
    }
  }
  const pixels = (right - left) * (bottom - top);
  return [red, green, blue].map((sum) => Math.round(sum / pixels));
}
