import { type ChatError, refusal } from './errors.ts';
import { KEEP_ALIVE_MS, renewAfter, replaceAfter } from './reconnect.ts';
import type { Socket } from './socket.ts';
import type { World } from './world.ts';

export interface UpkeepHooks {
  /** Asks something of the socket's server that was worth asking; false where there was nothing. */
  lookForMissed(): boolean;
  /** A newer token; nothing where there is none to be had now. */
  newerToken(): Promise<string | undefined>;
  /** The server would not put the socket under the newer token. */
  refused(error: ChatError): void;
  /** A new socket is due. */
  replace(): void;
}

/** Keeps a live socket from falling silent, keeps it under a good token, and says when another is due. */
export class Upkeep {
  readonly #world: World;
  readonly #socket: Socket;
  readonly #hooks: UpkeepHooks;
  readonly #timers = new Map<string, () => void>();
  #isOver = false;

  constructor(world: World, socket: Socket, expiresAt: string, hooks: UpkeepHooks) {
    this.#world = world;
    this.#socket = socket;
    this.#hooks = hooks;
    this.#after('replace', replaceAfter(world.random), () => hooks.replace());
    this.#keepAlive();
    this.#renewBefore(expiresAt);
  }

  stop(): void {
    this.#isOver = true;
    for (const cancel of this.#timers.values()) cancel();
  }

  /** Asks something now: a connection that is no more does not answer. */
  look(): void {
    if (this.#hooks.lookForMissed()) return;
    void this.#socket.askInTurn({ type: 'session.open' }, ({ type }) => type === 'session.opened');
  }

  #keepAlive(): void {
    this.#after('keep-alive', KEEP_ALIVE_MS, () => {
      this.look();
      this.#keepAlive();
    });
  }

  #renewBefore(expiresAt: string): void {
    const { now, random } = this.#world;
    this.#after('renew', renewAfter(Date.parse(expiresAt) - now(), random), () => this.#renew(expiresAt));
  }

  async #renew(expiresAt: string): Promise<void> {
    const token = await this.#hooks.newerToken();
    if (this.#isOver) return;
    if (token === undefined) return this.#renewBefore(expiresAt);
    const answer = await this.#socket.askInTurn(
      { type: 'session.renew', token },
      ({ type }) => type === 'session.renewed',
      true,
    );
    if (answer.type === 'refused') return this.#hooks.refused(refusal(answer));
    this.#renewBefore(answer.type === 'session.renewed' ? answer.expiresAt : expiresAt);
  }

  #after(name: string, milliseconds: number, fire: () => unknown): void {
    if (!this.#isOver) this.#timers.set(name, this.#world.after(milliseconds, fire));
  }
}
