import { randomBytes } from 'node:crypto';

const ROOT = /1-[0-9a-f]{8}-[0-9a-f]{24}/;

/**
 * The trace header of one invocation: the caller's root where it has one, and a parent of its own, unsampled
 * (X-Ray developer guide, "Tracing header").
 */
export function traceFor(now: number, given?: string): string {
  const root = given?.match(ROOT)?.[0] ?? newRoot(now);
  return `Root=${root};Parent=${randomBytes(8).toString('hex')};Sampled=0`;
}

function newRoot(now: number): string {
  const seconds = Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0');
  return `1-${seconds}-${randomBytes(12).toString('hex')}`;
}
