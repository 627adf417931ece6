import { broken } from './stripped.ts';

/** Of each 16 bits that may stand next: how many of them are a code, and above these eight what it means; zero for none. */
export type Codes = Uint16Array;

/** A component of the frame, and how far its coefficients are known. */
export interface Component {
  readonly id: number;
  readonly horizontal: number;
  readonly vertical: number;
  readonly quantisation: number;
  /** Of each coefficient the lowest bit that was told; nothing before it was (ITU-T T.81, G.1.1.1.1). */
  readonly told: (number | undefined)[];
  /** Of each block which coefficients are other than zero, in two words of 32; progressive scans alone need it. */
  nonzero?: Uint32Array;
}

export interface Scan {
  readonly isProgressive: boolean;
  readonly components: readonly { readonly of: Component; readonly dc?: Codes; readonly ac?: Codes }[];
  /** The first and last coefficient, and whether these bits refine what is known (ITU-T T.81, table B.3). */
  readonly from: number;
  readonly to: number;
  readonly refines: boolean;
}

/** Where one of the stretches of a scan stands: coded data up to a marker, without the zeros behind each byte FF. */
export interface Stretch {
  readonly data: Uint8Array;
  /** The first of its MCUs, and the first that is not. */
  readonly first: number;
  readonly end: number;
}

/** The codes of a table of DHT, from how many there are of each length and what they mean. @throws RangeError where they are none */
export function codesOf(counts: Uint8Array, meanings: Uint8Array): Codes {
  const codes = new Uint16Array(65536);
  let [at, nth] = [0, 0];
  for (let length = 1; length <= 16; length += 1) {
    for (let left = counts[length - 1] ?? 0; left > 0; left -= 1, nth += 1) {
      const end = at + (1 << (16 - length));
      if (end > 65535) throw broken(); // no code is all ones (T.81, annex C)
      codes.fill(length | ((meanings[nth] ?? 0) << 8), at, end);
      at = end;
    }
  }
  return codes;
}

/**
 * Walks through the coded data of a stretch, symbol by symbol, and says how many bits of it the picture is: what stands behind them is none
 * of it. Nothing is decoded but what says where the next symbol begins.
 *
 * @throws RangeError where the data end before the picture
 */
export function bitsOfPicture({ data, first, end }: Stretch, scan: Scan): number {
  const bits = data.length * 8;
  let at = 0;
  let blocksToSkip = 0; // the run of ended blocks (T.81, G.1.2.2)

  const peek = () => {
    const byte = at >> 3;
    const three = ((data[byte] ?? 0) << 16) | ((data[byte + 1] ?? 0) << 8) | (data[byte + 2] ?? 0);
    return (three >> (8 - (at & 7))) & 0xffff;
  };
  const symbol = (codes: Codes | undefined) => {
    const found = codes?.[peek()] ?? 0;
    at += found & 255;
    if (found === 0 || at > bits) throw broken();
    return found >> 8;
  };
  const skip = (count: number) => {
    at += count;
  };
  const run = (size: number) => {
    const extra = size === 0 ? 0 : peek() >> (16 - size);
    at += size;
    return (1 << size) + extra;
  };

  const sequential = (dc: Codes | undefined, ac: Codes | undefined) => {
    skip(symbol(dc));
    for (let place = 1; place < 64; place += 1) {
      const code = symbol(ac);
      const size = code & 15;
      if (size === 0 && code !== 0xf0) return;
      place += code >> 4;
      if (place > 63) throw broken();
      at += size;
    }
  };

  const firstTold = (ac: Codes | undefined, nonzero: Uint32Array, block: number) => {
    if (blocksToSkip > 0) {
      blocksToSkip -= 1;
      return;
    }
    for (let place = scan.from; place <= scan.to; place += 1) {
      const code = symbol(ac);
      const size = code & 15;
      if (size === 0 && code !== 0xf0) {
        blocksToSkip = run(code >> 4) - 1;
        return;
      }
      place += code >> 4;
      if (place > scan.to) throw broken();
      if (size > 0) mark(nonzero, block, place);
      at += size;
    }
  };

  const refined = (ac: Codes | undefined, nonzero: Uint32Array, block: number) => {
    let place = scan.from;
    for (; blocksToSkip === 0 && place <= scan.to; place += 1) {
      const code = symbol(ac);
      const size = code & 15;
      if (size === 0 && code !== 0xf0) {
        blocksToSkip = run(code >> 4);
        break;
      }
      at += size; // its sign
      for (let zeros = code >> 4; place <= scan.to; place += 1) {
        if (isMarked(nonzero, block, place)) at += 1;
        else if (zeros === 0) break;
        else zeros -= 1;
      }
      if (size > 0) {
        if (place > scan.to) throw broken();
        mark(nonzero, block, place);
      }
    }
    if (blocksToSkip > 0) {
      at += marked(nonzero, block, place, scan.to);
      blocksToSkip -= 1;
    }
  };

  const [only] = scan.components;
  for (let mcu = first; mcu < end; mcu += 1) {
    if (scan.isProgressive && scan.from > 0 && only) {
      const nonzero = only.of.nonzero ?? new Uint32Array();
      (scan.refines ? refined : firstTold)(only.ac, nonzero, mcu);
    } else {
      for (const { of, dc, ac } of scan.components) {
        const blocks = scan.components.length === 1 ? 1 : of.horizontal * of.vertical;
        for (let block = 0; block < blocks; block += 1) {
          if (!scan.isProgressive) sequential(dc, ac);
          else skip(scan.refines ? 1 : symbol(dc));
        }
      }
    }
    if (at > bits) throw broken();
  }
  return at;
}

function mark(nonzero: Uint32Array, block: number, place: number): void {
  const word = 2 * block + (place >> 5);
  nonzero[word] = (nonzero[word] ?? 0) | (1 << (place & 31));
}

function isMarked(nonzero: Uint32Array, block: number, place: number): boolean {
  return (((nonzero[2 * block + (place >> 5)] ?? 0) >>> (place & 31)) & 1) === 1;
}

/** How many are marked from one place to another; most blocks have none. */
function marked(nonzero: Uint32Array, block: number, from: number, to: number): number {
  if (nonzero[2 * block] === 0 && nonzero[2 * block + 1] === 0) return 0;
  let count = 0;
  for (let place = from; place <= to; place += 1) count += isMarked(nonzero, block, place) ? 1 : 0;
  return count;
}
