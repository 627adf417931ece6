import { createJimp } from '@jimp/core';
import jpeg from '@jimp/js-jpeg';
import png from '@jimp/js-png';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { isBarePicture } from '../../../functions/domain/picture.ts';
import { barePicture, type PictureType, pictureIn } from '../../../sdk/attachments/picture.ts';
import { dressedJpeg, dressedPng, exif, exifSegment, type Worn } from './dressed-pictures.ts';
import { MADE_BY_CJPEG } from './made-by-cjpeg.ts';

const Picture = createJimp({ formats: [jpeg, png] });
const PLANTED = 'Frau Erika Mustermann, N 48 11.5';

let bare: Record<PictureType, Buffer>;
beforeAll(async () => {
  const drawn = new Picture({ width: 24, height: 16, color: 0x336699ff });
  for (let place = 0; place < 24; place += 1) drawn.setPixelColor(0xff0000ff, place, place % 16);
  bare = {
    'image/jpeg': await drawn.getBuffer('image/jpeg'),
    'image/png': await drawn.getBuffer('image/png'),
  };
});

const bytesOf = async (blob: Blob) => Buffer.from(await blob.arrayBuffer());
const pixels = async (bytes: Buffer) => Buffer.from((await Picture.fromBuffer(bytes)).bitmap.data);
const stripped = async (bytes: Uint8Array, type: PictureType, upright?: (picture: Blob) => Promise<Blob>) =>
  bytesOf(await barePicture(new Blob([Buffer.from(bytes)]), type, upright));

const secret = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.concat([Buffer.from(PLANTED), bytes]));
const headed = (header: string) =>
  secret.map((content) => Buffer.concat([Buffer.from(header, 'latin1'), content]));
const worn = (as: number | string, content: fc.Arbitrary<Uint8Array>) =>
  content.map((made): Worn => ({ as, content: made }));
const behind = fc.oneof(fc.constant(Buffer.alloc(0)), secret);

const segments = fc.array(
  fc.oneof(
    secret.map((content) => exifSegment(1, content.toString('latin1'))),
    worn(0xe1, headed('http://ns.adobe.com/xap/1.0/\0')),
    worn(0xed, headed('Photoshop 3.0\x008BIM')),
    worn(0xfe, secret),
    worn(0xe0, headed('JFXX\0\x10')),
    worn(0xe2, headed('MPF\0')),
    ...[0xe3, 0xe5, 0xec, 0xef].map((marker) => worn(marker, secret)),
  ),
  { maxLength: 5 },
);
const chunks = fc.array(
  fc.oneof(...['tEXt', 'zTXt', 'iTXt', 'tIME', 'eXIf', 'prVt', 'caNv'].map((type) => worn(type, secret))),
  { maxLength: 5 },
);

describe('a picture', () => {
  test.each([
    ['image/jpeg', segments, dressedJpeg],
    ['image/png', chunks, dressedPng],
  ] as const)(
    'of %s loses everything that is not seen of it, wherever it stands, and no pixel',
    async (type, metadata, dress) => {
      const before = await pixels(bare[type]);
      await fc.assert(
        fc.asyncProperty(metadata, metadata, behind, async (early, late, tail) => {
          const dressed = dress(bare[type], early, late, tail);
          const result = await stripped(dressed, type);
          expect(isBarePicture(result, type)).toBe(true);
          expect(result.includes(PLANTED)).toBe(false);
          expect(await pixels(result)).toEqual(before);
        }),
        { numRuns: 150 },
      );
    },
  );

  test('of JPEG loses what stands in its coded data, in unused tables and in its profile, and no pixel', async () => {
    const made = Object.values(MADE_BY_CJPEG).map((text) => Buffer.from(text, 'base64'));
    const table = worn(
      0xdb,
      fc.integer({ min: 0, max: 3 }).map((slot) => Buffer.alloc(65, PLANTED).fill(slot, 0, 1)),
    );
    const profile = worn(0xe2, headed('ICC_PROFILE\0\x01\x01'));
    const early = fc.array(fc.oneof(table, profile, worn(0xdd, fc.constant(Buffer.from('GP')))), {
      maxLength: 3,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(bare['image/jpeg'], ...made),
        early,
        segments,
        fc.array(secret.map(stuffed), { maxLength: 6 }),
        fc.nat(255),
        async (whole, before, late, junk, spread) => {
          const scattered = withJunk(dressedJpeg(whole, before, late, Buffer.alloc(0)), junk, spread);
          const result = await stripped(scattered, 'image/jpeg');
          expect(isBarePicture(result, 'image/jpeg')).toBe(true);
          expect(result.includes(PLANTED.slice(0, 8))).toBe(false);
          expect(await pixels(result)).toEqual(await pixels(whole));
          expect(await stripped(result, 'image/jpeg')).toEqual(result);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('of PNG loses what stands behind its coded pixels, in chunks that are not as they must be, and no pixel', async () => {
    const wrong = fc.array(
      fc.oneof(
        ...['gAMA', 'cHRM', 'sRGB', 'iCCP', 'bKGD', 'pHYs', 'sBIT', 'tRNS', 'cICP'].map((type) =>
          worn(type, secret),
        ),
      ),
      { maxLength: 4 },
    );
    const before = await pixels(bare['image/png']);
    await fc.assert(
      fc.asyncProperty(wrong, wrong, fc.option(secret, { nil: undefined }), async (early, late, more) => {
        const further = more ? [{ as: 'IDAT', content: more }] : [];
        const dressed = dressedPng(bare['image/png'], early, [...further, ...late], Buffer.alloc(0));
        const result = await stripped(dressed, 'image/png');
        expect(isBarePicture(result, 'image/png')).toBe(true);
        expect(result.includes(PLANTED.slice(0, 8))).toBe(false);
        expect(await pixels(result)).toEqual(before);
      }),
      { numRuns: 150 },
    );
  });

  test('loses the thumbnail in its header, and what stands behind Adobe’s', async () => {
    const jfif = {
      as: 0xe0,
      content: Buffer.concat([
        Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\x01\x01abc', 'latin1'),
        Buffer.from(PLANTED),
      ]),
    };
    const adobe = {
      as: 0xee,
      content: Buffer.concat([Buffer.from('Adobe\0d\0\0\0\0\x01', 'latin1'), Buffer.from(PLANTED)]),
    };
    const result = await stripped(
      dressedJpeg(bare['image/jpeg'], [jfif, adobe], [], Buffer.alloc(0)),
      'image/jpeg',
    );
    expect([isBarePicture(result, 'image/jpeg'), result.includes(PLANTED), result.includes('Adobe')]).toEqual(
      [true, false, true],
    );
  });

  test.each([
    ['image/jpeg', () => dressedJpeg(bare['image/jpeg'], [exifSegment(6, PLANTED)], [], Buffer.alloc(0))],
    [
      'image/png',
      () => dressedPng(bare['image/png'], [{ as: 'eXIf', content: exif(3, PLANTED) }], [], Buffer.alloc(0)),
    ],
  ] as const)(
    'of %s that was taken sideways is turned, or refused where nothing can turn it',
    async (type, make) => {
      await expect(stripped(make(), type)).rejects.toMatchObject({ code: 'picture-turned' });
      const turned = dressedJpeg(bare['image/jpeg'], [exifSegment(1, PLANTED)], [], Buffer.alloc(0));
      const other = dressedPng(
        bare['image/png'],
        [{ as: 'tEXt', content: Buffer.from(PLANTED) }],
        [],
        Buffer.alloc(0),
      );
      const upright = async () => new Blob([type === 'image/jpeg' ? turned : other]);
      expect(await stripped(make(), type, upright)).toEqual(await stripped(bare[type], type));
    },
  );

  test('that is none, is cut short or is of a kind that cannot be taken apart is refused, and never thrown over', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<PictureType>('image/jpeg', 'image/png'),
        fc.nat(),
        fc.uint8Array(),
        async (type, cut, noise) => {
          const whole = bare[type];
          for (const bytes of [
            whole.subarray(0, cut % whole.length),
            noise,
            Buffer.concat([whole.subarray(0, 40), noise]),
          ]) {
            const result = await stripped(bytes, type).catch((error) => error.code);
            if (result !== 'picture-refused') expect(isBarePicture(result, type)).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
    const critical = { as: 'FLAT', content: Buffer.from('x') };
    const unknown = dressedPng(bare['image/png'], [critical], [], Buffer.alloc(0));
    await expect(stripped(unknown, 'image/png')).rejects.toMatchObject({ code: 'picture-refused' });
  });

  test('is known by its first bytes, whatever it says that it is', async () => {
    const of = (text: string, type = '') => pictureIn(new Blob([Buffer.from(text, 'latin1')], { type }));
    expect(await of('\xff\xd8\xff\xe0', 'text/plain')).toBe('image/jpeg');
    expect(await of('\x89PNG\r\n\x1a\n')).toBe('image/png');
    for (const head of ['GIF89a', '\0\0\0\x18ftypheic', 'II*\0', 'RIFF\0\0\0\0WEBP'])
      expect(await of(head), head).toBe('other');
    expect(await of('<svg/>', 'image/svg+xml')).toBe('other');
    for (const head of ['%PDF-1.7', '\0\0\0\x18ftypisom', '']) expect(await of(head), head).toBeUndefined();
  });
});

/** As coded data have it: a zero behind each byte FF. */
function stuffed(bytes: Uint8Array): Buffer {
  return Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\xff', '\xff\0'), 'latin1');
}

/** Where its first scan's marker stands: a segment before it may hold the same two bytes. */
function firstScanOf(jpeg: Buffer): number {
  let at = 2;
  while (jpeg[at + 1] !== 0xda) at += 2 + jpeg.readUInt16BE(at + 2);
  return at;
}

/** Junk before the markers that end coded data: restarts, further scans, the end. Which, `spread` says. */
function withJunk(jpeg: Buffer, junk: readonly Buffer[], spread: number): Buffer {
  const parts: Buffer[] = [];
  let from = firstScanOf(jpeg);
  parts.push(jpeg.subarray(0, from));
  for (let at = from + 2, nth = 0; at < jpeg.length; at += 1) {
    const isMarker = jpeg[at] === 0xff && (jpeg[at + 1] ?? 0) > 0;
    if (!isMarker) continue;
    parts.push(jpeg.subarray(from, at), junk[nth % (spread + 1)] ?? Buffer.alloc(0));
    from = at;
    nth += 1;
    const isRestart = (jpeg[at + 1] ?? 0) >= 0xd0 && (jpeg[at + 1] ?? 0) <= 0xd7;
    const isEnd = jpeg[at + 1] === 0xd9;
    if (isEnd) break;
    if (isRestart) continue;
    at += 1 + jpeg.readUInt16BE(at + 2); // to the end of the segment; what follows a table is a marker, and junk there is none
    while (jpeg[at + 1] === 0xff && jpeg[at + 2] !== 0) at += 2 + jpeg.readUInt16BE(at + 3);
  }
  parts.push(jpeg.subarray(from));
  return Buffer.concat(parts);
}
