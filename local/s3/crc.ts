import { crc32 } from 'node:zlib';

/** A checksum that grows with the bytes it is told of. */
export interface Running {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

/** CRC-32 (ISO 3309), most significant byte first. */
export function runningCrc32(): Running {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    digest: () => bytesOf(value),
  };
}

/** CRC-32C (Castagnoli, RFC 3720 appendix B.4). */
export function runningCrc32c(): Running {
  let value = 0xffffffff;
  return {
    update: (bytes) => {
      for (const byte of bytes) value = (castagnoli[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
    },
    digest: () => bytesOf(~value >>> 0),
  };
}

/** CRC-64/NVME (NVM Express NVM command set specification 1.0d, 5.2.1.3.4), in two halves of 32 bits. */
export function runningCrc64Nvme(): Running {
  let high = 0xffffffff;
  let low = 0xffffffff;
  return {
    update: (bytes) => {
      for (const byte of bytes) {
        const at = (low ^ byte) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ (nvmeLow[at] ?? 0);
        high = (high >>> 8) ^ (nvmeHigh[at] ?? 0);
      }
    },
    digest: () => Buffer.concat([bytesOf(~high >>> 0), bytesOf(~low >>> 0)]),
  };
}

const castagnoli = new Int32Array(256);
const nvmeHigh = new Int32Array(256);
const nvmeLow = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let narrow = byte;
  let wide = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) {
    narrow = narrow & 1 ? (narrow >>> 1) ^ 0x82f63b78 : narrow >>> 1;
    wide = wide & 1n ? (wide >> 1n) ^ 0x9a6c9329ac4bc9b5n : wide >> 1n;
  }
  castagnoli[byte] = narrow;
  nvmeHigh[byte] = Number(BigInt.asIntN(32, wide >> 32n));
  nvmeLow[byte] = Number(BigInt.asIntN(32, wide));
}

function bytesOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
