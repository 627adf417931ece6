import type { LogEntry, ServerFrame } from '../../protocol/frames.ts';
import type { Fetch, WebSocketConstructor, WebSocketLike } from '../../sdk/index.ts';
import type { HandClock } from './hand-clock.ts';
import { PretendSync } from './pretend-sync.ts';

export type Frame = { readonly type: string } & Readonly<Record<string, unknown>>;
type Answer =
  | ServerFrame
  | { readonly message: string; readonly connectionId: string; readonly requestId: string };

/** What becomes of one frame of a client, and of one push. Times in milliseconds. */
export interface Fate {
  readonly delay: number;
  /** `lost before`: the connection ends unheard; `lost late`: the frame is carried out, and the connection ends. */
  readonly frame:
    | 'answered'
    | 'answered twice'
    | 'answer cut'
    | 'lost before'
    | 'lost late'
    | 'fault before'
    | 'fault after'
    | 'throttled'
    | 'unanswered';
  readonly push: 'once' | 'twice' | 'never';
}

export const kind: Fate = { delay: 10, frame: 'answered', push: 'once' };

export interface Peer {
  readonly person: string;
  isOpen: boolean;
  isRegistered: boolean;
  send(answer: Answer): void;
  /** Sends what is no frame. */
  sendCut(answer: Answer): void;
  end(code: number): void;
}

/** The largest look-through and page: small, so that both are met in short tests. */
export const LOOKS_THROUGH = 6;
const PAGE = 4;

/** A deployment in memory, as PROTOCOL.md describes it, on a network that treats each frame as it is told to. */
export class PretendDeployment {
  readonly logs = new Map<string, (LogEntry & { readonly of: string })[]>();
  readonly frames: { readonly person: string; readonly frame: Frame; readonly at: number }[] = [];
  readonly peers: Peer[] = [];
  fate: () => Fate = () => kind;
  isReachable = true;
  /** The code under which the person's sign-in is over: no handshake is taken any more. */
  signedOutBy: string | undefined;
  /** Sockets that clients tried to open. */
  tries = 0;
  lifeMs = 15 * 60_000;
  /** Refuses frames of a type, as long as it gives a code. */
  refuse: (frame: Frame, person: string) => string | undefined = () => undefined;
  /** Nothing at or below it is to be had. */
  floor = 0;
  features = ['sync'];
  /** The part that answers what is asked of all conversations at once, and keeps the marks. */
  readonly sync: PretendSync;
  readonly #clock: HandClock;

  constructor(clock: HandClock) {
    this.#clock = clock;
    this.sync = new PretendSync(this, clock);
  }

  get open(): Peer[] {
    return this.peers.filter(({ isOpen }) => isOpen);
  }

  log(conversationId: string) {
    const log = this.logs.get(conversationId) ?? [];
    this.logs.set(conversationId, log);
    return log;
  }

  /** Stores an entry as if some other client had sent it, and pushes it. */
  append(
    conversationId: string,
    of: string,
    said: string | LogEntry['body'],
    ref: string = crypto.randomUUID(),
  ): LogEntry {
    const body = typeof said === 'string' ? { kind: 'text' as const, text: said } : said;
    const log = this.log(conversationId);
    const at = new Date(this.#clock.now()).toISOString();
    const entry = { seq: log.length + 1, messageId: 'm'.repeat(26), sender: of, at, ref, of };
    log.push({ ...entry, body });
    this.sync.stored(conversationId, entry.seq);
    return { ...entry, body };
  }

  push(conversationId: string, seq: number, except?: Peer): void {
    for (const peer of this.peers) {
      if (!peer.isRegistered || peer === except || !this.sync.isMember(peer.person, conversationId)) continue;
      const { push, delay } = this.fate();
      const entry = seen(peer.person, this.log(conversationId)[seq - 1]);
      const send = () => peer.send({ type: 'message.new', conversationId, ...entry });
      if (push !== 'never') this.#clock.after(delay, send);
      if (push === 'twice') this.#clock.after(delay * 3, send);
    }
  }

  /** Every request is refused, by what signed the person out or as malformed: conversations are made and read elsewhere. */
  readonly fetch: Fetch = async () => {
    if (!this.isReachable) throw new TypeError('fetch failed');
    const body = { code: this.signedOutBy ?? 'malformed', message: 'no', retryable: false };
    return { ok: false, status: 401, json: async () => body };
  };

  get WebSocket(): WebSocketConstructor {
    const deployment = this;
    return class implements WebSocketLike {
      onopen: ((event: never) => void) | null = null;
      onmessage: ((event: never) => void) | null = null;
      onclose: ((event: never) => void) | null = null;
      onerror: ((event: never) => void) | null = null;
      readonly #peer: Peer;

      constructor(_url: string, [, bearer = '']: string[]) {
        const { person } = JSON.parse(atob(bearer.split('.')[2] ?? ''));
        this.#peer = {
          person,
          isOpen: false,
          isRegistered: false,
          send: (answer) => this.#peer.isOpen && this.onmessage?.({ data: JSON.stringify(answer) } as never),
          sendCut: (answer) =>
            this.#peer.isOpen && this.onmessage?.({ data: JSON.stringify(answer).slice(0, -9) } as never),
          end: (code) => {
            const was = this.#peer.isOpen;
            Object.assign(this.#peer, { isOpen: false, isRegistered: false });
            if (was) this.onclose?.({ code } as never);
          },
        };
        deployment.tries += 1;
        deployment.#clock.after(20, () => {
          if (!deployment.isReachable || deployment.signedOutBy)
            return this.onclose?.({ code: 1006 } as never);
          this.#peer.isOpen = true;
          deployment.peers.push(this.#peer);
          return this.onopen?.(undefined as never);
        });
      }

      send(data: string): void {
        if (this.#peer.isOpen) deployment.#receive(this.#peer, JSON.parse(data));
      }

      close(code = 1005): void {
        deployment.#clock.after(10, () => this.#peer.end(code));
      }
    };
  }

  #receive(peer: Peer, frame: Frame): void {
    this.frames.push({ person: peer.person, frame, at: this.#clock.now() });
    const { frame: fate, delay } = this.fate();
    const fault = (message: string) => peer.send({ message, connectionId: 'c', requestId: 'r' });
    const carryOut = () => this.#carryOut(peer, frame);
    const clock = this.#clock;
    if (/^answer/.test(fate)) {
      clock.after(delay / 2, () => {
        const answer = carryOut();
        clock.after(delay / 2, () => (fate === 'answer cut' ? peer.sendCut(answer) : peer.send(answer)));
        if (fate === 'answered twice') clock.after(delay * 3, () => peer.send(answer));
      });
    }
    if (fate === 'lost before') clock.after(delay, () => peer.end(1006));
    if (fate === 'lost late') {
      peer.end(1006);
      clock.after(delay * 10, carryOut);
    }
    if (fate === 'fault before') clock.after(delay, () => fault('Internal server error'));
    if (fate === 'throttled') clock.after(delay, () => fault('Too Many Requests'));
    if (fate === 'fault after') clock.after(delay, () => [carryOut(), fault('Internal server error')]);
    if (fate === 'unanswered') clock.after(delay, carryOut);
  }

  #carryOut(peer: Peer, frame: Frame): ServerFrame {
    const ref = frame.ref as string;
    const named = ref === undefined ? {} : { ref };
    const refused = (code: string): ServerFrame => {
      return {
        type: 'refused',
        ...named,
        code: code as 'malformed',
        message: code,
        retryable: code === 'busy',
      };
    };
    const code = this.refuse(frame, peer.person);
    if (code) return refused(code);
    const expiresAt = new Date(this.#clock.now() + this.lifeMs).toISOString();
    if (frame.type === 'session.open') {
      peer.isRegistered = peer.isOpen;
      return { type: 'session.opened', features: this.features, expiresAt };
    }
    if (frame.type === 'session.renew') return { type: 'session.renewed', expiresAt };
    if (frame.type === 'session.keep') return { type: 'session.kept', idleAt: expiresAt, endsAt: expiresAt };
    if (frame.type === 'sync') return this.sync.answer(peer.person, frame);
    const conversationId = frame.conversationId as string;
    if (!this.sync.isMember(peer.person, conversationId)) return refused('not-a-member');
    if (frame.type === 'conversation.mark-read') {
      return this.sync.mark(peer, conversationId, frame.upTo as number);
    }
    const since = frame.since as number;
    if (frame.type === 'conversation.catch-up') {
      if (since > this.log(conversationId).length) return refused('since-ahead');
      return { type: 'conversation.log', ...this.page(peer.person, conversationId, since) };
    }
    const log = this.log(conversationId);
    if (since > log.length) return refused('since-ahead');
    const found = log
      .slice(since, since + LOOKS_THROUGH)
      .find((entry) => entry.of === peer.person && entry.ref === ref);
    if (!found && log.length - since > LOOKS_THROUGH) return refused('behind');
    const entry = found ?? this.append(conversationId, peer.person, frame.body as LogEntry['body'], ref);
    this.push(conversationId, entry.seq, peer);
    return {
      type: 'message.accepted',
      ref,
      conversationId,
      seq: entry.seq,
      messageId: entry.messageId,
      at: entry.at,
    };
  }

  page(person: string, conversationId: string, since: number) {
    const log = this.log(conversationId);
    const from = Math.max(since, this.floor);
    const entries = log.slice(from, from + PAGE).map((entry) => seen(person, entry));
    const upTo = entries.at(-1)?.seq ?? Math.max(log.length, since);
    const floor = this.floor > since ? this.floor : 0;
    return { conversationId, entries, floor, upTo, more: upTo < log.length };
  }
}

/** Only the sender's own devices are shown the `ref`. */
function seen(person: string, stored: (LogEntry & { readonly of: string }) | undefined): LogEntry {
  if (!stored) throw new Error('no such entry');
  const { of, ref, ...entry } = stored;
  return of === person && ref !== undefined ? { ...entry, ref } : entry;
}

/** What the SDK takes for an access token of the person. */
export function tokenOf(person: string): string {
  return `h.${btoa(JSON.stringify({ person }))}.s`;
}
