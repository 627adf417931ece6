import { createHash } from 'node:crypto';

/** The hash of one line, without its line feed (RFC 9162, section 2.1.1: leaves and nodes begin with different bytes). */
export function leafOf(line: Uint8Array | string): string {
  return createHash('sha256').update(Uint8Array.of(0)).update(line).digest('hex');
}

/** The root of the Merkle tree over leaves in their order, all in hexadecimal. */
export function rootOf(leaves: readonly string[]): string {
  const levels = levelsOver(leaves);
  return levels.at(-1)?.[0] ?? createHash('sha256').digest('hex');
}

/** What stands beside the way from one leaf to the root, from below: with it the leaf alone gives the root. */
export function pathOf(leaves: readonly string[], place: number): readonly string[] {
  const beside: string[] = [];
  let at = place;
  for (const level of levelsOver(leaves).slice(0, -1)) {
    const neighbour = level[at % 2 === 0 ? at + 1 : at - 1];
    if (neighbour !== undefined) beside.push(neighbour);
    at = Math.floor(at / 2);
  }
  return beside;
}

/** The root that a leaf at a place among `count` gives with what stands beside its way; undefined where that does not fit. */
export function rootBy(
  leaf: string,
  place: number,
  count: number,
  beside: readonly string[],
): string | undefined {
  if (!Number.isSafeInteger(place) || place < 0 || place >= count) return undefined;
  let hash = leaf;
  let at = place;
  let last = count - 1;
  const left = [...beside];
  while (last > 0) {
    const isLastAlone = at === last && at % 2 === 0; // goes up as it is
    if (!isLastAlone) {
      const neighbour = left.shift();
      if (neighbour === undefined) return undefined;
      hash = at % 2 === 0 ? nodeOf(hash, neighbour) : nodeOf(neighbour, hash);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  return left.length === 0 ? hash : undefined;
}

function levelsOver(leaves: readonly string[]): readonly (readonly string[])[] {
  const levels = [leaves];
  for (let level = leaves; level.length > 1; ) {
    level = pairedUp(level);
    levels.push(level);
  }
  return levels;
}

function pairedUp(level: readonly string[]): string[] {
  const up: string[] = [];
  for (let place = 0; place < level.length; place += 2) {
    const [left, right] = [level[place] ?? '', level[place + 1]];
    up.push(right === undefined ? left : nodeOf(left, right));
  }
  return up;
}

function nodeOf(left: string, right: string): string {
  return createHash('sha256').update(Uint8Array.of(1)).update(left, 'hex').update(right, 'hex').digest('hex');
}
