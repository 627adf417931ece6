import { broken, bytesOf, joined } from './stripped.ts';

/** What each code of a length or distance begins at, and how many bits follow it (RFC 1951, 3.2.5). */
const LENGTHS = ranges(
  3,
  [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5],
);
const DISTANCES = ranges(1, [0, 0, 0, 0, ...Array.from({ length: 26 }, (_, nth) => (nth >> 1) + 1)]);
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LONGEST = { from: 258, bits: 0 };

/** Of each length how many codes there are, and what they mean in their order (RFC 1951, 3.2.2). */
interface Codes {
  readonly counts: readonly number[];
  readonly meanings: readonly number[];
}

/** Where a zlib stream ends, and how much it holds; and that, where it was asked for. */
export interface Inflated {
  readonly end: number;
  readonly length: number;
  readonly bytes: Uint8Array;
}

/**
 * Walks through a zlib stream (RFC 1950) to its end, and keeps what it holds in as many bytes as `room` has.
 *
 * @throws RangeError where it is none, or holds more than `most` bytes
 */
export function inflate(given: Uint8Array, most: number, room = new Uint8Array()): Inflated {
  const [method = 0, flags = 0] = given;
  if ((method & 15) !== 8 || method >> 4 > 7 || (method * 256 + flags) % 31 !== 0 || flags & 32)
    throw broken();
  let [at, length] = [16, 0]; // in bits; in bytes
  const bits = (count: number) => {
    const byte = at >> 3;
    const three = (given[byte] ?? 0) | ((given[byte + 1] ?? 0) << 8) | ((given[byte + 2] ?? 0) << 16);
    const found = (three >> (at & 7)) & ((1 << count) - 1);
    at += count;
    return found;
  };
  const symbol = ({ counts, meanings }: Codes) => {
    let [code, first, place] = [0, 0, 0];
    for (let length = 1; length <= 15; length += 1) {
      code |= bits(1);
      const count = counts[length] ?? 0;
      if (code - first < count && at <= given.length * 8) return meanings[place + code - first] ?? 0;
      place += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw broken();
  };
  const put = (byte: number) => {
    room[length] = byte; // behind its end nothing is kept
    length += 1;
  };

  for (let isLast = false; !isLast; ) {
    isLast = bits(1) === 1;
    const kind = bits(2);
    if (kind === 0) {
      let byte = (at + 7) >> 3;
      const [a = 0, b = 0, c = 0, d = 0] = given.subarray(byte, byte + 4);
      const size = a | (b << 8);
      byte += 4;
      if ((size ^ (c | (d << 8))) !== 0xffff || byte + size > given.length) throw broken();
      room.set(
        given.subarray(byte, byte + Math.max(0, Math.min(size, room.length - length))),
        Math.min(length, room.length),
      );
      length += size;
      at = 8 * (byte + size);
      if (length > most) throw broken();
      continue;
    }
    const [literals, distances] = kind === 1 ? FIXED : kind === 2 ? dynamic(bits, symbol) : [];
    if (!literals || !distances) throw broken();
    for (let code = symbol(literals); code !== 256; code = symbol(literals)) {
      if (code < 256) put(code);
      else {
        const long = code === 285 ? LONGEST : LENGTHS[code - 257];
        if (!long) throw broken();
        let left = long.from + bits(long.bits);
        const far = DISTANCES[symbol(distances)];
        if (!far) throw broken();
        const back = far.from + bits(far.bits);
        if (back > length) throw broken();
        if (length < room.length) for (; left > 0; left -= 1) put(room[length - back] ?? 0);
        length += left;
      }
      if (length > most) throw broken();
    }
  }
  const end = ((at + 7) >> 3) + 4; // and its checksum
  if (end > given.length) throw broken();
  return { end, length, bytes: room.subarray(0, length) };
}

function ranges(first: number, bits: readonly number[]) {
  let from = first;
  return bits.map((count) => {
    const range = { from, bits: count };
    from += 1 << count;
    return range;
  });
}

/** RFC 1951, 3.2.7. */
function dynamic(bits: (count: number) => number, symbol: (codes: Codes) => number): readonly Codes[] {
  const [literals, distances, count] = [bits(5) + 257, bits(5) + 1, bits(4) + 4];
  const short: number[] = Array.from({ length: 19 }, () => 0);
  for (let nth = 0; nth < count; nth += 1) short[LENGTH_ORDER[nth] ?? 0] = bits(3);
  const codes = codesOf(short);
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const code = symbol(codes);
    if (code < 16) lengths.push(code);
    else {
      const again = code === 16 ? lengths.at(-1) : 0;
      const times = code === 16 ? 3 + bits(2) : code === 17 ? 3 + bits(3) : 11 + bits(7);
      if (again === undefined) throw broken();
      for (let left = times; left > 0; left -= 1) lengths.push(again);
    }
  }
  if (lengths.length > literals + distances) throw broken();
  return [codesOf(lengths.slice(0, literals)), codesOf(lengths.slice(literals))];
}

/** From the length of each code. */
function codesOf(lengths: readonly number[]): Codes {
  const counts = Array.from({ length: 16 }, (_, length) => lengths.filter((own) => own === length).length);
  const meanings = lengths
    .map((length, meaning) => ({ length, meaning }))
    .filter(({ length }) => length > 0)
    .sort((one, other) => one.length - other.length || one.meaning - other.meaning)
    .map(({ meaning }) => meaning);
  return { counts, meanings };
}

/** RFC 1951, 3.2.6. */
const FIXED = [
  codesOf(Array.from({ length: 288 }, (_, code) => (code < 144 ? 8 : code < 256 ? 9 : code < 280 ? 7 : 8))),
  codesOf(Array.from({ length: 30 }, () => 5)),
];

/** Bytes as a zlib stream, stored as they are. */
export function stored(bytes: Uint8Array): Uint8Array {
  const parts = [bytesOf('\x78\x01')];
  for (let at = 0; at < bytes.length; at += 65535) {
    const piece = bytes.subarray(at, at + 65535);
    const isLast = at + piece.length === bytes.length;
    const [low, high] = [piece.length & 255, piece.length >> 8];
    parts.push(Uint8Array.of(isLast ? 1 : 0, low, high, low ^ 255, high ^ 255), piece);
  }
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return joined([...parts, Uint8Array.of(b >> 8, b & 255, a >> 8, a & 255)]);
}
