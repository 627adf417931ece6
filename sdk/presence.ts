import type { Connection } from './connection.ts';
import type { World } from './world.ts';

/** The server asks for no more, and it is noted no more often. */
const AT_MOST_EVERY_MS = 60_000;

/** When this person will be signed out: at `idleAt` unless they do something, at `endsAt` in any case. Times as RFC 3339. */
export interface Kept {
  readonly idleAt: string;
  readonly endsAt: string;
}

/** Tells the server that somebody is at this device, so that they are not signed out while they read. */
export class Presence {
  readonly #world: World;
  readonly #connection: Connection;
  readonly #kept: (kept: Kept) => void;
  #last = Number.NEGATIVE_INFINITY;

  constructor(world: World, connection: Connection, kept: (kept: Kept) => void) {
    this.#world = world;
    this.#connection = connection;
    this.#kept = kept;
  }

  /** They did something. Cheap: call it for every touch and key. */
  async note(): Promise<void> {
    const now = this.#world.now();
    if (this.#connection.state !== 'live' || now - this.#last < AT_MOST_EVERY_MS) return;
    const socket = await this.#connection.live();
    if (!socket.features.has('sign-out')) return;
    this.#last = now;
    const answer = await socket.askInTurn(
      { type: 'session.keep' },
      ({ type }) => type === 'session.kept',
      true,
    );
    if (answer.type === 'session.kept') this.#kept({ idleAt: answer.idleAt, endsAt: answer.endsAt });
    else this.#last = Number.NEGATIVE_INFINITY;
  }
}
