import jpeg from '@jimp/js-jpeg';
import type { ContentType } from '../../protocol/attachments.ts';
import { PREVIEW_EDGE, type Previews } from '../domain/make-preview.ts';
import type { Bitmap } from './bitmap.ts';
import { decodeDicom } from './dicom.ts';
import { isWithinLimits, MAX_PIXELS } from './limits.ts';
import { decodePng } from './png.ts';
import { shrink } from './shrink.ts';

const QUALITY = 80;

/** What jpeg-js counts of its own memory, in MB: 40 megapixels in four colours, of whatever sampling. */
const JPEG_MEGABYTES = 1_200;

const decoders: Partial<Record<ContentType, (bytes: Buffer) => Bitmap | undefined>> = {
  'image/jpeg': (bytes) =>
    jpeg().decode(bytes, { maxResolutionInMP: MAX_PIXELS / 1e6, maxMemoryUsageInMB: JPEG_MEGABYTES }),
  'image/png': decodePng,
  'application/dicom': decodeDicom,
};

/** Previews of JPEG, PNG and DICOM. What an attacker wrote is decoded here: whatever goes wrong in a decoder is a picture that is not shown. */
export function previews(): Previews {
  return {
    of: async (bytes, contentType) => {
      const bitmap = decoded(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), contentType);
      return bitmap && jpeg().encode(shrink(bitmap, PREVIEW_EDGE), { quality: QUALITY });
    },
  };
}

function decoded(bytes: Buffer, contentType: ContentType): Bitmap | undefined {
  if (!isWithinLimits(bytes, contentType)) return undefined;
  try {
    const bitmap = decoders[contentType]?.(bytes);
    return bitmap && bitmap.data.length === bitmap.width * bitmap.height * 4 ? bitmap : undefined;
  } catch {
    return undefined; // its message may quote what stands in the picture
  }
}
