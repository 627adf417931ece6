import type { Hold, Holds } from '../../../functions/domain/holds.ts';
import type { MemoryLog } from './in-memory.ts';

/** Holds in memory, and what the heads of a log say of them. */
export class MemoryHolds implements Holds {
  readonly held = new Map<string, Hold>();
  /** Runs before each call takes effect, so that a test decides who comes first. */
  turn: (what: string) => Promise<void> = async () => {};
  private readonly log: MemoryLog;

  constructor(log: MemoryLog) {
    this.log = log;
  }

  async all() {
    await this.turn('all');
    return [...this.held.values()];
  }

  async one(holdId: string) {
    return this.held.get(holdId);
  }

  async place(hold: Hold) {
    await this.turn('place');
    const standing = this.held.get(hold.holdId) ?? hold;
    this.held.set(hold.holdId, standing);
    return standing;
  }

  async placings() {
    await this.turn('placings');
    return this.log.placings;
  }

  async countPlacing() {
    await this.turn('countPlacing');
    this.log.placings += 1;
  }

  async replace(before: Hold, after: Hold) {
    if (this.held.get(before.holdId)?.state !== before.state) return false;
    this.held.set(before.holdId, after);
    return true;
  }

  async keep(id: string, kept: readonly string[]) {
    await this.turn('keep');
    const head = this.log.heads.get(id);
    if (head) this.log.heads.set(id, { ...head, holds: [...new Set([...(head.holds ?? []), ...kept])] });
    return true;
  }
}

/** The same store as one of several finds it who are at work at once: each call waits for its caller's turn. */
export function inTurn<T extends object>(
  store: T,
  turn: () => Promise<void>,
  gated: readonly (keyof T)[],
): T {
  return new Proxy(store, {
    get: (target, name) => {
      const found = Reflect.get(target, name);
      if (typeof found !== 'function') return found;
      if (!gated.includes(name as keyof T)) return found.bind(target);
      return async (...given: unknown[]) => {
        await turn();
        return found.apply(target, given);
      };
    },
  });
}

/** What each of several does at once; each waits for its turn before every step that the others could see. */
export type Play = Readonly<Record<string, (turn: () => Promise<void>) => Promise<unknown>>>;

/**
 * Stages the play once for every order in which the steps of its players can follow each other, and has each outcome
 * looked at. Gives the number of orders.
 */
export async function inEveryOrder<T extends Play>(
  stage: () => { play: T; look: () => unknown },
): Promise<number> {
  let orders = 0;
  for (let order: number[] | undefined = []; order; orders += 1) {
    const { play, look } = stage();
    order = await performed(play, order);
    await look();
  }
  return orders;
}

/** Performs the play in the order that begins so, and gives the beginning of the next one. */
async function performed(play: Play, beginning: readonly number[]): Promise<number[] | undefined> {
  const waiting: { readonly name: string; readonly go: () => void }[] = [];
  const isAtWork = new Set(Object.keys(play));
  const turns = Object.entries(play).map(async ([name, act]) => {
    await act(() => new Promise<void>((go) => waiting.push({ name, go })));
    isAtWork.delete(name);
  });
  const failed = Promise.all(turns);
  failed.catch(() => {});
  const taken: { choice: number; of: number }[] = [];
  const isEverybodyWaiting = () => new Set(waiting.map(({ name }) => name)).size === isAtWork.size;
  while (isAtWork.size > 0) {
    do await Promise.race([failed, new Promise((done) => setImmediate(done))]);
    while (!isEverybodyWaiting());
    if (isAtWork.size === 0) break;
    const choice = beginning[taken.length] ?? 0;
    taken.push({ choice, of: waiting.length });
    const [next] = waiting.splice(choice, 1);
    next?.go();
  }
  await failed;
  const last = taken.findLastIndex(({ choice, of }) => choice + 1 < of);
  if (last < 0) return undefined;
  return taken.slice(0, last + 1).map(({ choice }, place) => (place === last ? choice + 1 : choice));
}
