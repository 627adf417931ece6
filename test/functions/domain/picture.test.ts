import { readFileSync } from 'node:fs';
import { crc32, deflateSync } from 'node:zlib';
import { createJimp } from '@jimp/core';
import jpeg from '@jimp/js-jpeg';
import png from '@jimp/js-png';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { isBarePicture } from '../../../functions/domain/picture.ts';
import { stored } from '../../../protocol/bare/inflate.ts';
import { bareProfile } from '../../../protocol/bare/profile.ts';
import { zip } from '../../fixtures/zip.ts';
import { MADE_BY_CJPEG } from '../../sdk/attachments/made-by-cjpeg.ts';
import { pngOf } from '../pictures/drawing.ts';

const Picture = createJimp({ formats: [jpeg, png] });
/** The profile that most pictures have, with its makers' words in it. */
const SRGB = readFileSync(
  new URL('../../../node_modules/pdfkit/js/data/sRGB_IEC61966_2_1.icc', import.meta.url),
);
const HTML = Buffer.from('<script>alert(1)</script>');

let pictures: Record<'image/jpeg' | 'image/png', Buffer>;
beforeAll(async () => {
  const drawn = new Picture({ width: 24, height: 16, color: 0x336699ff });
  pictures = {
    'image/jpeg': await drawn.getBuffer('image/jpeg'),
    'image/png': await drawn.getBuffer('image/png'),
  };
});

/** A JPEG segment after the start of the image. */
function segment(marker: number, content: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(marker);
  head.writeUInt16BE(content.length + 2, 2);
  const [start, rest] = [pictures['image/jpeg'].subarray(0, 2), pictures['image/jpeg'].subarray(2)];
  return Buffer.concat([start, head, content, rest]);
}

/** A JPEG segment by itself. */
function marked(marker: number, content: readonly number[]): Buffer {
  return Buffer.from([0xff, marker, 0, content.length + 2, ...content]);
}

/** A PNG chunk after the header. */
function chunk(type: string, content: Buffer, of = pictures['image/png'], at = 33): Buffer {
  const [header, rest] = [of.subarray(0, at), of.subarray(at)];
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const named = Buffer.concat([Buffer.from(type), content]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([header, length, named, sum, rest]);
}

/** A PNG chunk behind the pixels. */
const beforeEnd = (type: string, content: Buffer) =>
  chunk(type, content, pictures['image/png'], pictures['image/png'].length - 12);

/** A PNG of one grey pixel whose coded data are these. */
function pngWith(data: Buffer): Buffer {
  const drawn = pngOf({ width: 1, height: 1 }, Buffer.alloc(2));
  const from = drawn.indexOf('IDAT') - 4;
  return chunk('IDAT', data, Buffer.concat([drawn.subarray(0, from), drawn.subarray(-12)]), from);
}

/** A JPEG with something between its last coded byte and its end, where a decoder looks for nothing. */
function inScan(content: Buffer): Buffer {
  const jpeg = pictures['image/jpeg'];
  const stuffed = Buffer.from(content.toString('latin1').replaceAll('\xff', '\xff\0'), 'latin1');
  return Buffer.concat([jpeg.subarray(0, -2), stuffed, jpeg.subarray(-2)]);
}

/** A picture with another byte somewhere. */
function changed(type: keyof typeof pictures, place: (at: (text: string) => number) => number, byte: number) {
  const bytes = Buffer.from(pictures[type]);
  bytes[place((text) => bytes.indexOf(text, 0, 'latin1'))] = byte;
  return bytes;
}

describe('a picture is taken', () => {
  test('where it is one, bare, of the type that was declared', () => {
    expect(isBarePicture(pictures['image/jpeg'], 'image/jpeg')).toBe(true);
    expect(isBarePicture(pictures['image/png'], 'image/png')).toBe(true);
    expect(isBarePicture(pictures['image/jpeg'], 'image/png')).toBe(false);
    expect(isBarePicture(pictures['image/png'], 'image/jpeg')).toBe(false);
  });

  test.each([
    ['EXIF', () => segment(0xffe1, Buffer.concat([Buffer.from('Exif\0\0'), HTML]))],
    ['XMP', () => segment(0xffe1, Buffer.from('http://ns.adobe.com/xap/1.0/\0<x/>'))],
    ['IPTC', () => segment(0xffed, Buffer.from('Photoshop 3.0\0'))],
    ['a comment', () => segment(0xfffe, HTML)],
    ['another header than it says', () => segment(0xffe2, HTML)],
    ['a thumbnail', () => segment(0xffe0, Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\x01\x01abc', 'latin1'))],
    ['a page behind it', () => Buffer.concat([pictures['image/jpeg'], HTML])],
    ['a page before it', () => Buffer.concat([HTML, pictures['image/jpeg']])],
    ['an archive behind it', () => Buffer.concat([pictures['image/jpeg'], Buffer.from('PK\x03\x04')])],
  ])('never with %s in a JPEG', (_what, make) => {
    expect(isBarePicture(make(), 'image/jpeg')).toBe(false);
  });

  test.each([
    ['a text', () => chunk('tEXt', HTML)],
    ['an international text', () => chunk('iTXt', HTML)],
    ['EXIF', () => chunk('eXIf', HTML)],
    ['the time', () => chunk('tIME', Buffer.alloc(7))],
    ['what no decoder knows', () => chunk('prVt', HTML)],
    ['a page behind it', () => Buffer.concat([pictures['image/png'], HTML])],
  ])('never with %s in a PNG', (_what, make) => {
    expect(isBarePicture(make(), 'image/png')).toBe(false);
  });

  const P = 'Frau Mustermann, N 48 11.5 <script>alert(1)</script>';
  const archive = zip({ 'page.html': HTML });
  test.each<[string, () => Buffer]>([
    [
      'a text behind Adobe’s header',
      () => segment(0xffee, Buffer.from(`Adobe\0\x64\0\0\0\0\x01${P}`, 'latin1')),
    ],
    ['a text in Adobe’s flags', () => segment(0xffee, Buffer.from('Adobe\0\x64GPS!\x01', 'latin1'))],
    [
      'a document as its colour profile',
      () => segment(0xffe2, Buffer.from('ICC_PROFILE\0\x01\x01%PDF-1.7', 'latin1')),
    ],
    [
      'a profile with a text',
      () => segment(0xffe2, Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'), SRGB])),
    ],
    ['a text in DRI', () => segment(0xffdd, Buffer.from(`\0\x04${P}`))],
    ['a text in DNL', () => segment(0xffdc, Buffer.from(`\0\x10${P}`))],
    ['a table of quantisation that nothing uses', () => segment(0xffdb, Buffer.alloc(65, P).fill(3, 0, 1))],
    [
      'a table of codes that nothing uses',
      () => segment(0xffc4, Buffer.from(`\x12\0\x02${'\0'.repeat(14)}!1`, 'latin1')),
    ],
    ['a table that another replaces', () => segment(0xffdb, Buffer.alloc(65, P).fill(0, 0, 1))],
    ['a text before its end', () => inScan(Buffer.from(P))],
    ['an archive before its end', () => inScan(archive)],
    ['zeros before its end', () => inScan(Buffer.alloc(2))],
    ['the second half of a scan again', () => inScan(pictures['image/jpeg'].subarray(-20, -2))],
    [
      'fill bytes',
      () =>
        Buffer.concat([
          pictures['image/jpeg'].subarray(0, 2),
          Buffer.from([0xff]),
          pictures['image/jpeg'].subarray(2),
        ]),
    ],
    ['a frame of more lines than it has', () => changed('image/jpeg', (at) => at('\xff\xc0') + 6, 200)],
    ['a scan that begins in the midst', () => changed('image/jpeg', (at) => at('\xff\xda') + 11, 7)],
    ['another version of JFIF', () => changed('image/jpeg', (at) => at('JFIF') + 5, 0x47)],
    ['a unit that is none', () => changed('image/jpeg', (at) => at('JFIF') + 7, 0x47)],
  ])('never with %s in a JPEG, which decoders let pass', (_what, make) => {
    const made = make();
    expect(isBarePicture(made, 'image/jpeg')).toBe(false);
    expect(made.equals(pictures['image/jpeg'])).toBe(false);
  });

  test.each<[string, () => Buffer]>([
    [
      'a document as its colour profile',
      () => chunk('iCCP', Buffer.concat([Buffer.from('a\0\0'), deflateSync('%PDF-1.7')])),
    ],
    [
      'a profile with a text',
      () => chunk('iCCP', Buffer.concat([Buffer.from('ICC\0\0'), deflateSync(SRGB)])),
    ],
    ['a text in a palette that nothing uses', () => chunk('PLTE', Buffer.from(P.slice(0, 51)))],
    ['a text in its gamma', () => chunk('gAMA', Buffer.from(P))],
    ['four letters in its gamma', () => chunk('gAMA', Buffer.from('GPS!'))],
    ['a text in its primaries', () => chunk('cHRM', Buffer.alloc(32, P))],
    ['a text in its background', () => chunk('bKGD', Buffer.from(P))],
    ['a text in its density', () => chunk('pHYs', Buffer.from('N48 E11.\x01'))],
    ['the same twice', () => chunk('sRGB', Buffer.from([0]), chunk('sRGB', Buffer.from([0])))],
    ['pixels after its pixels', () => beforeEnd('IDAT', deflateSync(P))],
    ['a text after its pixels', () => beforeEnd('IDAT', Buffer.from(P))],
    ['a gamma after its pixels', () => beforeEnd('gAMA', Buffer.from([0, 0, 0xb1, 0x8f]))],
    [
      'a checksum of its pixels that is none',
      () => changed('image/png', () => pictures['image/png'].length - 13, 0),
    ],
    ['a checksum that is none', () => changed('image/png', (at) => at('IHDR') + 17, 0)],
    ['more rows than it has', () => pngOf({ width: 1, height: 1 }, Buffer.alloc(4, 'GPS!'))],
    ['fewer rows than it has', () => pngOf({ width: 1, height: 3 }, Buffer.alloc(4))],
    [
      'a dictionary',
      () => pngWith(Buffer.concat([Buffer.from([0x78, 0x20]), deflateSync(Buffer.alloc(2)).subarray(2)])),
    ],
    [
      'a text in the midst of its data',
      () => pngWith(Buffer.concat([deflateSync(Buffer.alloc(2)), archive])),
    ],
  ])('never with %s in a PNG', (_what, make) => {
    expect(isBarePicture(make(), 'image/png')).toBe(false);
  });

  test('with a colour profile of nothing but numbers, as the SDK leaves it', () => {
    const profile = bareProfile(SRGB) ?? Buffer.alloc(0);
    expect([profile.length < SRGB.length, Buffer.from(profile).includes('sRGB')]).toEqual([true, false]);
    expect(Buffer.from(bareProfile(profile) ?? [])).toEqual(Buffer.from(profile));
    const inJpeg = segment(0xffe2, Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'), profile]));
    expect(isBarePicture(inJpeg, 'image/jpeg')).toBe(true);
    const inPng = chunk('iCCP', Buffer.concat([Buffer.from('ICC\0\0'), stored(profile)]));
    expect(isBarePicture(inPng, 'image/png')).toBe(true);
    const spoken = Buffer.from(profile);
    spoken.write('Mustermann', spoken.indexOf('curv') + 40); // in a curve, which never falls
    expect(
      isBarePicture(
        segment(0xffe2, Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'), spoken])),
        'image/jpeg',
      ),
    ).toBe(false);
  });

  test('as libjpeg makes them, in many scans and with restarts', () => {
    for (const made of Object.values(MADE_BY_CJPEG)) {
      const bytes = Buffer.from(made, 'base64');
      expect(isBarePicture(bytes, 'image/jpeg')).toBe(true);
      const restart = bytes.indexOf(Buffer.from([0xff, 0xd1]));
      const hidden = Buffer.concat([bytes.subarray(0, restart), HTML, bytes.subarray(restart)]);
      expect(isBarePicture(hidden, 'image/jpeg')).toBe(false);
    }
  });

  test('of ten megapixels that begin anew with each block', () => {
    const tables = [0x00, 0x10].map((slot) => marked(0xc4, [slot, 1, ...Array(15).fill(0), 0]));
    const [side, scan] = [3_200, Buffer.alloc(3 * 400 * 400)];
    for (let block = 0; block < 400 * 400; block += 1) scan.set([0x3f, 0xff, 0xd0 + (block % 8)], 3 * block);
    const grey = Buffer.concat([
      Buffer.from([0xff, 0xd8]),
      marked(0xdb, [0, ...Array(64).fill(1)]),
      marked(0xc0, [8, side >> 8, side & 0xff, side >> 8, side & 0xff, 1, 1, 0x11, 0]),
      ...tables,
      marked(0xdd, [0, 1]),
      marked(0xda, [1, 1, 0, 0, 63, 0]),
      scan.subarray(0, -2),
      Buffer.from([0xff, 0xd9]),
    ]);
    expect(isBarePicture(grey, 'image/jpeg')).toBe(true);
  });

  test('of 20 MiB within seconds, and never walked through without an end', () => {
    const from = performance.now();
    const one = Buffer.from(MADE_BY_CJPEG.progressive, 'base64');
    const scan = one.subarray(one.lastIndexOf(Buffer.from([0xff, 0xda])), -2);
    const scans = Buffer.concat([
      one.subarray(0, -2),
      ...Array.from({ length: 50_000 }, () => scan),
      one.subarray(-2),
    ]);
    expect(isBarePicture(scans, 'image/jpeg')).toBe(false);
    const huge = Buffer.from(one);
    huge.fill(0xff, huge.indexOf(Buffer.from([0xff, 0xc2])) + 5, huge.indexOf(Buffer.from([0xff, 0xc2])) + 9);
    expect(isBarePicture(huge, 'image/jpeg')).toBe(false);
    const bomb = pngOf({ width: 30_000, height: 30_000 }, Buffer.alloc(16 * 2 ** 20));
    expect(isBarePicture(bomb, 'image/png')).toBe(false);
    const blocks = Buffer.concat([
      Buffer.from([0x78, 0x01]),
      Buffer.alloc(5_000_000, Buffer.from([0, 0, 0, 0xff, 0xff])),
    ]);
    expect(isBarePicture(pngWith(blocks), 'image/png')).toBe(false);
    expect(performance.now() - from).toBeLessThan(10_000);
  });

  test('never cut short, and never with a byte more; whatever the bytes are, there is an answer', () => {
    void fc.assert(
      fc.property(
        fc.constantFrom('image/jpeg', 'image/png'),
        fc.nat(),
        fc.uint8Array({ minLength: 1 }),
        (type, cut, more) => {
          const whole = pictures[type];
          expect(isBarePicture(whole.subarray(0, cut % whole.length), type)).toBe(false);
          expect(isBarePicture(Buffer.concat([whole, more]), type)).toBe(false);
          expect(isBarePicture(more, type)).toBe(false);
        },
      ),
    );
  });

  test('never where a page stands in the pixels’ place', () => {
    for (const page of [
      '<html>',
      '<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
      'MIME-Version: 1.0\n\n',
    ]) {
      expect(isBarePicture(Buffer.from(page), 'image/png')).toBe(false);
      expect(isBarePicture(Buffer.from(page), 'image/jpeg')).toBe(false);
    }
  });
});
