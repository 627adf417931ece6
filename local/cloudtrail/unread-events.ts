import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { TrailEvent } from '../front-door/trail.ts';

/** Where the front door's trail is written, and how far a trail has delivered it. */
export interface Unread {
  readonly file: string;
  /** Bytes from the file's beginning. */
  readonly offset: number;
}

/** The most events in one log file. */
const MOST = 10_000;

/** The next events after an offset, and the offset behind them; whole lines alone. */
export async function readNext({ file, offset }: Unread): Promise<{ events: TrailEvent[]; offset: number }> {
  const end = endOf(file);
  const events: TrailEvent[] = [];
  let read = offset;
  if (end <= offset) return { events, offset };
  const stream = createReadStream(file, { start: offset, end: end - 1 });
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    events.push(JSON.parse(line) as TrailEvent);
    read += Buffer.byteLength(line) + 1;
    if (events.length >= MOST) break;
  }
  stream.destroy();
  return { events, offset: read };
}

/** The file's length in bytes; nothing was written where there is none. */
export function endOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
