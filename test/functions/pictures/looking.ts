import * as fc from 'fast-check';
import { expect } from 'vitest';
import { isBarePicture } from '../../../functions/domain/picture.ts';
import { previews } from '../../../functions/pictures/previews.ts';
import type { ContentType } from '../../../protocol/attachments.ts';
import { Picture } from './drawing.ts';

const { of } = previews();

/** The preview, as whoever looks at it sees it. */
export async function seen(bytes: Uint8Array, contentType: ContentType) {
  const preview = await of(bytes, contentType);
  if (!preview) throw new Error('there is no preview');
  expect(isBarePicture(preview, 'image/jpeg')).toBe(true);
  const { bitmap } = await Picture.fromBuffer(Buffer.from(preview));
  const at = (x: number, y: number) => [...bitmap.data.subarray((y * bitmap.width + x) * 4).subarray(0, 3)];
  return { size: [bitmap.width, bitmap.height], at };
}

/** Each within what a JPEG loses. */
export function near(...colour: number[]) {
  return colour.map((one) => expect.toSatisfy((found: number) => Math.abs(found - one) <= 16, `near ${one}`));
}

/** Tries what is left of these bytes where some are others, or it is cut short. */
export async function alwaysAnswers(whole: Uint8Array, contentType: ContentType): Promise<void> {
  const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ max: 255, min: 0 })), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(edits, fc.nat(), fc.uint8Array(), async (changed, cut, others) => {
      const bytes = Buffer.from(whole);
      for (const [at, put] of changed) bytes[at % bytes.length] = put;
      for (const tried of [bytes, bytes.subarray(0, cut % bytes.length), others]) {
        const preview = await of(tried, contentType);
        if (preview) expect(isBarePicture(preview, 'image/jpeg')).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
}
