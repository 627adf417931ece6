import type { Answer } from './frames.ts';
import { pause, type World } from './world.ts';

const FIRST_MS = 500;
const LONGEST_MS = 30_000;
const MINUTE = 60_000;

/** So often a frame is sent: API Gateway closes a socket that was silent for 10 minutes. */
export const KEEP_ALIVE_MS = 5 * MINUTE;

/** A connection that held for so long was a good one: the next waits begin small again. */
export const GOOD_AFTER_MS = 10_000;

/**
 * How long the old socket is kept beside the new one. Who reads the list of sockets before the new one stands in it
 * pushes to the old one only, and no function runs longer than API Gateway's 29 s.
 */
export const OVERLAP_MS = 30_000;

/**
 * The wait before try number `attempt` (from 0), in milliseconds: "full jitter", anything between nothing and a bound that
 * doubles from half a second to half a minute (AWS Architecture Blog, "Exponential Backoff And Jitter").
 */
export function waitBefore(attempt: number, random: () => number): number {
  return random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
}

/** When a new socket is due: between 90 and 115 minutes, before API Gateway's 2 hours and not everybody's at once. */
export function replaceAfter(random: () => number): number {
  return (90 + 25 * random()) * MINUTE;
}

/**
 * When a token that is good for `remainingMs` more is renewed: one to two minutes before its end, never sooner than after 15 s,
 * for the device's clock may be wrong.
 */
export function renewAfter(remainingMs: number, random: () => number): number {
  return Math.max(15_000, remainingMs - (1 + random()) * MINUTE);
}

/** The wait before a frame that was lost, or refused for now, is sent again unchanged. */
export async function beforeAgain(world: World, attempt: number, answer: Answer): Promise<void> {
  if (answer.type === 'lost' && answer.by === 'connection') return; // coming back has its own wait
  const least = answer.type === 'refused' ? (answer.retryAfterMs ?? 0) : 0;
  const isThrottled = answer.type === 'lost' && answer.by === 'throttled';
  await pause(world, least + waitBefore(attempt + (isThrottled ? 3 : 1), world.random)).over;
}
