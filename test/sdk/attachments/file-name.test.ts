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
    const unseen = [
      '\u202e',
      '\u200b',
      '\u00ad',
      '\u200d',
      '\u200c',
      '\u{e0041}',
      '\ufe01',
      '\u3164',
      '\u034f',
      '\u17b4',
      '\ufeff',
    ];
    const nasty = fc.constantFrom(
      ...[
        '/',
        '\\',
        '..',
        '\u0000',
        '\ud800',
        '\u2028',
        ' ',
        '😀',
        '.pdf',
        ':',
        '.',
        'con',
        'COM1',
        'nul.',
        'é',
      ],
      ...[
        '\u0301',
        '\u0301\u0327\u0323\u0308\u0301\u0300',
        '\u1112\u1161',
        'ک\u200cک',
        '👩\u200d⚕️',
        ...unseen,
      ],
    );
    const strings = fc.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 90 }), nasty, nasty), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(strings, (pieces) => {
        const given = pieces.join('');
        const name = attempt(given);
        if (name === 'file-name-refused')
          expect(given.replace(/[\s\S]*[\\/]/, '')).toMatch(/^[^a-zA-Z0-9]*$/);
        else {
          expect(isTaken(name), JSON.stringify([given, name])).toBe(true);
          expect(fileName(name)).toBe(name);
        }
        if (isTaken(given)) expect(name).toBe(given); // what is taken is not changed
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['a space of no width', 'a\u200bb.pdf'],
    ['a soft hyphen', 'a\u00adb.pdf'],
    ['a tag', 'a\u{e0041}b.pdf'],
    ['a mark of direction', 'gnp.\u202efdp'],
    ['a letter that shows nothing', '\u3164.pdf'],
    ['a joiner of marks that shows nothing', 'find\u034fings.pdf'],
    ['a vowel that shows nothing', 'find\u17b4ings.pdf'],
    ['a selector of another look', 'a\ufe01.pdf'],
    ['a joiner of nothing', 'a\u200d.pdf'],
    ['two joiners', 'a\u200d\u200cb.pdf'],
    ['a colon', 'x:y.pdf'],
    ['a dot at its end', 'file.pdf.'],
    ['a blank at its end', 'file.pdf '],
    ['a device', 'con'],
    ['a device with an ending', 'Com1.pdf'],
    ['a device of a small digit', 'lpt\u00b2.txt'],
    ['sixty marks on a letter', `a${'\u0301'.repeat(60)}.pdf`],
    ['five', `x${'\u0323'.repeat(5)}.pdf`],
    ['another form of Unicode', 'u\u0308.pdf'],
  ])('with %s is refused by the protocol, and made another by the SDK', (_what, name) => {
    expect(isTaken(name)).toBe(false);
    const made = attempt(name);
    expect(made === 'file-name-refused' || isTaken(made), made).toBe(true);
    expect(made).not.toBe(name);
  });

  test.each([
    'نامه\u200cها.pdf',
    'ക്\u200dഷ.pdf',
    '👩🏽\u200d⚕️.pdf',
    'Việt Nam.pdf',
    'console.pdf',
    'a..b.pdf',
    'שָׁלוֹם.pdf',
  ])('of any script is kept as it is: %s', (given) => {
    const name = given.normalize('NFC');
    expect(isTaken(name)).toBe(true);
    expect(fileName(name)).toBe(name);
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
