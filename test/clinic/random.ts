const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const HEX = '0123456789abcdef';

/** Chance that repeats itself: the same seed gives the same clinic (mulberry32; its states never repeat within a year). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** Evenly within [0, 1). */
  next(): number {
    return this.bits() / 4_294_967_296;
  }

  whole(below: number): number {
    return Math.floor(this.next() * below);
  }

  between(least: number, below: number): number {
    return least + this.next() * (below - least);
  }

  chance(of: number): boolean {
    return this.next() < of;
  }

  pick<T>(list: readonly T[]): T {
    const one = list[this.whole(list.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }

  /** At most `count` of the list, none twice. */
  some<T>(list: readonly T[], count: number): T[] {
    const left = [...list];
    const taken: T[] = [];
    while (taken.length < count && left.length > 0) taken.push(...left.splice(this.whole(left.length), 1));
    return taken;
  }

  /** An id as the protocol has them: 26 characters of base32. */
  id(): string {
    let text = '';
    for (let block = 0; block < 5; block += 1) {
      let bits = this.bits();
      for (let place = 0; place < 6 && text.length < 26; place += 1) {
        text += BASE32[bits & 31];
        bits >>>= 5;
      }
    }
    return text;
  }

  /** A sign-in as Cognito names it. */
  uuid(): string {
    const digits = this.hex(32);
    return [
      [0, 8],
      [8, 12],
      [12, 16],
      [16, 20],
      [20, 32],
    ]
      .map(([from, to]) => digits.slice(from, to))
      .join('-');
  }

  /** A request as API Gateway names it. */
  requestId(): string {
    return `${this.id().slice(0, 15)}=`;
  }

  private hex(length: number): string {
    let text = '';
    while (text.length < length) {
      let bits = this.bits();
      for (let place = 0; place < 8; place += 1) {
        text += HEX[bits & 15];
        bits >>>= 4;
      }
    }
    return text;
  }

  private bits(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }
}
