import type { LogEntry } from '../protocol/frames.ts';
import type { Connection } from './connection.ts';
import { EarlyPushes } from './early-pushes.ts';
import { ChatError, refusal } from './errors.ts';
import { Feed, Feeds } from './feeds.ts';
import type { Answer } from './frames.ts';
import { follows, type Inbox, leadsOn, type Page, type Shown } from './inbox.ts';
import { beforeAgain } from './reconnect.ts';
import type { World } from './world.ts';

/** A push that overtook another is common: so long it may take for the other to come. */
const GAP_MS = 100;

export interface ReaderHooks {
  /** Every entry that arrives, in whatever order. */
  arrived(entry: LogEntry): void;
  /** What may be shown next. */
  shown(conversationId: string, shown: Shown): void;
  /** What is known of it was forgotten. */
  reset(conversationId: string): void;
  /** A conversation came up that the app has not named. */
  met(conversationId: string, last: number): void;
  /** It is not this person's. */
  gone(conversationId: string): void;
  /** A catch-up that nobody asked for was refused. */
  refused(conversationId: string, error: ChatError): void;
}

/** How this device comes to know each conversation: what comes by itself, and what it asks for. */
export class Reader {
  readonly feeds = new Feeds();
  readonly #world: World;
  readonly #connection: Pick<Connection, 'live' | 'state'>;
  readonly #hooks: ReaderHooks;
  readonly #early = new EarlyPushes();

  constructor(world: World, connection: Pick<Connection, 'live' | 'state'>, hooks: ReaderHooks) {
    this.#world = world;
    this.#connection = connection;
    this.#hooks = hooks;
  }

  /** Begins to follow a conversation from what the app knows of it already; or wants of one that came up before. */
  follow(conversationId: string, since = 0): void {
    const feed = this.feeds.get(conversationId);
    if (feed?.isNamed) return;
    if (feed) {
      feed.nameAt(since);
    } else {
      this.feeds.set(conversationId, new Feed(since, true));
      this.#take(conversationId, this.#early.take(conversationId));
    }
    this.#catchUpUnasked(conversationId);
  }

  /** Takes an entry that came by itself. */
  push(conversationId: string, entry: LogEntry): void {
    this.#hooks.arrived(entry);
    if (this.feeds.get(conversationId)) this.#take(conversationId, [entry]);
    else this.#early.keep(conversationId, entry);
    if (this.#early.isOver) this.endEarly();
  }

  /** Takes entries that came together and answer nothing that was asked. */
  pushAll(conversationId: string, entries: readonly LogEntry[]): void {
    for (const entry of entries) this.push(conversationId, entry);
  }

  /** Takes the page that a sync brought of what stands after `since`, and asks for what follows it. */
  takePage(conversationId: string, since: number, page: Page): void {
    const feed = this.feeds.get(conversationId);
    if (!feed) return;
    feed.isRefused = false;
    this.#showPage(conversationId, feed, since, page);
    if (page.more) this.#catchUpUnasked(conversationId);
    else this.nothingAfter(conversationId, page.upTo);
    this.#watchGap(conversationId, feed);
  }

  /** A sync said that nothing stood after `since`. */
  nothingAfter(conversationId: string, since: number): void {
    const feed = this.feeds.get(conversationId);
    if (feed && feed.inbox.knownEnd >= since) feed.isCaughtUp = true;
  }

  /**
   * A sync named a conversation of this person that it was not asked about. The first sync names what the app may never
   * want from its beginning: that is followed from its end. What a later one names was joined meanwhile.
   */
  meet(conversationId: string, last: number): void {
    const feed = this.feeds.get(conversationId);
    if (feed?.isMember) return;
    if (feed) {
      feed.isMember = true;
      this.#hooks.met(conversationId, last);
      this.#catchUpUnasked(conversationId);
      return;
    }
    const early = this.#early.take(conversationId);
    const since = this.#early.isOver ? 0 : Math.min(last, ...early.map(({ seq }) => seq - 1));
    this.#begin(conversationId, since, last, early);
    if (this.feeds.knownEnd(conversationId) < last) this.#catchUpUnasked(conversationId);
  }

  /** A sync found it not to be this person's; where something of it came after the question, a catch-up finds out. */
  lose(conversationId: string, highestThen: number): void {
    const feed = this.feeds.get(conversationId);
    if (feed && feed.inbox.highest > highestThen) this.#catchUpUnasked(conversationId);
    else this.#hooks.gone(conversationId);
  }

  /** The first sync has ended: from now on a conversation that comes up is a new one. */
  endEarly(): void {
    this.#early.end();
    this.tellEarly();
  }

  /** Tells what was pushed, and begins with that while the first sync fails: it will say what else there is. */
  tellEarly(): void {
    for (const [conversationId, entries] of this.#early.takeAll()) {
      const seqs = entries.map(({ seq }) => seq);
      const since = this.#early.isOver ? 0 : Math.min(...seqs) - 1;
      this.#begin(conversationId, since, Math.max(...seqs), entries);
    }
  }

  /** Asks until everything is known that was stored before this was called. Rejects where it is refused. */
  catchUp(conversationId: string): Promise<void> {
    const feed = this.#feed(conversationId);
    if (feed.running) feed.again = true;
    feed.running ??= this.#catchUp(conversationId, feed);
    return feed.running;
  }

  /** Learns what was missed by one question for each conversation: where there is no `sync`, or it fails. */
  catchUpEach(): void {
    for (const conversationId of this.feeds.mine()) this.#catchUpUnasked(conversationId);
  }

  /** Looks whether a push was lost in the conversation that was looked at longest ago; false where there is none. Instead of a sync. */
  catchUpNext(): boolean {
    const [conversationId] = this.feeds.mine();
    if (conversationId === undefined) return false;
    this.feeds.touch(conversationId);
    this.#catchUpUnasked(conversationId);
    return true;
  }

  /** Forgets what is known: the log was restored to a time before it. */
  reset(conversationId: string): void {
    this.#feed(conversationId).beginAt(0);
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
      if (answer.type === 'conversation.log' && leadsOn(since, answer)) {
        this.#showPage(conversationId, this.#feed(conversationId), since, answer);
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
      if (!(error instanceof ChatError) || error.code === 'closed') return;
      if (error.code === 'not-a-member') this.#hooks.gone(conversationId);
      else this.#hooks.refused(conversationId, error);
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

  /** Follows a conversation that the app has not named; while it is told of it, it may name it. */
  #begin(conversationId: string, since: number, last: number, entries: readonly LogEntry[]): void {
    this.feeds.set(conversationId, new Feed(since, false));
    this.#hooks.met(conversationId, last);
    this.#take(conversationId, entries);
  }

  #take(conversationId: string, entries: readonly LogEntry[]): void {
    const feed = this.#feed(conversationId);
    if (entries.length > 0) feed.isRefused = false;
    for (const entry of entries) this.#show(conversationId, feed, feed.inbox, feed.inbox.push(entry));
    this.#watchGap(conversationId, feed);
  }

  #showPage(conversationId: string, feed: Feed, since: number, page: Page): void {
    for (const entry of page.entries) this.#hooks.arrived(entry);
    this.#show(conversationId, feed, feed.inbox, feed.inbox.page(since, page));
  }

  /** Ends early where the app, while it is told, has the conversation begin anew: the rest comes again. */
  #show(conversationId: string, feed: Feed, inbox: Inbox, all: readonly Shown[]): void {
    for (const shown of all) if (feed.inbox === inbox) this.#hooks.shown(conversationId, shown);
  }

  #feed(conversationId: string): Feed {
    let feed = this.feeds.get(conversationId);
    if (!feed) {
      feed = new Feed(0, true);
      this.feeds.set(conversationId, feed);
    }
    return feed;
  }
}
