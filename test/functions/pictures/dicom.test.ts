import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { previews } from '../../../functions/pictures/previews.ts';
import { dicomOf, EXPLICIT, IMPLICIT } from './dicom-file.ts';
import { alwaysAnswers, near, seen } from './looking.ts';

const { of } = previews();

const NAME = 'DOE^JANE';

/** A slice of 4 × 2 pixels of as many bits, dark to bright, of a patient with a name. */
function slice(bits: 8 | 16, other: Readonly<Record<string, string | number | Buffer>> = {}) {
  const values = [0, 100, 200, 300, 400, 500, 600, 700].map((value) => (bits === 8 ? value / 4 : value));
  const pixels = Buffer.alloc(values.length * (bits / 8));
  for (const [nth, value] of values.entries()) {
    if (bits === 8) pixels.writeUInt8(value, nth);
    else pixels.writeUInt16LE(value, nth * 2);
  }
  const elements: Record<string, [string, string | number | Buffer]> = {
    '0010,0010': ['PN', NAME],
    '0028,0002': ['US', 1],
    '0028,0004': ['CS', 'MONOCHROME2'],
    '0028,0010': ['US', 2],
    '0028,0011': ['US', 4],
    '0028,0100': ['US', bits],
    '0028,0101': ['US', bits],
    '0028,0102': ['US', bits - 1],
    '0028,0103': ['US', 0],
    '7fe0,0010': ['OW', pixels],
  };
  const vrs: Record<string, string> = {
    ...{ '0008,0016': 'UI', '0008,0060': 'CS', '0028,0006': 'US', '0028,0301': 'CS' },
  };
  for (const [tag, value] of Object.entries(other))
    elements[tag] = [elements[tag]?.[0] ?? vrs[tag] ?? 'DS', value];
  return Object.keys(elements)
    .sort()
    .map((tag) => [tag, ...(elements[tag] ?? ['', ''])] as const);
}

describe('a DICOM image', () => {
  const greysOf = async (bytes: Buffer) => {
    const { at } = await seen(bytes, 'application/dicom');
    return [0, 1, 2, 3, 4, 5, 6, 7].map((nth) => at(nth % 4, Math.floor(nth / 4))[0]);
  };

  test.each([
    ['explicit', 16, EXPLICIT],
    ['implicit', 16, IMPLICIT],
    ['explicit', 8, EXPLICIT],
  ] as const)(
    'with %s types and %i bits is shown from its darkest to its brightest pixel',
    async (_, bits, syntax) => {
      const greys = await greysOf(dicomOf(slice(bits), syntax));
      expect(greys).toEqual(near(0, 36, 73, 109, 146, 182, 219, 255));
    },
  );

  test('is shown in the window that its header names, after its rescaling', async () => {
    const header = { '0028,1050': '-650', '0028,1051': '501', '0028,1052': '-1000', '0028,1053': '1' };
    expect(await greysOf(dicomOf(slice(16, header)))).toEqual(near(0, 0, 51, 102, 153, 204, 255, 255));
  });

  test('is turned round where white is least, and its sign and the bits above it are heeded', async () => {
    const inverted = await greysOf(dicomOf(slice(16, { '0028,0004': 'MONOCHROME1' })));
    expect(inverted).toEqual(near(255, 219, 182, 146, 109, 73, 36, 0));
    const pixels = Buffer.alloc(16);
    for (const [nth, value] of [-4, -3, -2, -1, 0, 1, 2, 3].entries())
      pixels.writeUInt16LE(((value & 0xfff) | 0x3000) & 0xffff, nth * 2); // an overlay in the two bits above
    const signed = slice(16, { '7fe0,0010': pixels, '0028,0101': 12, '0028,0102': 11, '0028,0103': 1 });
    expect(await greysOf(dicomOf(signed))).toEqual(near(0, 36, 73, 109, 146, 182, 219, 255));
  });

  test('in colours is shown in them, by pixel or by plane', async () => {
    const colours = { '0028,0002': 3, '0028,0004': 'RGB' };
    const pixels = Buffer.alloc(24, Buffer.from([200, 40, 90]));
    const planes = Buffer.concat([200, 40, 90].map((value) => Buffer.alloc(8, value)));
    const byPixel = dicomOf(slice(8, { ...colours, '7fe0,0010': pixels }));
    const byPlane = dicomOf(slice(8, { ...colours, '0028,0006': 1, '7fe0,0010': planes }));
    for (const bytes of [byPixel, byPlane])
      expect((await seen(bytes, 'application/dicom')).at(2, 1)).toEqual(near(200, 40, 90));
  });

  test('shows nothing of its header', async () => {
    const bytes = dicomOf(slice(16));
    expect(bytes.includes(NAME)).toBe(true);
    const preview = Buffer.from((await of(bytes, 'application/dicom')) ?? []);
    expect(preview.length).toBeGreaterThan(100);
    expect(preview.includes(NAME)).toBe(false);
  });

  test.each(['US', 'SC', 'OT', 'XC', 'ES', 'xc'])(
    'of modality %s is shown only where its header says that no name is burned into its pixels',
    async (modality) => {
      const shown = (more: object) =>
        of(dicomOf(slice(16, { '0008,0060': modality, ...more })), 'application/dicom');
      expect(await shown({})).toBeUndefined();
      expect(await shown({ '0028,0301': '' })).toBeUndefined();
      expect(await shown({ '0028,0301': 'UNKNOWN' })).toBeUndefined();
      expect(await shown({ '0028,0301': 'NO' })).toBeDefined();
    },
  );

  test('that was captured from a screen is shown only where its header says so, whatever its modality; a scanner’s is where it says nothing', async () => {
    const shown = (sopClass: string) =>
      of(dicomOf(slice(16, { '0008,0016': sopClass, '0008,0060': 'CT' })), 'application/dicom');
    expect(await shown('1.2.840.10008.5.1.4.1.1.7')).toBeUndefined();
    expect(await shown('1.2.840.10008.5.1.4.1.1.7.4')).toBeUndefined();
    expect(await shown('1.2.840.10008.5.1.4.1.1.2')).toBeDefined();
  });

  test('has an answer whatever its bytes are', async () => {
    await alwaysAnswers(dicomOf(slice(16)), 'application/dicom');
  });

  test.each<[string, Buffer]>([
    ['has a name burned into its pixels', dicomOf(slice(16, { '0028,0301': 'YES' }))],
    ['is compressed as JPEG', dicomOf(slice(16), '1.2.840.10008.1.2.4.50')],
    ['is big endian', dicomOf(slice(16), '1.2.840.10008.1.2.2')],
    ['is deflated, which may be a bomb', deflated()],
    ['has fewer pixels than it says', dicomOf(slice(16, { '0028,0010': 3 }))],
    ['has more than 40 megapixels', dicomOf(slice(16, { '0028,0010': 65_535, '0028,0011': 65_535 }))],
    ['has colours of a palette', dicomOf(slice(16, { '0028,0004': 'PALETTE COLOR' }))],
    ['has 32 bits', dicomOf(slice(16, { '0028,0100': 32 }))],
  ])('that %s has no preview', async (_, bytes) => {
    expect(await of(bytes, 'application/dicom')).toBeUndefined();
  });
});

/** One whose elements are a few kilobytes that inflate to a thousand times as many. */
function deflated(): Buffer {
  const meta = dicomOf([], '1.2.840.10008.1.2.1.99');
  return Buffer.concat([meta, deflateRawSync(Buffer.alloc(16 * 1024 * 1024))]);
}
