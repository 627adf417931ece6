import type { Chat, ChatError, Conversation, OutgoingMessage } from '../../sdk/index.ts';
import { findDirect, findListed, type InboxEntry, listed, newest, whoIn } from './inbox.ts';
import type { Names } from './names.ts';
import { Room } from './room.ts';
import type { Screen } from './screen.ts';
import { wordsOf } from './wording.ts';

/** What was asked for cannot be done as things stand; one sentence for whoever asked. */
export class NotNow extends Error {}

/** One person's terminal chat: what is open, what is listed, and what each command does. */
export class Talk {
  private readonly chat: Chat;
  private readonly screen: Screen;
  private readonly names: Names;
  private readonly startedAt: number;
  private room: Room | undefined;
  private list: readonly InboxEntry[] = [];
  private readonly announced = new Set<string>();

  /** @param startedAt milliseconds since the epoch by the deployment's clock: only what is said later is news */
  constructor(chat: Chat, screen: Screen, names: Names, startedAt: number) {
    this.chat = chat;
    this.screen = screen;
    this.names = names;
    this.startedAt = startedAt;
    this.listen();
  }

  get isOpen(): boolean {
    return this.room !== undefined;
  }

  /** Lists the newest conversations, to be opened by number. */
  async inbox(): Promise<void> {
    const { conversations, next } = await newest(this.chat);
    this.list = conversations;
    this.screen.tell({
      event: 'inbox',
      conversations: conversations.map((entry, at) => listed(entry, at + 1, this.names, this.me)),
      more: next !== undefined,
    });
  }

  /** Opens what was listed under a number, a person's direct conversation, the conversation with this id, or a new group. */
  async open(given: string): Promise<void> {
    const people = given.split(/[\s,]+/);
    if (people.length > 1) return this.openGroup(people);
    if (/^\d{1,4}$/.test(given)) {
      const entry = this.list[Number(given) - 1];
      if (!entry) throw new NotNow(`there is no number ${given} in the list: /inbox shows it`);
      return this.enter(
        this.chat.conversation(entry.conversationId, { since: entry.last }),
        this.whoIn(entry),
      );
    }
    const known = this.names.find(given);
    if (!known && (await this.openConversation(given))) return;
    await this.openWith(this.names.idOf(given));
  }

  /** Opens the conversation with this id; false where there is no such one among theirs. */
  async openConversation(id: string): Promise<boolean> {
    const entry = await findListed(this.chat, ({ conversationId }) => conversationId === id);
    if (entry) await this.enter(this.chat.conversation(id, { since: entry.last }), this.whoIn(entry));
    return entry !== undefined;
  }

  /** Opens the direct conversation with a person, made where there is none yet. */
  async openWith(person: string): Promise<void> {
    const entry = await findDirect(this.chat, person);
    const conversation = entry
      ? this.chat.conversation(entry.conversationId, { since: entry.last })
      : await this.chat.createConversation({ kind: 'direct', members: [person] });
    await this.enter(conversation, this.names.nameOf(person));
  }

  private async openGroup(people: readonly string[]): Promise<void> {
    const members = people.map((person) => this.names.idOf(person));
    const conversation = await this.chat.createConversation({ kind: 'group', members });
    await this.enter(conversation, members.map((person) => this.names.nameOf(person)).join(', '));
  }

  /** Writes a message, and tells how far it comes. */
  send(text: string): void {
    const { conversation } = this.opened();
    const message = conversation.send(text);
    this.tellStatus(message);
    message.acknowledged.then(
      ({ seq, at }) => this.tellStatus(message, { seq, at }),
      ({ code, message: why }: ChatError) => this.tellStatus(message, { code, message: why }),
    );
  }

  older(): Promise<void> {
    return this.opened().older();
  }

  async who(): Promise<void> {
    const { id } = this.opened();
    const entry = await findListed(this.chat, ({ conversationId }) => conversationId === id);
    if (!entry) throw new NotNow('this conversation is not among yours any more');
    this.tellMembers(id, entry.members);
  }

  async add(given: string): Promise<void> {
    const { id, conversation } = this.opened();
    this.tellMembers(id, (await conversation.addMember(this.names.idOf(given))).members);
  }

  async remove(given: string): Promise<void> {
    const { id, conversation } = this.opened();
    this.tellMembers(id, (await conversation.removeMember(this.names.idOf(given))).members);
  }

  async leave(): Promise<void> {
    await this.opened().conversation.removeMember(this.me);
  }

  state(): void {
    const waiting = this.chat.unacknowledged().length;
    const text = `${this.chat.state}; ${waiting === 0 ? 'everything is acknowledged' : `${waiting} not acknowledged yet`}`;
    this.screen.tell({ event: 'note', text });
  }

  private get me(): string {
    return this.chat.person ?? '';
  }

  private opened(): Room {
    if (this.room) return this.room;
    throw new NotNow('no conversation is open: a number of /inbox opens one, or /open PERSON');
  }

  private async enter(conversation: Conversation, who: string): Promise<void> {
    const before = this.room;
    this.room = new Room(conversation, who, { screen: this.screen, names: this.names, me: this.me });
    this.announced.delete(conversation.id);
    try {
      await this.room.enter();
    } catch (error) {
      this.room = before;
      throw error;
    }
  }

  private whoIn(entry: InboxEntry): string {
    return whoIn(entry, this.names, this.me);
  }

  private tellStatus({ ref, conversationId, body, status }: OutgoingMessage, more: object = {}): void {
    this.screen.tell({ event: 'status', ref, conversationId, text: wordsOf(body), status, ...more });
  }

  private tellMembers(conversationId: string, members: InboxEntry['members']): void {
    const named = members.map(({ person, role }) => ({ ...this.names.named(person), role }));
    this.screen.tell({ event: 'members', conversationId, members: named });
  }

  private listen(): void {
    const { chat, screen } = this;
    const isOpen = ({ conversationId }: { readonly conversationId: string }) =>
      conversationId === this.room?.id;
    chat.on('state', (change) => screen.tell({ event: 'state', ...change }));
    chat.on('message', (message) => {
      if (isOpen(message)) this.room?.hear(message);
      else this.announce(message.conversationId, message.sender, message.at);
    });
    chat.on('status', ({ ref, status }) => {
      const message = status === 'sending' && chat.unacknowledged().find((one) => one.ref === ref);
      if (message) this.tellStatus(message);
    });
    chat.on('gap', (gap) => isOpen(gap) && screen.tell({ event: 'gap', ...gap }));
    chat.on('removed', (removed) => isOpen(removed) && screen.tell({ event: 'removed', ...removed }));
    chat.on('restored', (restored) => {
      if (!isOpen(restored)) return;
      screen.tell({ event: 'restored', ...restored });
      this.room?.restart();
    });
    chat.on('refused', ({ code, message }) => screen.tell({ event: 'refused', code, message }));
  }

  /** Says once that there is news in another conversation. */
  private announce(conversationId: string, sender: string, at: string): void {
    if (sender === this.me || Date.parse(at) < this.startedAt || this.announced.has(conversationId)) return;
    this.announced.add(conversationId);
    this.screen.tell({ event: 'elsewhere', conversationId, name: this.names.nameOf(sender) });
  }
}
