import { createHash } from 'node:crypto';
import { type Signer, signed, signedBytes } from '../domain/receipt.ts';
import { leafOf, rootOf } from './merkle.ts';

/** What is signed of a batch. docs/audit-format.md says it to whoever verifies. */
export interface HeadClaims {
  readonly kind: 'wardline.sealed-head.1';
  /** 1, 2, 3 … without holes. */
  readonly number: number;
  /** When it was sealed; never before the head before it. */
  readonly at: string;
  /** Where its records lie, in the bucket and in an export. */
  readonly path: string;
  readonly count: number;
  /** Records in this batch and all before it. */
  readonly total: number;
  /** The Merkle root over the records, in hexadecimal like every hash here. */
  readonly root: string;
  /** SHA-256 over `<id> <leaf>\n` of each record: what {@link SealedHead.ids} and `leaves` must come to. */
  readonly index: string;
  /** SHA-256 of the signed bytes of the head before it; of the first, zeros. */
  readonly prev: string;
  /** The earliest and the latest `at` of its records; absent where it has none. */
  readonly from?: string;
  readonly to?: string;
}

interface Signature {
  readonly keyId: string;
  readonly algorithm: 'ECDSA_SHA_256';
  readonly signature: string;
}

/** A head as it is stored: what is signed, its signature, and of each record its id and its leaf, so that one can be named alone. */
export type SealedHead = HeadClaims &
  Signature & { readonly ids: readonly string[]; readonly leaves: readonly string[] };

/** One record as it is sealed: canonical JSON without a line feed. */
export interface Line {
  readonly id: string;
  readonly at: string;
  readonly text: string;
}

/** How far the trail is sealed. */
export interface Reached {
  /** Of the last head; 0 where there is none. */
  readonly number: number;
  readonly hash: string;
  readonly total: number;
  readonly at: string;
}

export const NOTHING_YET: Reached = {
  number: 0,
  hash: '0'.repeat(64),
  total: 0,
  at: '1970-01-01T00:00:00.000Z',
};

/** Signs the head that comes after `reached`, of these lines. */
export async function headAfter(
  reached: Reached,
  batch: { readonly path: string; readonly lines: readonly Line[]; readonly now: number },
  signer: Signer,
): Promise<SealedHead> {
  const { path, lines, now } = batch;
  const leaves = lines.map(({ text }) => leafOf(text));
  const ids = lines.map(({ id }) => id);
  const hexadecimal = leaves.map((leaf) => leaf.toString('hex'));
  const claims: HeadClaims = {
    kind: 'wardline.sealed-head.1',
    number: reached.number + 1,
    at: later(new Date(now).toISOString(), reached.at),
    path,
    count: lines.length,
    total: reached.total + lines.length,
    root: rootOf(leaves).toString('hex'),
    index: indexOf(ids, hexadecimal),
    prev: reached.hash,
    ...span(lines),
  };
  return { ...(await signed(signer, { ...claims })), ids, leaves: hexadecimal };
}

/** How far the trail is sealed with this head. */
export function reachedWith(head: SealedHead): Reached {
  const { ids: _ids, leaves: _leaves, ...claims } = head;
  const hash = createHash('sha256').update(signedBytes(claims)).digest('hex');
  return { number: head.number, hash, total: head.total, at: head.at };
}

function indexOf(ids: readonly string[], leaves: readonly string[]): string {
  const hash = createHash('sha256');
  for (const [place, id] of ids.entries()) hash.update(`${id} ${leaves[place]}\n`);
  return hash.digest('hex');
}

function span(lines: readonly Line[]): { from?: string; to?: string } {
  const times = lines.map(({ at }) => at).sort();
  const [from, to] = [times[0], times.at(-1)];
  return from !== undefined && to !== undefined ? { from, to } : {};
}

/** Clocks of functions differ by a little; what was sealed later is not told as earlier. */
function later(one: string, other: string): string {
  return one > other ? one : other;
}
