/** A plain key opens nothing for longer than this after it was unwrapped; what it was unwrapped from may go meanwhile. */
export const PLAIN_KEY_MS = 5 * 60 * 1000;

/** Why a data key was destroyed: its last entry had expired, its conversation was, or nothing was wrapped under it. */
export type DestructionReason = 'retention' | 'shredded' | 'unused';

/** Thrown where a data key was destroyed on purpose: what it sealed is gone, and no key is made in its place. */
export class KeyDestroyed extends Error {
  readonly reason: DestructionReason;

  constructor(reason: DestructionReason) {
    super(`the data key was destroyed: ${reason}`);
    this.name = 'KeyDestroyed';
    this.reason = reason;
  }
}

/** A calendar month in UTC: a key's epoch ends with it, so that keys can be destroyed month by month. */
export function epochOf(at: number): string {
  return new Date(at).toISOString().slice(0, 'YYYY-MM'.length);
}

/** The first moment after an epoch; milliseconds since 1970. */
export function endOf(epoch: string): number {
  const [year = 0, month = 0] = epoch.split('-').map(Number);
  return Date.UTC(year, month); // months count from 0, so this is the next one
}
