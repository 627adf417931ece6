import { crc32 } from 'node:zlib';
import { createJimp } from '@jimp/core';
import jpeg from '@jimp/js-jpeg';
import png from '@jimp/js-png';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { isBarePicture } from '../../../functions/domain/picture.ts';

const Picture = createJimp({ formats: [jpeg, png] });
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

/** A PNG chunk after the header. */
function chunk(type: string, content: Buffer): Buffer {
  const [header, rest] = [pictures['image/png'].subarray(0, 33), pictures['image/png'].subarray(33)];
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const named = Buffer.concat([Buffer.from(type), content]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([header, length, named, sum, rest]);
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
