import { createHash } from 'node:crypto';

/** Told apart, so that no node passes for a leaf (RFC 9162, section 2.1.1). */
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** The hash of one line, without its line feed. */
export function leafOf(line: string): Buffer {
  return createHash('sha256').update(LEAF).update(line, 'utf8').digest();
}

/** The Merkle Tree Hash of RFC 9162 over leaves in their order; of none, the SHA-256 of nothing. */
export function rootOf(leaves: readonly Uint8Array[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return createHash('sha256').digest();
  if (leaves.length === 1) return Buffer.from(only);
  let level: readonly Uint8Array[] = leaves;
  while (level.length > 1) level = pairedUp(level);
  return Buffer.from(level[0] ?? only);
}

/** A node that has no neighbour goes up as it is: the same tree as splitting at the largest power of two. */
function pairedUp(level: readonly Uint8Array[]): Uint8Array[] {
  const up: Uint8Array[] = [];
  for (let place = 0; place < level.length; place += 2) {
    const [left, right] = [level[place], level[place + 1]];
    if (left) up.push(right ? createHash('sha256').update(NODE).update(left).update(right).digest() : left);
  }
  return up;
}
