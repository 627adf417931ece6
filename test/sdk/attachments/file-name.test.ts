import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FileBody } from '../../../protocol/bodies.ts';
import { fileName } from '../../../sdk/attachments/file-name.ts';

const body = {
  kind: 'file',
  attachmentId: 'a'.repeat(26),
  contentType: 'application/pdf',
  bytes: 1,
  sha256: `${'A'.repeat(43)}=`,
};
const isTaken = (name: string) => FileBody.safeParse({ ...body, name }).success;

describe('the name of a file', () => {
  test('whatever it was, is one that the protocol takes, or refused', () => {
    const nasty = fc.constantFrom('/', '\\', '..', '\u202e', '\u0000', '\ud800', '\u2028', ' ', '😀', '.pdf');
    const strings = fc.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 90 }), nasty), { maxLength: 8 });
    fc.assert(
      fc.property(strings, (pieces) => {
        const given = pieces.join('');
        const name = attempt(given);
        if (name === 'file-name-refused')
          expect(given.replace(/[\s\S]*[\\/]/, '')).toMatch(/^[^a-zA-Z0-9]*$/);
        else expect(isTaken(name), JSON.stringify([given, name])).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  test('keeps what is read of it: its ending, and everything that needs no change', () => {
    expect(fileName('Röntgen 21.11.pdf')).toBe('Röntgen 21.11.pdf');
    expect(fileName('C:\\Users\\ana\\scan.pdf')).toBe('scan.pdf');
    expect(fileName('../../etc/passwd')).toBe('passwd');
    expect(fileName('invoice\u202efdp.exe')).toBe('invoicefdp.exe');
    const long = fileName(`${'ü'.repeat(200)}.tar.gz`);
    expect([Buffer.byteLength(long), long.endsWith('ü.tar.gz')]).toEqual([255, true]);
  });

  test('is refused where nothing is left of it', () => {
    for (const given of [undefined, '', '.', '..', 'a/', '\u200e', ' \n '])
      expect(attempt(given)).toBe('file-name-refused');
  });
});

function attempt(given: string | undefined): string {
  try {
    return fileName(given);
  } catch (error) {
    return (error as { code: string }).code;
  }
}
