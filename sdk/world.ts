/** The part of a WebSocket that is used: a browser's, Node 22's, or that of the package `ws`. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

export type Fetch = (
  url: string,
  init: { method: string; headers: Record<string, string>; body?: string | Blob; signal?: AbortSignal },
) => Promise<FetchAnswer>;

/** The part of a Response that is used; `text` and `body` only for files. */
export interface FetchAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly body?: ReadableStream<Uint8Array> | null;
  json(): Promise<unknown>;
  text?(): Promise<string>;
}

/** Milliseconds since the epoch, and a timer that can be called off. */
export interface Clock {
  now(): number;
  after(milliseconds: number, fire: () => void): () => void;
}

/** Told what happens, by code and number: never what anybody wrote, and never a token. */
export interface Logger {
  debug(event: string, facts: Readonly<Record<string, string | number>>): void;
  warn(event: string, facts: Readonly<Record<string, string | number>>): void;
}

/** What the host may be given instead of its own. */
export interface WorldOptions {
  /** @default the host's; Node before 22 has none: give that of the package `ws` */
  readonly WebSocket?: WebSocketConstructor;
  /** @default the host's */
  readonly fetch?: Fetch;
  /** Between 0 and 1; spreads waits. @default Math.random */
  readonly random?: () => number;
  /** @default Date.now and setTimeout */
  readonly clock?: Clock;
  /** @default silent */
  readonly logger?: Logger;
}

export interface World extends Clock {
  readonly WebSocket: WebSocketConstructor;
  readonly fetch: Fetch;
  readonly random: () => number;
  readonly log: Logger;
}

/** The host with what the app gives instead. Nothing of the host is touched before this is called. */
export function worldOf(options: WorldOptions): World {
  const host = globalThis as { WebSocket?: WebSocketConstructor; fetch?: Fetch };
  const { WebSocket = host.WebSocket, fetch = host.fetch, clock = hostClock } = options;
  if (!WebSocket) {
    throw new TypeError('this host has no WebSocket: give one as the option WebSocket, as of the package ws');
  }
  if (!fetch) throw new TypeError('this host has no fetch: give one as the option fetch');
  return {
    WebSocket,
    fetch: (url, init) => fetch(url, init),
    random: options.random ?? Math.random,
    log: options.logger ?? { debug: () => {}, warn: () => {} },
    now: () => clock.now(),
    after: (milliseconds, fire) => clock.after(milliseconds, fire),
  };
}

const hostClock: Clock = {
  now: () => Date.now(),
  after: (milliseconds, fire) => {
    const timer = setTimeout(fire, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** A wait that ends early when `hurry` is called. */
export function pause(clock: Clock, milliseconds: number): { over: Promise<void>; hurry: () => void } {
  let hurry = () => {};
  const over = new Promise<void>((resolve) => {
    const cancel = clock.after(milliseconds, resolve);
    hurry = () => {
      cancel();
      resolve();
    };
  });
  return { over, hurry };
}
