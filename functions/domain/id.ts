const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** The first 128 bits of `bytes` as an id of the protocol: 26 characters of base32 (RFC 4648, lower case). */
export function idFrom(bytes: Uint8Array): string {
  let bits = 0n;
  for (const byte of bytes.subarray(0, 16)) bits = (bits << 8n) | BigInt(byte);
  bits <<= 2n; // 26 characters hold 130 bits
  let id = '';
  for (let shift = 125n; shift >= 0n; shift -= 5n) id += ALPHABET[Number((bits >> shift) & 31n)];
  return id;
}
