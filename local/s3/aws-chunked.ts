import { refusals } from './errors.ts';

/** Longest line of the framing: no size, extension or trailer comes near it. */
const LONGEST_LINE = 16_384;

/**
 * Takes `aws-chunked` apart as it arrives: yields the object's own bytes and notes the trailing headers. Throws
 * IncompleteBody where the framing does not hold or the body ends too early.
 */
export async function* decodeChunks(
  source: AsyncIterable<Buffer>,
  trailers: Map<string, string>,
): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let left = 0;
  let state: 'size' | 'data' | 'end-of-data' | 'trailers' | 'over' = 'size';
  for await (const chunk of source) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length > 0 && state !== 'over') {
      if (state === 'data') {
        const part = rest.subarray(0, left);
        rest = rest.subarray(part.length);
        left -= part.length;
        if (left === 0) state = 'end-of-data';
        yield part;
        continue;
      }
      const line = lineIn(rest);
      if (line === undefined) break;
      rest = rest.subarray(line.length + 2);
      if (state === 'size') {
        left = sizeIn(line);
        state = left === 0 ? 'trailers' : 'data';
      } else if (state === 'end-of-data') {
        if (line !== '') throw refusals.incompleteBody();
        state = 'size';
      } else if (line === '') state = 'over';
      else note(line, trailers);
    }
  }
  if (state !== 'over') throw refusals.incompleteBody();
}

function lineIn(bytes: Buffer): string | undefined {
  const end = bytes.indexOf('\r\n');
  if (end >= 0 && end <= LONGEST_LINE) return bytes.toString('latin1', 0, end);
  if (bytes.length > LONGEST_LINE) throw refusals.incompleteBody();
  return undefined;
}

function sizeIn(line: string): number {
  if (!/^[0-9a-f]{1,12}$/i.test(line)) throw refusals.incompleteBody();
  return Number.parseInt(line, 16);
}

function note(line: string, trailers: Map<string, string>): void {
  const colon = line.indexOf(':');
  if (colon < 1) throw refusals.incompleteBody();
  trailers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
}
