import { describe, expect, test } from 'vitest';
import { previews } from '../../../functions/pictures/previews.ts';
import { Picture, pngOf, redAndBlue } from './drawing.ts';
import { alwaysAnswers, near, seen } from './looking.ts';

const { of } = previews();

describe('a picture', () => {
  test.each([
    ['image/jpeg', 1_100, 40, [512, 19]],
    ['image/png', 300, 1_030, [149, 512]],
    ['image/png', 40, 30, [40, 30]],
  ] as const)(
    'of %s with %i × %i pixels is shown whole, in at most 512 pixels, as a bare JPEG',
    async (type, width, height, size) => {
      const { size: found, at } = await seen(await redAndBlue(type, width, height), type);
      expect(found).toEqual(size);
      expect(at(1, 1)).toEqual(near(255, 0, 0).map((one, nth) => (nth === 0 ? near(254)[0] : one)));
      expect(at(size[0] - 2, size[1] - 2)).toEqual(near(0, 0, 254));
    },
  );

  test('that one sees through stands on white', async () => {
    const clear = await new Picture({ width: 16, height: 16, color: 0x00ff0000 }).getBuffer('image/png');
    expect((await seen(clear, 'image/png')).at(8, 8)).toEqual(near(255, 255, 255));
  });
});

describe('nothing is decoded', () => {
  test.each([
    ['of more than 40 megapixels', { width: 8_000, height: 5_001 }, 8_001 * 5_001],
    ['of as many pixels as its header can say', { width: 2 ** 31 - 1, height: 2 ** 31 - 1 }, 9],
    ['that is interlaced, and inflates to more than it says', { interlaced: true }, 64 * 1024 * 1024],
    ['without pixels', { width: 0 }, 9],
    ['of fewer pixels than it says', { width: 400, height: 400 }, 9],
  ])('of a PNG %s', async (_, header, bytes) => {
    expect(await of(pngOf(header, Buffer.alloc(bytes)), 'image/png')).toBeUndefined();
  });

  test('of what lay in memory: a PNG with too few bytes is shown neither with its own nor with others', async () => {
    const dim = 64;
    for (let tried = 0; tried < 50; tried += 1) {
      for (const bytes of [1, 9, dim * (dim + 1) - 1])
        expect(
          await of(pngOf({ width: dim, height: dim }, Buffer.alloc(bytes)), 'image/png'),
        ).toBeUndefined();
    }
    const whole = pngOf({ width: dim, height: dim }, Buffer.alloc(dim * (dim + 1)));
    expect(await of(whole, 'image/png')).toBeDefined();
  });

  test('of a JPEG of more than 40 megapixels, of too many scans, or cut short', async () => {
    const jpeg = await redAndBlue('image/jpeg', 16, 16);
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    const huge = Buffer.from(jpeg);
    huge.writeUInt16BE(5_001, frame + 5);
    huge.writeUInt16BE(8_000, frame + 7);
    const scans = jpeg.subarray(jpeg.indexOf(Buffer.from([0xff, 0xda])), -2);
    const many = Buffer.concat([jpeg.subarray(0, -2), ...Array(4).fill(scans), jpeg.subarray(-2)]);
    for (const bytes of [huge, many, jpeg.subarray(0, frame + 4), jpeg.subarray(0, 100)])
      expect(await of(bytes, 'image/jpeg')).toBeUndefined();
    const twice = Buffer.concat([jpeg.subarray(0, -2), scans, jpeg.subarray(-2)]);
    expect(await of(twice, 'image/jpeg')).toBeDefined();
  });

  test('of what is no picture, and of a document', async () => {
    const html = Buffer.from('<html><script>alert(1)</script></html>');
    for (const type of ['image/jpeg', 'image/png', 'application/dicom', 'application/pdf'] as const)
      expect(await of(html, type)).toBeUndefined();
  });

  test.each(['image/jpeg', 'image/png'] as const)(
    'with a crash: whatever the bytes of an %s are, there is a bare JPEG or none',
    async (type) => {
      await alwaysAnswers(await redAndBlue(type, 24, 16), type);
    },
  );
});
