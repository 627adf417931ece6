import type { DeviceKind } from '../protocol/bodies.ts';
import type { ServerFrame } from '../protocol/frames.ts';
import type { Purpose } from '../protocol/purposes.ts';
import type { CreateConversation, Inbox, Me } from '../protocol/requests.ts';
import type { Attachments, ChatRooms } from './attachments/attachments.ts';
import type { KeptUpload } from './attachments/kept-uploads.ts';
import type { ChatEvents } from './chat-events.ts';
import { Connection } from './connection.ts';
import { Conversation, type Description } from './conversation.ts';
import { ChatError } from './errors.ts';
import { Events } from './events.ts';
import type { Shown } from './inbox.ts';
import { Marks } from './marks.ts';
import { Outbox, type OutboxStorage, type OutgoingMessage, type Unacknowledged } from './outbox.ts';
import { type Addresses, urlsOf } from './outputs.ts';
import { Presence } from './presence.ts';
import { Reader } from './reader.ts';
import { newRef } from './ref.ts';
import { queryOf, Requests } from './requests.ts';
import { Sender } from './sender.ts';
import { type ChatState, isEnding, type StateChange } from './states.ts';
import { Sync } from './sync.ts';
import { type GetToken, Tokens } from './token.ts';
import { type World, type WorldOptions, worldOf } from './world.ts';

/** PROTOCOL.md, "Limits". API Gateway closes the socket over frames far longer, and the message would never be settled. */
const MAX_TEXT_BYTES = 8192;

export type ChatOptions = Addresses &
  WorldOptions & {
    readonly getToken: GetToken;
    /** Keeps unacknowledged messages over a restart of the app. @default in memory alone */
    readonly outbox?: OutboxStorage;
    /** Sends and fetches files: what `attachments()` gives. @default none, and nothing of it is packed */
    readonly attachments?: (chat: ChatRooms) => Attachments;
    /** What kind of device this is, for the lists of the person's sign-ins. */
    readonly device?: DeviceKind;
    /** What everything that is asked here is for, as the organisation's record has it. @default what its policy names first */
    readonly purpose?: Purpose;
  };

/** A page of an inbox. */
export type InboxPage = (typeof Inbox)['_zod']['output'];

type Proposal = Omit<(typeof CreateConversation)['_zod']['output'], 'ref'> & { readonly ref?: string };

/** One person's connection to a Wardline deployment: sends until it is stored, and tells what is said once and in order. */
export class Chat {
  readonly #world: World;
  readonly #events = new Events<ChatEvents>();
  readonly #tokens: Tokens;
  readonly #requests: Requests;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #reader: Reader;
  readonly #sync: Sync;
  readonly #marks: Marks;
  readonly #sender: Sender;
  readonly #presence: Presence;
  readonly #attachments: Attachments | undefined;
  readonly #conversations = new Map<string, Conversation>();
  #restored: Promise<void> | undefined;
  /** The sign-in was ended by somebody: this device may be in other hands. */
  #isShutOut = false;

  constructor(options: ChatOptions) {
    const { webSocketUrl, httpApiUrl } = urlsOf(options);
    const world = worldOf(options);
    const { device, purpose } = options;
    const opening = { url: webSocketUrl, device, purpose };
    const refused = (conversationId: string, { code, message }: ChatError) => {
      if (code === 'not-a-member') this.#remove(conversationId);
      else if (code === 'since-ahead') this.#reader.reset(conversationId);
      else this.#events.emit('refused', { conversationId, code, message });
    };
    this.#world = world;
    this.#tokens = new Tokens(options.getToken);
    this.#requests = new Requests(world, httpApiUrl, this.#tokens, purpose);
    this.#connection = new Connection(world, opening, this.#tokens, {
      changed: (change) => this.#changed(change),
      hear: (frame, asked) => this.#hear(frame, asked),
      missed: () => this.#sync.twice(),
      lookForMissed: ({ features }) =>
        features.has('sync') ? this.#sync.once() : this.#reader.catchUpNext(),
      whyRefused: async () => {
        const code = await this.#requests.refusal();
        return isEnding(code) ? code : undefined;
      },
    });
    this.#outbox = new Outbox({
      storage: options.outbox,
      log: world.log,
      changed: (change) => {
        const { ref, status } = change;
        if (status === 'accepted' || status === 'refused') this.#attachments?.settled(ref);
        this.#events.emit('status', change);
      },
    });
    this.#reader = new Reader(world, this.#connection, {
      arrived: (entry) => entry.ref !== undefined && this.#outbox.accept(entry.ref, entry),
      shown: (conversationId, shown) => this.#show(conversationId, shown),
      reset: (conversationId) => this.#events.emit('restored', { conversationId }),
      met: (conversationId, last) => this.#events.emit('conversation', { conversationId, last }),
      gone: (conversationId) => this.#remove(conversationId),
      refused,
    });
    this.#marks = new Marks(world, this.#connection, {
      read: (conversationId, upTo) => this.#events.emit('read', { conversationId, upTo }),
      refused,
    });
    const { connection, outbox, reader } = {
      connection: this.#connection,
      outbox: this.#outbox,
      reader: this.#reader,
    };
    this.#sync = new Sync({
      world,
      connection,
      reader,
      refused: ({ code, message }) => this.#events.emit('refused', { code, message }),
    });
    this.#sender = new Sender({ world, connection, outbox, reader });
    this.#presence = new Presence(world, connection, (kept) => this.#events.emit('kept', kept));
    this.#attachments = options.attachments?.({
      ...{ world, connection, requests: this.#requests },
      newRef: () => this.#newRef(),
      knownEnd: (conversationId) => reader.feeds.knownEnd(conversationId),
      post: (message) => outbox.list().find(({ ref }) => ref === message.ref) ?? this.#post(message),
      isWaiting: (ref) => outbox.get(ref) !== undefined,
      onScanned: (tell) => this.on('attachment', ({ attachmentId }) => tell(attachmentId)),
      pageAfter: (id, seq) => this.conversation(id).history({ after: seq, limit: 1 }),
    });
  }

  get state(): ChatState {
    return this.#connection.state;
  }

  /** This person's id; unknown before the first token. */
  get person(): string | undefined {
    return this.#tokens.person;
  }

  /**
   * Connects, and stays connected until `close`. Resolves when live; rejects when closed or when nobody is signed in, never because
   * of time. Called again it tries at once instead of waiting: as when the device is back online.
   */
  async connect(): Promise<void> {
    this.#restored ??= this.#restore().catch(() => {
      this.#restored = undefined; // the next `connect` tries again; messages must travel meanwhile
      this.#world.log.warn('outbox-not-loaded', {});
    });
    await this.#restored;
    await this.#connection.connect();
  }

  /** Ends everything. What was not acknowledged is abandoned, unless an outbox keeps it. */
  close(): void {
    this.#attachments?.close();
    this.#connection.close();
    this.#outbox.abandon();
  }

  /** Calls `listener` for each such event until the function it gives back is called. */
  on<Name extends keyof ChatEvents>(name: Name, listener: (event: ChatEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Follows a conversation from `since`, up to which the app knows it. @default 0: from its beginning */
  conversation(id: string, { since }: { readonly since?: number } = {}): Conversation {
    let conversation = this.#conversations.get(id);
    if (!conversation) {
      conversation = new Conversation(id, {
        reader: this.#reader,
        requests: this.#requests,
        marks: this.#marks,
        attachments: () => {
          if (this.#attachments) return this.#attachments;
          throw new TypeError('this chat has no files: give it the option attachments, as of attachments()');
        },
        post: (conversationId, body) => this.#post({ ref: this.#newRef(), conversationId, body }),
      });
      this.#conversations.set(id, conversation);
      this.#reader.follow(id, since);
    }
    return conversation;
  }

  /** Creates a conversation, or finds it: two people have one `direct` one, and the same `ref` makes one `group`. */
  async createConversation(proposal: Proposal): Promise<Conversation> {
    const body = { ref: this.#newRef(), ...proposal };
    const request = { method: 'POST', path: 'conversations', body } as const;
    return this.conversation((await this.#requests.ask<Description>(request)).conversationId);
  }

  /** A page of this person's conversations, the most recent first; `after` is the `next` of the page before. @default 50 a page */
  conversations(page: { readonly after?: string; readonly limit?: number } = {}): Promise<InboxPage> {
    return this.#requests.ask({ method: 'GET', path: `conversations${queryOf(page)}` });
  }

  /**
   * Somebody is at this device: call it for every touch, key and scroll. It is told at most once a minute, and never by
   * the SDK itself; who is away too long is signed out.
   */
  active(): void {
    void this.#presence.note().catch(() => {}); // closed meanwhile
  }

  /** Who this person is to the deployment. */
  me(): Promise<(typeof Me)['_zod']['output']> {
    return this.#requests.ask({ method: 'GET', path: 'me' });
  }

  /** One's own messages that are not acknowledged, in the order in which they were written. */
  unacknowledged(): OutgoingMessage[] {
    return this.#outbox.list();
  }

  /** Files that were begun and not sent, before a restart too: choosing one again, with the same words, goes on with it. */
  async unfinishedFiles(): Promise<KeptUpload[]> {
    return (await this.#attachments?.unfinished()) ?? [];
  }

  #post(unsent: Unacknowledged): OutgoingMessage {
    const { conversationId, body } = unsent;
    const message = this.#outbox.add(unsent);
    const bytes = new TextEncoder().encode(body.text).length;
    if (bytes > MAX_TEXT_BYTES) {
      const reason = `a text has at most ${MAX_TEXT_BYTES} bytes of UTF-8, this one ${bytes}`;
      this.#outbox.refuse(message.ref, new ChatError('malformed', reason, { ref: message.ref }));
    }
    if (this.state === 'closed') this.#outbox.abandon();
    else if (this.#isShutOut)
      this.#erase(); // what is written now is not kept here either
    else this.#sender.send(conversationId);
    return message;
  }

  async #restore(): Promise<void> {
    await this.#outbox.restore();
    for (const { conversationId } of this.#outbox.list()) {
      this.conversation(conversationId);
      this.#sender.send(conversationId);
    }
  }

  #changed(change: StateChange): void {
    if (change.to === 'live') this.#sync.twice();
    else this.#sync.stop();
    this.#isShutOut = change.code === 'session-ended';
    if (this.#isShutOut) this.#erase();
    this.#events.emit('state', change);
  }

  /** Whoever ended the sign-in may not have this device any more: what people wrote does not stay on it. */
  #erase(): void {
    this.#outbox.erase();
    this.#attachments?.erase();
  }

  #hear(frame: ServerFrame, asked: boolean): void {
    if (frame.type === 'message.new') {
      const { type: _, conversationId, ...entry } = frame;
      this.#reader.push(conversationId, entry);
    } else if (frame.type === 'message.accepted') {
      const { ref, conversationId, seq, messageId, at } = frame;
      const sent = this.#outbox.get(ref);
      if (sent)
        this.#reader.push(conversationId, {
          seq,
          messageId,
          at,
          ref,
          sender: this.person ?? '',
          body: sent.body,
        });
    } else if (frame.type === 'attachment.scanned') {
      const { type: _, ...scanned } = frame;
      this.#events.emit('attachment', scanned);
    } else if (frame.type === 'conversation.marked-read') {
      this.#marks.hear(frame.conversationId, frame.upTo);
    } else if (frame.type === 'conversation.log' && !asked) {
      this.#reader.pushAll(frame.conversationId, frame.entries);
    } else if (frame.type === 'synced' && !asked) {
      this.#sync.hearLate(frame);
    } else if (frame.type === 'refused' && !asked && frame.ref === undefined) {
      const { code, message } = frame;
      this.#events.emit('refused', { code, message });
    }
  }

  #show(conversationId: string, shown: Shown): void {
    if ('gap' in shown) {
      this.#events.emit('gap', { conversationId, ...shown.gap });
      return;
    }
    const { body } = shown.entry;
    const isAboutMe = 'person' in body && body.person === this.person;
    if (isAboutMe && body.kind === 'member.added') this.#reader.feeds.setMember(conversationId, true);
    this.#events.emit('message', { ...shown.entry, conversationId });
    if (isAboutMe && body.kind === 'member.removed') this.#remove(conversationId);
  }

  #remove(conversationId: string): void {
    if (!this.#reader.feeds.isMember(conversationId)) return;
    this.#reader.feeds.setMember(conversationId, false);
    this.#events.emit('removed', { conversationId });
  }

  #newRef(): string {
    return newRef(this.#world.now(), crypto.getRandomValues(new Uint8Array(16)));
  }
}
