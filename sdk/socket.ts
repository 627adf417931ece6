import type { ServerFrame, SUBPROTOCOL } from '../protocol/frames.ts';
import type { Purpose } from '../protocol/purposes.ts';
import { type Answer, type ClientFrame, read } from './frames.ts';
import type { CodeTo } from './states.ts';
import type { WebSocketLike, World } from './world.ts';

/** PROTOCOL.md, "Limits": what is not answered by then is taken for a lost connection. */
const ANSWER_WITHIN_MS = 10_000;

const subprotocol: typeof SUBPROTOCOL = 'wardline.v1';

/** Why a socket is no more. */
export type Loss = Extract<CodeTo<'recovering'>, 'connection-lost' | 'going-away' | 'no-answer'>;

export interface SocketListener {
  /** Every frame, before whoever asked for it; `asked` says whether somebody did. */
  hear(frame: ServerFrame, socket: Socket, asked: boolean): void;
  /** Once, unless the socket was closed from here. Whatever was unanswered is lost by then. */
  lost(socket: Socket, loss: Loss): void;
}

interface Exchange {
  readonly fits: (frame: ServerFrame) => boolean;
  readonly end: (answer: Answer) => void;
}

interface Turn {
  readonly frame: ClientFrame;
  readonly exchange: Exchange;
}

/** One WebSocket: frames out, answers and pushes in. Every question ends, by an answer or by `lost`. */
export class Socket {
  /** What its server can do beyond what every version 1 can, as it said when the socket was registered. */
  readonly features = new Set<string>();
  readonly #world: World;
  readonly #listener: SocketListener;
  readonly #ws: WebSocketLike;
  readonly #purpose: Purpose | undefined;
  readonly #exchanges = new Set<Exchange>();
  readonly #turns: Turn[] = [];
  #isAsking = false;
  #isOver = false;

  private constructor(world: World, ws: WebSocketLike, listener: SocketListener, purpose?: Purpose) {
    this.#world = world;
    this.#ws = ws;
    this.#purpose = purpose;
    this.#listener = listener;
    ws.onmessage = ({ data }: { data: unknown }) => this.#receive(data);
    ws.onclose = ({ code }: { code: number }) => this.#lose(code === 1001 ? 'going-away' : 'connection-lost');
  }

  /** Opens a socket under the token; nothing where that fails, for browsers do not tell why. */
  static open(
    world: World,
    { url, purpose }: { readonly url: string; readonly purpose?: Purpose | undefined },
    token: string,
    listener: SocketListener,
  ): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      let ws: WebSocketLike;
      try {
        ws = new world.WebSocket(url, [subprotocol, `bearer.${token}`]);
      } catch {
        world.log.warn('socket-not-made', {}); // the URL is none, or the page may not open it
        resolve(undefined);
        return;
      }
      const fail = () => {
        cancel();
        ws.onopen = null;
        ws.onclose = null;
        ws.close();
        resolve(undefined);
      };
      const cancel = world.after(ANSWER_WITHIN_MS, fail);
      ws.onerror = () => {}; // `close` follows
      ws.onclose = fail;
      ws.onopen = () => {
        cancel();
        resolve(new Socket(world, ws, listener, purpose));
      };
    });
  }

  /** Sends, and gives the first frame that fits. */
  ask(frame: ClientFrame, fits: (frame: ServerFrame) => boolean): Promise<Answer> {
    return new Promise((resolve) => this.#send(frame, { fits, end: resolve }));
  }

  /** As `ask`, for frames without a `ref`: a refusal does not say of which, so they are asked one at a time. */
  askInTurn(frame: ClientFrame, fits: (frame: ServerFrame) => boolean, isUrgent = false): Promise<Answer> {
    return new Promise((resolve) => {
      const exchange: Exchange = {
        fits: (reply) => fits(reply) || (reply.type === 'refused' && reply.ref === undefined),
        end: (answer) => {
          this.#isAsking = false;
          resolve(answer);
          this.#nextTurn();
        },
      };
      this.#turns[isUrgent ? 'unshift' : 'push']({ frame, exchange });
      this.#nextTurn();
    });
  }

  /** Ends it from here. What is unanswered is lost; the listener hears no more. */
  close(): void {
    this.#end();
  }

  #nextTurn(): void {
    if (this.#isAsking) return;
    const turn = this.#turns.shift();
    if (!turn) return;
    this.#isAsking = true;
    this.#send(turn.frame, turn.exchange);
  }

  #send(frame: ClientFrame, { fits, end }: Exchange): void {
    if (this.#isOver) {
      end({ type: 'lost', by: 'connection' });
      return;
    }
    const cancel = this.#world.after(ANSWER_WITHIN_MS, () => this.#lose('no-answer'));
    const exchange: Exchange = {
      fits,
      end: (answer) => {
        cancel();
        this.#exchanges.delete(exchange);
        end(answer);
      },
    };
    this.#exchanges.add(exchange);
    const isStated = this.#purpose && !frame.type.startsWith('session.'); // a session is for nothing but itself
    this.#ws.send(JSON.stringify(isStated ? { ...frame, purpose: this.#purpose } : frame));
  }

  #receive(data: unknown): void {
    if (this.#isOver) return;
    const frame = read(data);
    if (!frame) return;
    if (frame.type === 'lost') {
      this.#loseAnswers(frame); // it may belong to any of them
      return;
    }
    const exchange = [...this.#exchanges].find(({ fits }) => fits(frame));
    this.#listener.hear(frame, this, exchange !== undefined);
    exchange?.end(frame);
  }

  #lose(loss: Loss): void {
    if (this.#isOver) return;
    this.#end();
    this.#listener.lost(this, loss);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ws.onmessage = null;
    this.#ws.onclose = null;
    this.#ws.close(1000);
    this.#loseAnswers({ type: 'lost', by: 'connection' });
  }

  #loseAnswers(answer: Answer): void {
    for (const exchange of [...this.#exchanges]) exchange.end(answer);
  }
}
