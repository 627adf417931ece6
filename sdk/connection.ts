import type { DeviceKind } from '../protocol/bodies.ts';
import type { ServerFrame } from '../protocol/frames.ts';
import type { Purpose } from '../protocol/purposes.ts';
import type { ChatError } from './errors.ts';
import { GOOD_AFTER_MS, OVERLAP_MS, waitBefore } from './reconnect.ts';
import { type Loss, Socket, type SocketListener } from './socket.ts';
import {
  type ChatState,
  type CodeTo,
  type Ending,
  isEnding,
  type StateChange,
  type TransitionCode,
  transitions,
} from './states.ts';
import { ended, type Tokens } from './token.ts';
import { Upkeep } from './upkeep.ts';
import { pause, type World } from './world.ts';

export interface ConnectionHooks {
  changed(change: StateChange): void;
  /** A frame of any socket; `asked`: somebody is waiting for it. */
  hear(frame: ServerFrame, asked: boolean): void;
  /** Something may have been pushed to a replaced socket that did not arrive. */
  missed(): void;
  /** A frame is due on the socket anyway: asks for what may have been missed; false where there is nothing to ask for. */
  lookForMissed(socket: Socket): boolean;
  /** Whether a handshake is refused because the sign-in is over: a browser does not tell. */
  whyRefused(): Promise<Ending | undefined>;
}

/** Where sockets are opened, and what each says first. */
interface Opening {
  readonly url: string;
  readonly device: DeviceKind | undefined;
  readonly purpose: Purpose | undefined;
}

interface Opened {
  readonly socket: Socket;
  readonly expiresAt: string;
}

type End = CodeTo<'signed-out'> | CodeTo<'closed'>;
type Failure = Exclude<CodeTo<'recovering'>, Loss> | CodeTo<'signed-out'>;

interface Waiting {
  readonly resolve: (socket: Socket) => void;
  readonly reject: (error: ChatError) => void;
  /** Goes on waiting while nobody is signed in. */
  readonly isPatient: boolean;
}

/** Keeps one socket live from `connect` until `close`: comes back after a loss, and has the next open before the old one ends. */
export class Connection {
  readonly #world: World;
  readonly #opening: Opening;
  readonly #tokens: Tokens;
  readonly #hooks: ConnectionHooks;
  readonly #listener: SocketListener;
  /** Replaced sockets that may still be pushed to. */
  readonly #retiring = new Map<Socket, () => void>();
  #waiting: Waiting[] = [];
  #state: ChatState = 'idle';
  #socket: Socket | undefined;
  #upkeep: Upkeep | undefined;
  #round = 0;
  #needsFresh = false;
  /** Ends the wait for the next try. */
  #hurry = () => {};
  /** Lets go of the live socket. */
  #release = () => {};

  constructor(world: World, opening: Opening, tokens: Tokens, hooks: ConnectionHooks) {
    this.#world = world;
    this.#opening = opening;
    this.#tokens = tokens;
    this.#hooks = hooks;
    this.#listener = {
      hear: (frame, socket, asked) => this.#hear(frame, socket, asked),
      lost: (socket, loss) => this.#lost(socket, loss),
    };
  }

  get state(): ChatState {
    return this.#state;
  }

  /** Resolves when live, and finds out whether it still is; rejects when closed or signed out, never because of time. Cuts a wait short. */
  async connect(): Promise<void> {
    const live = this.#live(false);
    if (this.#state === 'idle' || this.#state === 'signed-out') {
      this.#move('connect-called');
      void this.#keepConnected();
    } else {
      this.#hurry();
      if (this.#socket) this.#upkeep?.look();
    }
    await live;
  }

  /** The live socket, as soon as there is one; rejects when closed. */
  live(): Promise<Socket> {
    return this.#live(true);
  }

  close(): void {
    this.#end('closed-by-app');
  }

  #live(isPatient: boolean): Promise<Socket> {
    if (this.#socket) return Promise.resolve(this.#socket);
    if (this.#state === 'closed') return Promise.reject(ended('closed-by-app'));
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject, isPatient }));
  }

  async #keepConnected(): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    for (let attempt = 0; ; attempt += 1) {
      const opened = await this.#open();
      if (round !== this.#round) return discard(opened);
      if (typeof opened === 'string') {
        this.#failed(opened);
      } else {
        const liveAt = this.#world.now();
        await this.#stayLive(opened);
        if (this.#world.now() - liveAt > GOOD_AFTER_MS) attempt = 0;
      }
      if (round !== this.#round) return;
      const wait = pause(this.#world, waitBefore(attempt, this.#world.random));
      this.#hurry = wait.hurry;
      await wait.over;
      if (round !== this.#round) return;
    }
  }

  async #open(): Promise<Opened | Failure> {
    const wasFresh = this.#needsFresh;
    const taken = await this.#tokens.take(wasFresh);
    if ('failure' in taken) return taken.failure;
    const socket = await Socket.open(this.#world, this.#opening, taken.token, this.#listener);
    this.#needsFresh = !socket; // the handshake may have been refused: browsers do not tell
    if (!socket) return (wasFresh && (await this.#hooks.whyRefused())) || 'unreachable';
    const { device } = this.#opening;
    const opening = { type: 'session.open' as const, ...(device && { device }) };
    const answer = await socket.askInTurn(opening, ({ type }) => type === 'session.opened');
    if (answer.type === 'session.opened') {
      for (const feature of answer.features) socket.features.add(feature);
      return { socket, expiresAt: answer.expiresAt };
    }
    socket.close();
    this.#needsFresh = true;
    const code = answer.type === 'refused' && answer.code;
    return isEnding(code) || code === 'session-expired' ? code : 'unreachable';
  }

  #failed(code: Failure): void {
    if (isEnd(code)) this.#end(code);
    else if (this.#state === 'connecting') this.#move(code);
  }

  async #stayLive(opened: Opened): Promise<void> {
    const released = new Promise<void>((resolve) => {
      this.#release = resolve;
    });
    this.#adopt(opened);
    this.#move('opened');
    for (const { resolve } of this.#waiting.splice(0)) resolve(opened.socket);
    await released;
  }

  #adopt({ socket, expiresAt }: Opened): void {
    this.#upkeep?.stop();
    this.#socket = socket;
    this.#upkeep = new Upkeep(this.#world, socket, expiresAt, {
      newerToken: async () => {
        const taken = await this.#tokens.take(true);
        if ('token' in taken) return taken.token;
        if (this.#socket === socket) this.#failed(taken.failure);
        return undefined;
      },
      lookForMissed: () => this.#hooks.lookForMissed(socket),
      refused: () => this.#drop('token-refused'),
      replace: () => void this.#replace(socket),
    });
  }

  async #replace(old: Socket): Promise<void> {
    const opened = await this.#open();
    if (this.#socket !== old) {
      discard(opened);
    } else if (typeof opened === 'string') {
      this.#failed(opened);
      this.#world.after((1 + this.#world.random()) * OVERLAP_MS, () => {
        if (this.#socket === old) void this.#replace(old);
      });
    } else {
      this.#adopt(opened);
      this.#retiring.set(
        old,
        this.#world.after(OVERLAP_MS, () => this.#retire(old, true)),
      );
    }
  }

  /** Ends a socket that was replaced; before its time something may have been pushed to it alone. */
  #retire(old: Socket, isDue = false): void {
    this.#retiring.get(old)?.();
    this.#retiring.delete(old);
    old.close();
    if (!isDue) this.#hooks.missed();
  }

  #hear(frame: ServerFrame, socket: Socket, asked: boolean): void {
    const code = frame.type === 'refused' && frame.code;
    const isOpening = socket !== this.#socket && !this.#retiring.has(socket);
    if (frame.type === 'session.ended') this.#end(endingBy(frame.reason));
    else if (isOpening || (!isEnding(code) && code !== 'session-expired')) this.#hooks.hear(frame, asked);
    else if (isEnding(code)) this.#end(code);
    else if (socket === this.#socket) this.#drop(code);
    else this.#retire(socket);
  }

  #lost(socket: Socket, loss: Loss): void {
    if (socket === this.#socket) this.#drop(loss);
    else if (this.#retiring.has(socket)) this.#retire(socket);
  }

  #drop(code: CodeTo<'recovering'>): void {
    this.#needsFresh = code === 'session-expired';
    this.#letGo();
    this.#move(code);
  }

  #end(code: End): void {
    if (this.#state === 'closed') return;
    this.#round += 1;
    this.#needsFresh = true;
    this.#letGo();
    this.#hurry();
    this.#move(code);
    const leaving = this.#waiting.filter(({ isPatient }) => code === 'closed-by-app' || !isPatient);
    this.#waiting = this.#waiting.filter((waiting) => !leaving.includes(waiting));
    for (const { reject } of leaving) reject(ended(code));
  }

  #letGo(): void {
    this.#upkeep?.stop();
    const sockets = [this.#socket, ...this.#retiring.keys()];
    for (const cancel of this.#retiring.values()) cancel();
    this.#socket = undefined;
    this.#retiring.clear();
    for (const socket of sockets) socket?.close();
    this.#release();
  }

  #move(code: TransitionCode): void {
    const way: { from: readonly ChatState[]; to: ChatState; reason: string } = transitions[code];
    const from = this.#state;
    if (!way.from.includes(from)) return;
    this.#state = way.to;
    this.#world.log.debug('state', { from, to: way.to, code });
    this.#hooks.changed({ from, to: way.to, code, reason: way.reason });
  }
}

function isEnd(code: Failure): code is CodeTo<'signed-out'> {
  return transitions[code].to === 'signed-out';
}

function endingBy(reason: string): Ending {
  const code = `session-${reason}`;
  return isEnding(code) ? code : 'session-ended';
}

function discard(opened: Opened | Failure): void {
  if (typeof opened !== 'string') opened.socket.close();
}
