import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base64, Sha256 } from '../../../sdk/attachments/sha256.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const own = (...pieces: Uint8Array[]) => {
  const hash = new Sha256();
  for (const piece of pieces) hash.update(piece);
  return hash.digest();
};

test("gives NIST's examples of FIPS 180-4", () => {
  const of = (text: string) => hex(own(Buffer.from(text)));
  expect(of('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(of('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  expect(of('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')).toBe(
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  );
  expect(of('a'.repeat(1_000_000))).toBe('cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0');
});

test('gives what Node gives, however the bytes are cut into pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (pieces) => {
      expect(hex(own(...pieces))).toBe(createHash('sha256').update(Buffer.concat(pieces)).digest('hex'));
    }),
    { numRuns: 300 },
  );
  for (let length = 0; length < 200; length += 1) {
    const bytes = randomBytes(length);
    expect(base64(own(bytes))).toBe(createHash('sha256').update(bytes).digest('base64'));
  }
});
