import { constants, gunzipSync } from 'node:zlib';
import type { Finding } from './findings.ts';
import type { Head } from './formats.ts';
import { leafOf } from './merkle.ts';

/** A batch as it lies there: as many lines as can be read, and whether that is all there is. */
export interface Batch {
  readonly lines: readonly string[];
  readonly isWhole: boolean;
}

/** Unpacks a batch; of one that is damaged, what comes before the damage. */
export function readBatch(packed: Buffer): Batch {
  try {
    return linesOf(gunzipSync(packed), true);
  } catch {
    return linesOf(readablePart(packed), false);
  }
}

/** Zlib gives what it can of a beginning, so the longest beginning that it takes is as far as the file can be read. */
function readablePart(packed: Buffer): Buffer {
  let [good, bad] = [0, packed.length + 1];
  let part = Buffer.alloc(0);
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    try {
      part = gunzipSync(packed.subarray(0, middle), { finishFlush: constants.Z_SYNC_FLUSH });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  return part;
}

function linesOf(bytes: Buffer, isWhole: boolean): Batch {
  const text = bytes.toString('latin1'); // keeps every byte as it is: a line's hash is over its bytes
  const lines = text.split('\n');
  const rest = lines.pop() ?? '';
  return { lines: rest === '' ? lines : [...lines, rest], isWhole: isWhole && rest === '' };
}

/** The leaf of a line of a batch. */
export function leafOfLine(line: string): string {
  return leafOf(Buffer.from(line, 'latin1'));
}

/** The first place where a batch is not what its head has hashed: what happened there, and to which record. */
export function firstDifference(head: Head, { lines, isWhole }: Batch): Finding | undefined {
  const { path, ids, leaves } = head;
  const found = lines.map(leafOfLine);
  let place = 0;
  while (place < leaves.length && place < found.length && leaves[place] === found[place]) place += 1;
  const [sealed, here] = [leaves[place], found[place]];
  const at = { path, line: place + 1 };
  const sealedId = { id: ids[place] ?? '-' };

  if (sealed === undefined && here === undefined) {
    if (isWhole) return undefined;
    return { problem: 'altered', path, what: 'the file is damaged after its last record' };
  }
  if (here === undefined) {
    const what = isWhole
      ? `the file ends here, and ${leaves.length - place} of its ${leaves.length} records are missing`
      : 'the file is damaged here and cannot be read any further';
    return { problem: isWhole ? 'missing' : 'altered', ...at, ...sealedId, what };
  }
  if (sealed === undefined) {
    const what = `the batch was sealed with ${leaves.length} records, and this one came after`;
    return { problem: 'inserted', ...at, ...idIn(lines[place]), what };
  }
  const isLater = leaves.indexOf(here, place + 1) >= 0;
  const comesLater = found.indexOf(sealed, place + 1) >= 0;
  if (isLater && comesLater)
    return {
      problem: 'reordered',
      ...at,
      ...idIn(lines[place]),
      what: `it was sealed as line ${leaves.indexOf(here) + 1}`,
    };
  if (isLater)
    return {
      problem: 'missing',
      ...at,
      ...sealedId,
      what: 'the record that was sealed here is not in the file',
    };
  if (comesLater)
    return {
      problem: 'inserted',
      ...at,
      ...idIn(lines[place]),
      what: 'this line was not sealed with the batch, or not here',
    };
  return { problem: 'altered', ...at, ...sealedId, what: 'the line is not the one that was sealed' };
}

/** The id that a line claims, if it can be read. */
function idIn(line = ''): { readonly id?: string } {
  const [, id] = /"id":"([a-z2-7]{26})"/.exec(line) ?? [];
  return id === undefined ? {} : { id };
}
