import type { Connection } from '../connection.ts';
import { ChatError } from '../errors.ts';
import { waitBefore } from '../reconnect.ts';
import type { Requests } from '../requests.ts';
import { isEnding } from '../states.ts';
import { pause, type World } from '../world.ts';

export interface PacedRooms {
  readonly world: World;
  readonly requests: Pick<Requests, 'ask'>;
  readonly connection: Pick<Connection, 'live'>;
}

type Request = Parameters<Requests['ask']>[0];

/** Goes on, waits and ends with one transfer: while it is held everything of it stands still, and once it is ended nothing of it goes on. */
export class Pacing {
  readonly #rooms: PacedRooms;
  /** Never resolves; rejects when it ends. */
  readonly ended: Promise<never>;
  #reject: (error: ChatError) => void = () => {};
  #error: ChatError | undefined;
  #running = new AbortController();
  #held: { readonly over: Promise<void>; readonly release: () => void } | undefined;

  constructor(rooms: PacedRooms) {
    this.#rooms = rooms;
    this.ended = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.ended.catch(() => {});
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Of what is on its way now: aborted when it is held or ended. */
  get signal(): AbortSignal {
    return this.#running.signal;
  }

  hold(): void {
    if (this.#held || this.#error) return;
    let release = () => {};
    const over = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#held = { over, release };
    this.#running.abort();
  }

  release(): void {
    if (!this.#held) return;
    this.#running = new AbortController();
    this.#held.release();
    this.#held = undefined;
  }

  end(error: ChatError): void {
    if (this.#error) return;
    this.#error = error;
    this.#running.abort();
    this.#reject(error);
  }

  /** Resolves as soon as it is not held; rejects once it is ended. */
  async mayGoOn(): Promise<void> {
    while (this.#held && !this.#error) await Promise.race([this.#held.over, this.ended]);
    if (this.#error) throw this.#error;
  }

  /** Resolves when there is a connection. */
  async live(): Promise<void> {
    await Promise.race([this.#rooms.connection.live(), this.ended]);
  }

  /** The wait before try number `attempt` (from 1), and until there is a connection. */
  async beforeAgain(attempt: number): Promise<void> {
    const { world } = this.#rooms;
    const wait = pause(world, waitBefore(attempt, world.random));
    try {
      await Promise.race([wait.over, this.ended]);
    } finally {
      wait.hurry();
    }
    await this.live();
  }

  /** The answer, however long there is no network or nobody is signed in. Rejects where it is refused. */
  async ask<Answer>(request: Request): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      await this.mayGoOn();
      try {
        return await this.#rooms.requests.ask<Answer>({ ...request, tries: 1 });
      } catch (error) {
        if (!isForNow(error)) throw error;
        await this.beforeAgain(attempt);
      }
    }
  }
}

/** What passes, but later than anybody waits with a request: whoever asked decides. */
const WAITED_FOR_BY_OTHERS: ReadonlySet<string> = new Set(['not-scanned', 'upload-quota']);

function isForNow(error: unknown): boolean {
  if (!(error instanceof ChatError) || WAITED_FOR_BY_OTHERS.has(error.code)) return false;
  return (
    error.retryable ||
    isEnding(error.code) ||
    error.code === 'nobody-signed-in' ||
    error.code === 'other-person'
  );
}
