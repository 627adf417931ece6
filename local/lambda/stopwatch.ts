import { performance } from 'node:perf_hooks';
import type { Clock } from '../clock.ts';

/** Milliseconds of the run's clock since now, finer than the clock itself tells them. */
export function stopwatch(clock: Clock): () => number {
  const offset = new BigInt64Array(clock.offset);
  const now = () => performance.now() + Number(Atomics.load(offset, 0));
  const start = now();
  return () => now() - start;
}
