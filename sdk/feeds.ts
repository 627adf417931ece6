import { Inbox } from './inbox.ts';

/** How far a conversation is known without holes, and the highest `seq` of it that was heard of. */
export interface Known {
  readonly end: number;
  readonly highest: number;
}

/** One conversation as this device follows it. */
export class Feed {
  inbox: Inbox;
  /** What stands above it was told, or will be. */
  start: number;
  /** The app said from where it follows; otherwise the server, or a push, brought it up. */
  isNamed: boolean;
  isMember = true;
  isCaughtUp = false;
  /** The last catch-up was refused: another would be, until something new comes. */
  isRefused = false;
  /** The catch-up under way. */
  running: Promise<void> | undefined;
  /** Something may have been stored after the page that is under way was read. */
  again = false;
  isGapTimed = false;

  constructor(since: number, isNamed: boolean) {
    this.inbox = new Inbox(since);
    this.start = since;
    this.isNamed = isNamed;
  }

  /** Follows it from there for the app: what was told above it comes again only where something below that is wanted. */
  nameAt(since: number): void {
    if (!this.isNamed && (since < this.start || since > this.inbox.knownEnd)) this.beginAt(since);
    this.isNamed = true;
  }

  /** Begins anew: what was told above it comes again. */
  beginAt(since: number): void {
    this.inbox = new Inbox(since);
    this.start = since;
    this.isCaughtUp = false;
  }
}

/** What this device knows of each conversation. */
export class Feeds {
  readonly #feeds = new Map<string, Feed>();

  get(conversationId: string): Feed | undefined {
    return this.#feeds.get(conversationId);
  }

  set(conversationId: string, feed: Feed): void {
    this.#feeds.set(conversationId, feed);
  }

  /** Conversations that this person belongs to, the longest untouched first. */
  mine(): string[] {
    return [...this.#feeds].filter(([, { isMember }]) => isMember).map(([id]) => id);
  }

  /** How far each of them is known. */
  known(): ReadonlyMap<string, Known> {
    return new Map(
      this.mine().map((id) => [id, { end: this.knownEnd(id), highest: this.get(id)?.inbox.highest ?? 0 }]),
    );
  }

  /** Puts a conversation behind all others. */
  touch(conversationId: string): void {
    const feed = this.#feeds.get(conversationId);
    if (this.#feeds.delete(conversationId) && feed) this.#feeds.set(conversationId, feed);
  }

  knownEnd(conversationId: string): number {
    return this.#feeds.get(conversationId)?.inbox.knownEnd ?? 0;
  }

  isMember(conversationId: string): boolean {
    return this.#feeds.get(conversationId)?.isMember ?? false;
  }

  /** The entry that removed this person, or a refusal, says so; being added again takes it back. */
  setMember(conversationId: string, isMember: boolean): void {
    const feed = this.#feeds.get(conversationId);
    if (feed) feed.isMember = isMember;
  }
}
