import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameSizes } from '../../../local/api-gateway/frame-sizes.ts';

const frames = fc.array(
  fc.record({ control: fc.boolean(), last: fc.boolean(), length: fc.oneof(fc.nat(130), fc.nat(70_000)) }),
  { maxLength: 12 },
);

test('the largest frame of each message is found however the bytes are cut', () => {
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1 }), (given, cuts) => {
      const sent = given.map((frame) =>
        frame.control ? { ...frame, last: true, length: frame.length % 126 } : frame,
      );
      const bytes = Buffer.concat(sent.map(frameBytes));
      const sizes = new FrameSizes();
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const cut = cuts[turn % cuts.length] ?? 1;
        sizes.push(bytes.subarray(at, at + cut));
        at += cut;
      }

      let largest = 0;
      for (const { control, last, length } of sent) {
        if (control) continue;
        largest = Math.max(largest, length);
        if (!last) continue;
        expect(sizes.take()).toBe(largest);
        largest = 0;
      }
      expect(sizes.arriving).toBe(largest);
    }),
  );
});

/** A masked frame as RFC 6455 lays it out; pings for control frames. */
function frameBytes({ control, last, length }: { control: boolean; last: boolean; length: number }): Buffer {
  const first = (last ? 0x80 : 0) | (control ? 0x09 : 0x01);
  const extended = Buffer.alloc(length > 65_535 ? 8 : length > 125 ? 2 : 0);
  if (extended.length === 2) extended.writeUInt16BE(length);
  if (extended.length === 8) extended.writeBigUInt64BE(BigInt(length));
  const short = extended.length === 8 ? 127 : extended.length === 2 ? 126 : length;
  return Buffer.concat([Buffer.from([first, 0x80 | short]), extended, Buffer.alloc(4 + length, 0xff)]);
}
