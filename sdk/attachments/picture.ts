import type { pictureTypes } from '../../protocol/attachments.ts';
import { ChatError } from '../errors.ts';
import type { FileBytes } from './file-bytes.ts';
import { orientationIn } from './orientation.ts';

export type PictureType = (typeof pictureTypes)[number];

/** Gives the picture as it is to be seen, encoded anew as `type`: its pixels turned, for nothing says any more how it was held. */
export type Upright = (picture: Blob, type: PictureType) => Promise<Blob>;

/** PROTOCOL.md, "Limits": 20 MiB. */
const MAX_PICTURE_BYTES = 20_971_520; // no product: esbuild would leave it in bundles that send no files

/** What is larger cannot become a picture of 20 MiB by losing its metadata alone, and is not taken into memory to find out. */
const MAX_GIVEN_BYTES = 41_943_040;

/** What a file is as a picture, by its first bytes: a type that is taken, `other` for one that is not, nothing for no picture. */
export async function pictureIn(file: FileBytes): Promise<PictureType | 'other' | undefined> {
  const head = new Uint8Array(await file.slice(0, 16).arrayBuffer());
  const text = String.fromCharCode(...head);
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (text.startsWith('\x89PNG')) return 'image/png';
  const isOther =
    /^GIF8|^RIFF....WEBP|^II\*\0|^MM\0\*/s.test(text) ||
    /^....ftyp(?:hei[cxms]|hev[cx]|mif1|msf1|avi[fs])/s.test(text);
  return isOther || file.type.startsWith('image/') ? 'other' : undefined;
}

/**
 * The picture without anything but what is seen. One that was held sideways is turned by `upright` first, because its EXIF said
 * so and goes.
 *
 * @throws ChatError `picture-refused`, `picture-turned` (there is nothing here to turn it with), `file-too-large`
 */
export async function barePicture(
  file: FileBytes,
  type: PictureType,
  upright: Upright | undefined,
): Promise<Blob> {
  if (file.size > MAX_GIVEN_BYTES) throw tooLarge();
  const given = await file.slice(0, file.size).arrayBuffer();
  const stripped = await strip(new Uint8Array(given), type);
  if (orientationIn(stripped.exif) === 1) return blobOf(stripped.bytes, type);
  if (!upright) {
    throw new ChatError(
      'picture-turned',
      'it was taken with the camera held sideways, and would be shown so without its EXIF; turn it, or give attachments an upright',
    );
  }
  const turned = await upright(new Blob([given], { type }), type);
  return blobOf((await strip(new Uint8Array(await turned.arrayBuffer()), type)).bytes, type);
}

/** Loaded with the first picture: an app that is opened to write need not wait for it. */
async function strip(bytes: Uint8Array, type: PictureType) {
  const { bare } = await import('../../protocol/bare/bare.ts');
  const stripped = bare(bytes, type);
  if (!stripped) throw pictureRefused();
  return stripped;
}

function blobOf(bytes: Uint8Array, type: PictureType): Blob {
  if (bytes.length > MAX_PICTURE_BYTES) throw tooLarge();
  return new Blob([bytes as Uint8Array<ArrayBuffer>], { type });
}

/** The refusal of a picture whose metadata cannot be taken out. */
export function pictureRefused(): ChatError {
  return new ChatError(
    'picture-refused',
    'its metadata cannot be taken out: it is no whole JPEG or PNG, or was to keep it; send it as one, or what must keep it in an archive',
  );
}

function tooLarge(): ChatError {
  return new ChatError('file-too-large', `a picture has at most ${MAX_PICTURE_BYTES} bytes`);
}

interface Canvas {
  readonly createImageBitmap?: (picture: Blob) => Promise<{
    readonly width: number;
    readonly height: number;
  }>;
  readonly OffscreenCanvas?: new (
    width: number,
    height: number,
  ) => {
    getContext(kind: '2d'): { drawImage(picture: unknown, x: number, y: number): void } | null;
    convertToBlob(as: { type: string; quality: number }): Promise<Blob>;
  };
}

/** Turns by the browser's canvas, which shows a picture as its EXIF says; nothing where there is none, as in Node. */
export function canvasUpright(): Upright | undefined {
  const { createImageBitmap, OffscreenCanvas } = globalThis as Canvas;
  if (!createImageBitmap || !OffscreenCanvas) return undefined;
  return async (picture, type) => {
    const bitmap = await createImageBitmap(picture);
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
    return canvas.convertToBlob({ type, quality: 0.95 });
  };
}
