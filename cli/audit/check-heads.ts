import { createHash, type KeyObject } from 'node:crypto';
import { Chains } from './chains.ts';
import { firstDifference, leafOfLine, readBatch } from './compare-batch.ts';
import type { Evidence } from './evidence.ts';
import type { Figures, Finding } from './findings.ts';
import { Head, headPath, Record as SealedRecord } from './formats.ts';
import { rootOf } from './merkle.ts';
import { hashOf, isSigned } from './signatures.ts';

export interface Span {
  readonly first: number;
  readonly last: number;
}

export interface Looking {
  readonly evidence: Evidence;
  /** The key of a head's `keyId`; undefined where signatures cannot be looked at, which somebody has said already. */
  readonly keyOf: (keyId: string) => Promise<KeyObject | undefined>;
  readonly figures: Figures;
  readonly found: (finding: Finding) => void;
  readonly noted: (notice: string) => void;
  readonly tell: (number: number) => void;
}

/** No head for longer than this is told: one comes each hour, whether anything happened or not. */
const SILENCE_MS = 2 * 3_600_000;

/** Goes through the heads by their numbers, and through each batch's records. Gives the hash of the last head, where it was reached whole. */
export async function checkHeads(looking: Looking, { first, last }: Span): Promise<string | undefined> {
  const chains = new Chains(looking.figures, first > 1 ? await timeOf(looking.evidence, first) : undefined);
  let before: Head | undefined;
  let missing = 0;
  for (let number = first; number <= last; number += 1) {
    looking.tell(number);
    const bytes = await looking.evidence.file(headPath(number));
    if (!bytes) {
      if (missing === 0) looking.found(goneFrom(number, last));
      missing += 1;
      before = undefined;
      chains.breakOff();
      continue;
    }
    missing = 0;
    looking.figures.heads += 1;
    const read = readHead(bytes, number);
    const finding = 'problem' in read ? read : await wrongWith(read, before, number, looking);
    if ('problem' in read || finding) {
      if (finding) looking.found(finding);
      before = undefined;
      chains.breakOff();
      continue;
    }
    if (before) noteSilence(before, read, looking);
    before = read;
    await checkBatch(read, chains, looking);
  }
  return before && hashOf(before);
}

/** When a head was sealed, as it says. */
async function timeOf(evidence: Evidence, number: number): Promise<string | undefined> {
  const bytes = await evidence.file(headPath(number));
  const head = bytes && readHead(bytes, number);
  return head && 'at' in head ? head.at : undefined;
}

function goneFrom(number: number, last: number): Finding {
  const path = headPath(number);
  const what =
    number === last ? 'the last head is missing' : `the head ${number} is missing, of those up to ${last}`;
  return { problem: 'missing', path, what };
}

function readHead(bytes: Buffer, number: number): Head | Finding {
  try {
    return Head.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    return { problem: 'altered', path: headPath(number), what: 'it cannot be read as a head' };
  }
}

/** What speaks against a head by itself and beside the one before it, where that is known. */
async function wrongWith(
  head: Head,
  before: Head | undefined,
  number: number,
  { keyOf }: Looking,
): Promise<Finding | undefined> {
  const path = headPath(number);
  if (head.number !== number)
    return { problem: 'reordered', path, what: `this is the head ${head.number}, in the place of ${number}` };
  const key = await keyOf(head.keyId);
  if (key && !isSigned(head, key))
    return {
      problem: 'forged',
      path,
      what: 'it was not signed by the key of the deployment, or was changed since',
    };
  const { ids, leaves, count, index, root } = head;
  if (
    leaves.length !== count ||
    ids.length !== count ||
    indexOf(ids, leaves) !== index ||
    rootOf(leaves) !== root
  )
    return { problem: 'altered', path, what: 'its list of records is not the one that its signature covers' };
  if (number === 1 && (head.prev !== '0'.repeat(64) || head.total !== count))
    return { problem: 'forged', path, what: 'the first head follows another' };
  if (before && (head.prev !== hashOf(before) || head.total !== before.total + count))
    return { problem: 'forged', path, what: `it does not follow the head ${number - 1} that lies there` };
  return undefined;
}

function indexOf(ids: readonly string[], leaves: readonly string[]): string {
  const hash = createHash('sha256');
  for (const [place, id] of ids.entries()) hash.update(`${id} ${leaves[place]}\n`);
  return hash.digest('hex');
}

async function checkBatch(head: Head, chains: Chains, { evidence, found }: Looking): Promise<void> {
  const { path } = head;
  const packed = await evidence.file(path);
  if (!packed) {
    chains.breakOff();
    return found({
      problem: 'missing',
      path,
      what: `the ${head.count} records of head ${head.number} are missing`,
    });
  }
  const batch = readBatch(packed);
  const difference = firstDifference(head, batch);
  if (difference) {
    chains.breakOff();
    return found(difference);
  }
  for (const [place, line] of batch.lines.entries()) {
    const at = { path, line: place + 1 };
    const record = readRecord(line);
    if (!record) found({ problem: 'contradicted', ...at, what: 'what was sealed here is no record' });
    const finding = record && chains.add(record, head.leaves[place] ?? leafOfLine(line), at);
    if (finding) found(finding);
  }
}

function readRecord(line: string): SealedRecord | undefined {
  try {
    return SealedRecord.parse(JSON.parse(Buffer.from(line, 'latin1').toString('utf8')));
  } catch {
    return undefined;
  }
}

function noteSilence(before: Head, head: Head, { noted }: Looking): void {
  if (Date.parse(head.at) - Date.parse(before.at) <= SILENCE_MS) return;
  noted(
    `between ${before.at} and ${head.at} nothing was sealed, not even the hourly sign that the trail was alive`,
  );
}
