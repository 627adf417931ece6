import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { scanBySignature } from '../../../local/guardduty/signature-scanner.ts';
import type { Source } from '../../../local/guardduty/verdict.ts';
import { eicar, gzip, zip } from './archives.ts';

const noise = randomBytes(200_000);
const letter = { name: 'letter.txt', bytes: Buffer.from('nothing to see') };
const virus = { name: 'invoice.com', bytes: eicar };
const nested = (bytes: Buffer, times: number): Buffer =>
  times === 0 ? bytes : nested(zip(letter, { name: `${times}.zip`, bytes }), times - 1);

const rows: readonly [what: string, bytes: Buffer, status: string][] = [
  ['nothing at all', Buffer.alloc(0), 'NO_THREATS_FOUND'],
  ['noise', noise, 'NO_THREATS_FOUND'],
  ['the test file itself', eicar, 'THREATS_FOUND'],
  ['the test file in the midst of noise', Buffer.concat([noise, eicar, noise]), 'THREATS_FOUND'],
  ['one byte of the test file less', Buffer.concat([noise, eicar.subarray(1)]), 'NO_THREATS_FOUND'],
  ['a clean archive', zip(letter, { ...letter, method: 0 }), 'NO_THREATS_FOUND'],
  ['a deflated entry', zip(letter, virus), 'THREATS_FOUND'],
  ['a stored entry', zip({ ...virus, method: 0 }), 'THREATS_FOUND'],
  ['an archive behind a picture', Buffer.concat([noise, zip(letter, virus)]), 'THREATS_FOUND'],
  ['an archive with a comment behind it', withComment(zip(virus), 'a comment'), 'THREATS_FOUND'],
  ['an archive in four others', nested(zip(virus), 3), 'THREATS_FOUND'],
  ['an archive too deep', nested(zip(virus), 6), 'UNSUPPORTED'],
  ['a gzip of an archive', gzip(zip(virus)), 'THREATS_FOUND'],
  ['an entry with a password', zip(letter, { ...letter, isEncrypted: true }), 'UNSUPPORTED'],
  ['an entry with AES', zip({ ...letter, method: 99 }), 'UNSUPPORTED'],
  ['a threat beside a password', zip({ ...letter, isEncrypted: true }, virus), 'THREATS_FOUND'],
  ['a bomb', zip({ name: 'bomb', bytes: Buffer.alloc(32 * 1024 ** 2) }), 'UNSUPPORTED'],
  ['a bomb as gzip', gzip(Buffer.alloc(32 * 1024 ** 2)), 'UNSUPPORTED'],
  [
    'too many entries',
    zip(...Array<typeof letter>(10_001).fill({ name: 'x', bytes: Buffer.alloc(0) })),
    'UNSUPPORTED',
  ],
  ['an archive cut short', zip(letter, virus).subarray(0, 60), 'UNSUPPORTED'],
  ['a broken deflate', broken(zip(letter)), 'UNSUPPORTED'],
  ['a 7z archive', Buffer.concat([Buffer.from('377abcaf271c', 'hex'), noise]), 'UNSUPPORTED'],
  ['a RAR archive', Buffer.concat([Buffer.from('526172211a0700', 'hex'), noise]), 'UNSUPPORTED'],
];

test.each(rows)('%s: however its bytes are cut, the verdict is the same', async (_, bytes, status) => {
  const before = left();
  for (const cut of [bytes.length + 1, 1021]) {
    const verdict = await scanBySignature(inPieces(bytes, cut));
    expect(verdict.status).toBe(status);
    expect(verdict.threats).toHaveLength(status === 'THREATS_FOUND' ? 1 : 0);
  }
  expect(left()).toEqual(before);
});

test('the test file is found at every seam of two pieces', async () => {
  for (let cut = 1; cut < eicar.length; cut++) {
    expect((await scanBySignature(inPieces(eicar, cut))).status).toBe('THREATS_FOUND');
  }
});

test('what cannot be read is nobody’s verdict', async () => {
  const read = () => Promise.reject(new Error('gone'));
  await expect(scanBySignature({ size: 1, read })).rejects.toThrow('gone');
});

function inPieces(bytes: Buffer, length: number): Source {
  return {
    size: bytes.length,
    read: async (start, end) => pieces(bytes.subarray(start, end + 1), length),
  };
}

async function* pieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

function withComment(archive: Buffer, comment: string): Buffer {
  const whole = Buffer.concat([archive, Buffer.from(comment)]);
  whole.writeUInt16LE(comment.length, archive.length - 2);
  return whole;
}

function broken(archive: Buffer): Buffer {
  const whole = Buffer.from(archive);
  whole.fill(0xff, 40, 50);
  return whole;
}

/** Folders that unpacking left behind. */
function left(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`scanned-${process.pid}-`));
}
