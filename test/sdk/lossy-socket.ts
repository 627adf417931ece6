import { WebSocket } from 'ws';
import type { WebSocketConstructor, WebSocketLike } from '../../sdk/index.ts';

type Frame = Readonly<Record<string, unknown>>;

/** What a network does to frames, and what it was seen to carry. */
export class Network {
  /** Whether the frame reaches the other side; `break` ends the connection instead, `break after` when it is through. */
  outward: (frame: Frame) => 'pass' | 'drop' | 'break' | 'break after' = () => 'pass';
  inward: (frame: Frame) => 'pass' | 'drop' | 'break' = () => 'pass';
  isDown = false;
  readonly sent: Frame[] = [];
  readonly heard: Frame[] = [];
  readonly sockets: WebSocket[] = [];
  /** Messages whose answer is still to come, by their ref, and the socket it would come on. */
  readonly #unanswered = new Map<unknown, WebSocket>();

  get open(): number {
    return this.sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;
  }

  /**
   * Whether everything that was asked has its answer: a turned clock would take what is on its way for lost. A message
   * may be acknowledged before its own answer comes, by a page that holds it.
   */
  get isQuiet(): boolean {
    const count = (frames: readonly Frame[], ...types: string[]) =>
      frames.filter(({ type }) => types.includes(String(type))).length;
    const isConnecting = this.sockets.some(({ readyState }) => readyState === WebSocket.CONNECTING);
    const asked = count(this.sent, 'session.open', 'session.renew', 'conversation.catch-up', 'sync');
    const answered = count(
      this.heard,
      'session.opened',
      'session.renewed',
      'conversation.log',
      'synced',
      'refused',
    );
    const isWaiting = [...this.#unanswered.values()].some(({ readyState }) => readyState === WebSocket.OPEN);
    return !isConnecting && !isWaiting && asked <= answered;
  }

  carriedOut(frame: Frame, socket: WebSocket): void {
    this.sent.push(frame);
    if (frame.type === 'message.send') this.#unanswered.set(frame.ref, socket);
  }

  carriedIn(frame: Frame): void {
    this.heard.push(frame);
    if (frame.type === 'message.accepted' || frame.type === 'refused') this.#unanswered.delete(frame.ref);
  }

  /** Breaks every connection as a lost network does: without a word. */
  break(): void {
    for (const socket of this.sockets) socket.terminate();
  }

  /** A WebSocket of the package `ws` over this network. */
  get WebSocket(): WebSocketConstructor {
    const network = this;
    return class LossySocket implements WebSocketLike {
      onopen: ((event: never) => void) | null = null;
      onmessage: ((event: never) => void) | null = null;
      onclose: ((event: never) => void) | null = null;
      onerror: ((event: never) => void) | null = null;
      readonly #ws: WebSocket;

      constructor(url: string, protocols: string[]) {
        this.#ws = new WebSocket(network.isDown ? 'ws://127.0.0.1:1' : url, protocols);
        network.sockets.push(this.#ws);
        this.#ws.on('open', () => this.onopen?.(undefined as never));
        this.#ws.on('error', () => this.onerror?.(undefined as never));
        this.#ws.on('close', (code) => this.onclose?.({ code } as never));
        this.#ws.on('message', (data) => this.#receive(data.toString()));
      }

      send(data: string): void {
        const frame: Frame = JSON.parse(data);
        network.carriedOut(frame, this.#ws);
        const fate = network.outward(frame);
        if (fate === 'pass' || fate === 'break after')
          this.#ws.send(data, () => fate === 'break after' && this.#ws.terminate());
        if (fate === 'break') this.#ws.terminate();
      }

      close(code?: number): void {
        this.#ws.close(code);
      }

      #receive(data: string): void {
        const frame: Frame = JSON.parse(data);
        const fate = network.inward(frame);
        if (fate === 'break') this.#ws.terminate();
        if (fate !== 'pass') return;
        network.carriedIn(frame);
        this.onmessage?.({ data } as never);
      }
    };
  }
}
