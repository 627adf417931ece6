import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import type { CancelTimer, Clock } from '../clock.ts';
import { FrameSizes } from './frame-sizes.ts';
import type { SocketFacts } from './web-socket-events.ts';

const MINUTE = 60_000;
/** Quotas "for configuring and running a WebSocket API": frame 32 KB, message 128 KB, idle 10 min, life 2 h. */
const LONGEST_FRAME = 32 * 1024;
export const LONGEST_MESSAGE = 128 * 1024;
const IDLE_MS = 10 * MINUTE;
const LIFE_MS = 120 * MINUTE;

export interface SocketClose {
  readonly code: number;
  readonly reason: string;
}

export interface SocketListener {
  message(socket: LiveSocket, body: string, bytes: number): void;
  /** Told once, when the socket is no longer reachable. */
  closed(socket: LiveSocket, close: SocketClose): void;
}

export interface LiveSocketSettings {
  readonly facts: SocketFacts;
  readonly clock: Clock;
  readonly listener: SocketListener;
}

/**
 * An open socket under API Gateway's limits: a frame over 32 KB or a message over 128 KB closes it with 1009, a binary
 * one with 1003, 10 minutes without a message in either direction or 2 hours of life with 1001. Pings are answered and
 * do not count as messages.
 */
export class LiveSocket {
  readonly facts: SocketFacts;
  private readonly ws: WebSocket;
  private readonly clock: Clock;
  private readonly listener: SocketListener;
  private cancelTimer: CancelTimer = () => {};
  private activeAt: number;
  private readonly sizes = new FrameSizes();
  private over = false;

  constructor(ws: WebSocket, raw: Duplex, given: LiveSocketSettings) {
    this.ws = ws;
    this.facts = given.facts;
    this.clock = given.clock;
    this.listener = given.listener;
    this.activeAt = given.clock.now();
    ws.on('message', (data, binary) => this.receive(data, binary));
    ws.on('close', (code, reason) => this.finish({ code, reason: reasonOf(code, reason.toString()) }));
    // `ws` has already sent the close frame that fits its own error
    ws.on('error', (error) => this.finish({ code: codeOf(error), reason: '' }));
    raw.prependListener('data', (chunk: Buffer) => this.sizes.push(chunk));
    // after `ws` has emitted the messages that this chunk completes: what is left is still arriving
    raw.on('data', () => this.limitFrame(this.sizes.arriving));
    this.watch();
  }

  /** Milliseconds since the epoch of the last message in either direction. */
  get lastActiveAt(): number {
    return this.activeAt;
  }

  /** Sends a message, in frames of at most 32 KB; false where the socket is gone. */
  send(data: Buffer): boolean {
    if (this.over) return false;
    this.activeAt = this.clock.now();
    for (let at = 0; at === 0 || at < data.length; at += LONGEST_FRAME) {
      const fin = at + LONGEST_FRAME >= data.length;
      this.ws.send(data.subarray(at, at + LONGEST_FRAME), { binary: false, fin });
    }
    return true;
  }

  /** Closes the socket from the server's side. */
  end(close: SocketClose): void {
    if (this.over) return;
    this.ws.close(close.code, close.reason);
    this.finish(close);
  }

  /** Drops the connection without a word; nobody is told. */
  abandon(): void {
    this.over = true;
    this.cancelTimer();
    this.ws.terminate();
  }

  private receive(data: RawData, binary: boolean): void {
    this.limitFrame(this.sizes.take());
    if (this.over) return;
    if (binary) {
      this.end({ code: 1003, reason: '' });
      return;
    }
    const bytes = Buffer.isBuffer(data)
      ? data
      : Array.isArray(data)
        ? Buffer.concat(data)
        : Buffer.from(data);
    this.activeAt = this.clock.now();
    this.listener.message(this, bytes.toString(), bytes.length);
  }

  private limitFrame(length: number): void {
    if (length > LONGEST_FRAME) this.end({ code: 1009, reason: '' });
  }

  private watch(): void {
    const due = Math.min(this.activeAt + IDLE_MS, this.facts.connectedAt + LIFE_MS);
    if (this.clock.now() >= due) {
      this.end({ code: 1001, reason: 'Going away' });
      return;
    }
    this.cancelTimer = this.clock.at(due, () => this.watch());
  }

  private finish(close: SocketClose): void {
    if (this.over) return;
    this.over = true;
    this.cancelTimer();
    this.listener.closed(this, close);
  }
}

/** 1005 is a close frame without a status; the sentence is that of AWS's own sample of a `$disconnect` event. */
function reasonOf(code: number, reason: string): string {
  return code === 1005 ? 'Client-side close frame status not set' : reason;
}

function codeOf(error: Error): number {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 1009;
  if (code === 'WS_ERR_INVALID_UTF8') return 1007;
  return typeof code === 'string' && code.startsWith('WS_ERR_') ? 1002 : 1006;
}
