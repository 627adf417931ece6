import { Fault } from '../domain/fault.ts';
import type { Signer } from '../domain/receipt.ts';
import { headAfter, type Line, type Reached, reachedWith, type SealedHead } from './head.ts';

/** Where batches lie for good: each name is written once. */
export interface SealedBatches {
  /** Whether they were put; false where a batch lies there already. */
  putRecords(path: string, lines: readonly Line[]): Promise<boolean>;
  records(path: string): Promise<readonly Line[]>;
  putHead(head: SealedHead): Promise<boolean>;
  /** Undefined where there is none of that number. */
  head(number: number): Promise<SealedHead | undefined>;
}

/** How far the trail has been sealed, and the one place where the next batch will lie, whoever writes it. */
export interface Seals {
  /** The first who asks after a batch says on which day the next one lies; all others are told the same. */
  next(day: string): Promise<{ readonly reached: Reached; readonly lastPath?: string; readonly day: string }>;
  /** Moves forward to a batch; where it stands there or further already, nothing happens. */
  reach(reached: Reached, path: string): Promise<void>;
}

export interface SealingRooms {
  readonly batches: SealedBatches;
  readonly seals: Seals;
  readonly signer: Signer;
  now(): number;
  /** A moment, in which another sealer may finish what it has begun. */
  pause(): Promise<void>;
}

/** The batch that was sealed: its number, and how many records it has. */
export interface Sealing {
  readonly number: number;
  readonly count: number;
}

/**
 * Seals one batch: its records first, then the head over them, then how far that is. Whoever has put the records of a number
 * has the number; what was begun and not finished is finished by whoever finds it, so that a crash between two steps leaves no
 * hole and loses nothing. What stands in the last batch is not sealed again: a batch comes again after a crash.
 *
 * With no lines it seals an empty batch: a sign that the trail was alive. Undefined where every line was sealed before.
 */
export async function sealRecords(rooms: SealingRooms, lines: readonly Line[]): Promise<Sealing | undefined> {
  let waitedFor = 0;
  for (;;) {
    const place = await rooms.seals.next(dayOf(rooms.now()));
    const last = place.lastPath === undefined ? [] : await rooms.batches.records(place.lastPath);
    const fresh = unsealed(lines, last);
    if (lines.length > 0 && fresh.length === 0) return undefined;

    const number = place.reached.number + 1;
    const path = pathOf(place.day, number);
    if (await rooms.batches.putRecords(path, fresh)) {
      if (await finish(rooms, place.reached, path, fresh)) return { number, count: fresh.length };
      continue; // the number was taken long ago, and these records are no part of the trail yet
    }
    if (waitedFor === number) await finish(rooms, place.reached, path, await rooms.batches.records(path));
    else await rooms.pause();
    waitedFor = number;
  }
}

/** Puts the head over records that lie there, or follows the one that somebody else has put. */
async function finish(
  rooms: SealingRooms,
  reached: Reached,
  path: string,
  lines: readonly Line[],
): Promise<boolean> {
  const { batches, seals, signer, now } = rooms;
  const made = await headAfter(reached, { path, lines, now: now() }, signer);
  if (await batches.putHead(made)) {
    await seals.reach(reachedWith(made), path);
    return true;
  }
  return followHeads(rooms, reached, made);
}

/**
 * Moves on to the last head there is. More than one is ahead where the table was restored to an earlier time: the bucket knows better.
 * Whether the first is over the same records as the one that was made.
 */
async function followHeads(
  { batches, seals }: SealingRooms,
  before: Reached,
  made: SealedHead,
): Promise<boolean> {
  const first = await batches.head(made.number);
  let reached = before;
  for (let head = first; head; head = await batches.head(reached.number + 1)) {
    if (head.prev !== reached.hash)
      throw new Fault(`the sealed head ${head.number} does not follow the one before it`);
    reached = reachedWith(head);
    await seals.reach(reached, head.path);
  }
  return first?.path === made.path && first.root === made.root;
}

/** Without repeats, and without what stands in the last batch. */
function unsealed(lines: readonly Line[], last: readonly Line[]): readonly Line[] {
  const seen = new Set(last.map(({ text }) => text));
  return lines.filter(({ text }) => !seen.has(text) && seen.add(text));
}

function pathOf(day: string, number: number): string {
  return `sealed/records/day=${day}/${inTwelveDigits(number)}.jsonl.gz`;
}

/** The name of a batch: sorted by name is sorted by number. */
export function inTwelveDigits(number: number): string {
  return String(number).padStart(12, '0');
}

function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
