import type { ContentType } from '../../protocol/attachments.ts';
import { bare } from '../../protocol/bare/bare.ts';

/** How JPEG and PNG begin; whatever is declared, what begins so is shown as a picture by whoever opens it. */
const HEADS = { 'image/jpeg': [0xff, 0xd8, 0xff], 'image/png': [0x89, 0x50, 0x4e, 0x47] } as const;

/** So many bytes say what kind of picture a file is. */
export const HEAD_BYTES = 4;

/**
 * Whether these bytes are one picture of that type and nothing else: no metadata, nothing before, behind or between what a decoder needs. They
 * are where taking everything else out changes none of them; how that is done is the SDK's, which does it before it uploads.
 */
export function isBarePicture(bytes: Uint8Array, contentType: ContentType): boolean {
  if (contentType !== 'image/jpeg' && contentType !== 'image/png') return false;
  const stripped = bare(bytes, contentType)?.bytes;
  return stripped?.length === bytes.length && Buffer.compare(stripped, bytes) === 0;
}

/** Whether a file begins as a JPEG or PNG: one that is declared as something else would keep its metadata. */
export function beginsAsPicture(head: Uint8Array): boolean {
  return Object.values(HEADS).some((begin) => begin.every((byte, place) => head[place] === byte));
}
