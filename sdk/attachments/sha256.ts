/** Takes bytes piece by piece. Node's `createHash('sha256')` is one. */
export interface Hash {
  update(bytes: Uint8Array): unknown;
  /** The digest of everything; nothing may be added behind it. */
  digest(): Uint8Array;
}

const BLOCK = 64;

/**
 * SHA-256 (FIPS 180-4) of bytes that come piece by piece. Own code, because WebCrypto digests only what lies in memory whole, and a
 * file of gigabytes does not.
 */
export class Sha256 implements Hash {
  readonly #state = fractions(8, 2);
  readonly #schedule = new Uint32Array(BLOCK);
  readonly #rest = new Uint8Array(BLOCK);
  #restLength = 0;
  #bytes = 0;

  update(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    let at = 0;
    if (this.#restLength > 0) {
      at = Math.min(BLOCK - this.#restLength, bytes.length);
      this.#rest.set(bytes.subarray(0, at), this.#restLength);
      this.#restLength += at;
      if (this.#restLength < BLOCK) return;
      this.#take(viewOf(this.#rest), 0);
    }
    const view = viewOf(bytes);
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.#take(view, at);
    this.#rest.set(bytes.subarray(at));
    this.#restLength = bytes.length - at;
  }

  digest(): Uint8Array {
    const bits = this.#bytes * 8; // exact: far below 2 ** 53
    const zeros = (2 * BLOCK - 9 - this.#restLength) % BLOCK;
    const end = new Uint8Array(1 + zeros + 8);
    end[0] = 0x80;
    const view = viewOf(end);
    view.setUint32(1 + zeros, Math.floor(bits / 2 ** 32));
    view.setUint32(5 + zeros, bits % 2 ** 32);
    this.update(end);
    const digest = new Uint8Array(32);
    for (const [place, word] of this.#state.entries()) viewOf(digest).setUint32(4 * place, word);
    return digest;
  }

  /** One block (FIPS 180-4, 6.2.2). */
  #take(view: DataView, at: number): void {
    const words = this.#schedule;
    for (let t = 0; t < 16; t += 1) words[t] = view.getUint32(at + 4 * t);
    for (let t = 16; t < 64; t += 1) {
      const w15 = words[t - 15] as number;
      const w2 = words[t - 2] as number;
      const s0 = turned(w15, 7) ^ turned(w15, 18) ^ (w15 >>> 3);
      const s1 = turned(w2, 17) ^ turned(w2, 19) ^ (w2 >>> 10);
      words[t] = ((words[t - 16] as number) + s0 + (words[t - 7] as number) + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = this.#state as unknown as Eight;
    for (let t = 0; t < 64; t += 1) {
      const s1 = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
      const chosen = (e & f) ^ (~e & g);
      const first = (h + s1 + chosen + (constants[t] as number) + (words[t] as number)) | 0;
      const s0 = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
      const most = (a & b) ^ (a & c) ^ (b & c);
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + s0 + most) | 0;
    }
    for (const [place, word] of [a, b, c, d, e, f, g, h].entries()) {
      this.#state[place] = (this.#state[place] as number) + word;
    }
  }
}

type Eight = [number, number, number, number, number, number, number, number];

const constants = /* @__PURE__ */ fractions(64, 3);

/** The first 32 bits of the fractional parts of roots of the first primes: what the standard begins with (4.2.2 and 5.3.3). */
function fractions(count: number, root: number): Uint32Array {
  const words: number[] = [];
  for (let prime = 2; words.length < count; prime += 1) {
    if (!isPrime(prime)) continue;
    words.push(Math.floor((prime ** (1 / root) % 1) * 2 ** 32));
  }
  return Uint32Array.from(words);
}

function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) if (number % divisor === 0) return false;
  return true;
}

function turned(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** In base64, as the protocol has digests. */
export function base64(digest: Uint8Array): string {
  return btoa(String.fromCharCode(...digest));
}
