import type { LogEntry } from '../protocol/frames.ts';
import type { Connection } from './connection.ts';
import { ChatError, refusal } from './errors.ts';
import type { Answer } from './frames.ts';
import { follows, Inbox, type Page, type Shown } from './inbox.ts';
import { waitBefore } from './reconnect.ts';
import { pause, type World } from './world.ts';

/** A push that overtook another is common: so long it may take for the other to come. */
const GAP_MS = 100;

class Feed {
  inbox: Inbox;
  isMember = true;
  isCaughtUp = false;
  /** The last catch-up was refused: another would be, until something new comes. */
  isRefused = false;
  /** The catch-up under way. */
  running: Promise<void> | undefined;
  /** Something may have been stored after the page that is under way was read. */
  again = false;
  isGapTimed = false;

  constructor(since = 0) {
    this.inbox = new Inbox(since);
  }
}

export interface ReaderHooks {
  /** Every entry that arrives, in whatever order. */
  arrived(entry: LogEntry): void;
  /** What may be shown next. */
  shown(conversationId: string, shown: Shown): void;
  /** What is known of it was forgotten. */
  reset(conversationId: string): void;
  /** A catch-up that nobody asked for was refused. */
  refused(conversationId: string, error: ChatError): void;
}

/** What this device knows of each conversation, and how it comes to know what it missed. */
export class Reader {
  readonly #world: World;
  readonly #connection: Pick<Connection, 'live' | 'state'>;
  readonly #hooks: ReaderHooks;
  readonly #feeds = new Map<string, Feed>();

  constructor(world: World, connection: Pick<Connection, 'live' | 'state'>, hooks: ReaderHooks) {
    this.#world = world;
    this.#connection = connection;
    this.#hooks = hooks;
  }

  /** Begins to follow a conversation from what the app knows of it already. */
  follow(conversationId: string, since = 0): void {
    if (this.#feeds.has(conversationId)) return;
    this.#feeds.set(conversationId, new Feed(since));
    this.#catchUpUnasked(conversationId);
  }

  knownEnd(conversationId: string): number {
    return this.#feed(conversationId).inbox.knownEnd;
  }

  isMember(conversationId: string): boolean {
    return this.#feed(conversationId).isMember;
  }

  /** The entry that removed this person, or a refusal, says so; being added again takes it back. */
  setMember(conversationId: string, isMember: boolean): void {
    this.#feed(conversationId).isMember = isMember;
  }

  /** Takes an entry that came by itself. */
  push(conversationId: string, entry: LogEntry): void {
    const feed = this.#feed(conversationId);
    feed.isRefused = false;
    this.#hooks.arrived(entry);
    this.#show(conversationId, feed.inbox.push(entry));
    this.#watchGap(conversationId, feed);
  }

  /** Asks until everything is known that was stored before this was called. Rejects where it is refused. */
  catchUp(conversationId: string): Promise<void> {
    const feed = this.#feed(conversationId);
    if (feed.running) feed.again = true;
    feed.running ??= this.#catchUp(conversationId, feed);
    return feed.running;
  }

  /**
   * Learns what was missed of every conversation. The seam for `sync`: one frame with every known end takes the place of
   * these questions, and its pages go where theirs go.
   */
  catchUpAll(): void {
    for (const [conversationId, { isMember }] of this.#feeds) {
      if (isMember) this.#catchUpUnasked(conversationId);
    }
  }

  /** Looks whether a push was lost in the conversation that was looked at longest ago; false where there is none. With `sync`: in all. */
  catchUpNext(): boolean {
    for (const [conversationId, feed] of this.#feeds) {
      if (!feed.isMember) continue;
      this.#feeds.delete(conversationId);
      this.#feeds.set(conversationId, feed);
      this.#catchUpUnasked(conversationId);
      return true;
    }
    return false;
  }

  /** Forgets what is known: the log was restored to a time before it. */
  reset(conversationId: string): void {
    this.#feed(conversationId).inbox = new Inbox();
    this.#hooks.reset(conversationId);
    this.#catchUpUnasked(conversationId);
  }

  /** Resolves when the conversation was caught up with once, or cannot be. */
  async ready(conversationId: string): Promise<void> {
    if (!this.#feed(conversationId).isCaughtUp) await this.catchUp(conversationId).catch(() => {});
  }

  /** One page of what stands after `since`, however often it takes to ask. Rejects where it is refused. */
  async pageAfter(conversationId: string, since: number): Promise<Page> {
    for (let attempt = 0; ; attempt += 1) {
      const socket = await this.#connection.live();
      const answer: Answer = await socket.askInTurn(
        { type: 'conversation.catch-up', conversationId, since },
        (frame) =>
          frame.type === 'conversation.log' &&
          frame.conversationId === conversationId &&
          follows(since, frame),
      );
      if (answer.type === 'conversation.log') {
        for (const entry of answer.entries) this.#hooks.arrived(entry);
        this.#show(conversationId, this.#feed(conversationId).inbox.page(since, answer));
        return answer;
      }
      if (answer.type === 'refused' && !answer.retryable) throw refusal(answer);
      await beforeAgain(this.#world, attempt, answer);
    }
  }

  async #catchUp(conversationId: string, feed: Feed): Promise<void> {
    feed.isRefused = true; // until it is answered
    try {
      do {
        feed.again = false;
        for (let more = true; more; ) {
          more = (await this.pageAfter(conversationId, feed.inbox.knownEnd)).more;
        }
      } while (feed.again);
      feed.isRefused = false;
      feed.isCaughtUp = true;
    } finally {
      feed.running = undefined;
      this.#watchGap(conversationId, feed);
    }
  }

  /** Not before there is a connection: then everything is caught up with. */
  #catchUpUnasked(conversationId: string): void {
    if (this.#connection.state !== 'live') return;
    this.catchUp(conversationId).catch((error: unknown) => {
      if (error instanceof ChatError && error.code !== 'closed') this.#hooks.refused(conversationId, error);
    });
  }

  #watchGap(conversationId: string, feed: Feed): void {
    if (!feed.inbox.misses || feed.running || feed.isRefused || feed.isGapTimed) return;
    feed.isGapTimed = true;
    this.#world.after(GAP_MS, () => {
      feed.isGapTimed = false;
      if (feed.inbox.misses) this.#catchUpUnasked(conversationId);
    });
  }

  #show(conversationId: string, all: readonly Shown[]): void {
    for (const shown of all) this.#hooks.shown(conversationId, shown);
  }

  #feed(conversationId: string): Feed {
    let feed = this.#feeds.get(conversationId);
    if (!feed) {
      feed = new Feed();
      this.#feeds.set(conversationId, feed);
    }
    return feed;
  }
}

/** The wait before a frame that was lost, or refused for now, is sent again unchanged. */
export async function beforeAgain(world: World, attempt: number, answer: Answer): Promise<void> {
  if (answer.type === 'lost' && answer.by === 'connection') return; // coming back has its own wait
  const least = answer.type === 'refused' ? (answer.retryAfterMs ?? 0) : 0;
  const isThrottled = answer.type === 'lost' && answer.by === 'throttled';
  await pause(world, least + waitBefore(attempt + (isThrottled ? 3 : 1), world.random)).over;
}
