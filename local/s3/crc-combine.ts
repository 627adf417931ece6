import type { ChecksumAlgorithm } from './version.ts';

interface Kind {
  readonly bits: bigint;
  /** Reflected, as the running checksums use it. */
  readonly polynomial: bigint;
}

const KINDS: Partial<Record<ChecksumAlgorithm, Kind>> = {
  CRC32: { bits: 32n, polynomial: 0xedb88320n },
  CRC32C: { bits: 32n, polynomial: 0x82f63b78n },
  CRC64NVME: { bits: 64n, polynomial: 0x9a6c9329ac4bc9b5n },
};

/**
 * The checksum of parts one after the other from each part's own, without their bytes: a CRC is linear, so the first is
 * multiplied by x to the power of the bits behind it. Base64 in and out.
 */
export function combinedCrc(
  algorithm: ChecksumAlgorithm,
  parts: readonly { readonly checksum: string; readonly size: number }[],
): string {
  const kind = KINDS[algorithm];
  if (!kind) throw new Error(`${algorithm} cannot be combined`);
  const whole = parts.reduce(
    (sum, { checksum, size }) => multiply(sum, powerOfX(BigInt(size) * 8n, kind), kind) ^ numberOf(checksum),
    0n,
  );
  return Buffer.from(whole.toString(16).padStart(Number(kind.bits) / 4, '0'), 'hex').toString('base64');
}

/** x^n modulo the polynomial; in reflected form, 1 is the highest bit. */
function powerOfX(exponent: bigint, kind: Kind): bigint {
  let result = 1n << (kind.bits - 1n);
  let square = result >> 1n;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = multiply(result, square, kind);
    square = multiply(square, square, kind);
  }
  return result;
}

function multiply(one: bigint, other: bigint, { bits, polynomial }: Kind): bigint {
  let product = 0n;
  let shifted = other;
  for (let bit = bits - 1n; bit >= 0n; bit--) {
    if ((one >> bit) & 1n) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}

function numberOf(base64: string): bigint {
  return BigInt(`0x${Buffer.from(base64, 'base64').toString('hex')}`);
}
