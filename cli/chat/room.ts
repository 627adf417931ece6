import type { ChatEvents, Conversation } from '../../sdk/index.ts';
import type { Names } from './names.ts';
import type { Screen } from './screen.ts';

type Message = ChatEvents['message'];

/** How many messages are shown at once. */
const PAGE = 20;

interface Around {
  readonly screen: Screen;
  readonly names: Names;
  readonly me: string;
}

/** The conversation that is open: its newest messages, then what comes. */
export class Room {
  readonly conversation: Conversation;
  readonly who: string;
  private readonly around: Around;
  private oldest = 0;
  private newest = 0;
  /** What came while the first page was on its way. */
  private held: Message[] | undefined = [];

  constructor(conversation: Conversation, who: string, around: Around) {
    this.conversation = conversation;
    this.who = who;
    this.around = around;
  }

  get id(): string {
    return this.conversation.id;
  }

  /** Shows the newest messages, and from then on what comes. */
  async enter(): Promise<void> {
    const { entries, floor, upTo } = await this.conversation.history({ limit: PAGE });
    this.oldest = entries[0]?.seq ?? upTo + 1;
    this.newest = upTo;
    const hasOlder = this.oldest > floor + 1;
    this.around.screen.tell({ event: 'opened', conversationId: this.id, who: this.who, hasOlder });
    for (const entry of entries) this.show({ ...entry, conversationId: this.id });
    const { held = [] } = this;
    this.held = undefined;
    for (const message of held) this.hear(message);
    this.read();
  }

  /** Takes what the chat says of this conversation. */
  hear(message: Message): void {
    if (this.held) {
      this.held.push(message);
    } else if (message.seq > this.newest) {
      this.newest = message.seq;
      this.show(message);
      this.read();
    }
  }

  /** Shows the messages before those that were shown. */
  async older(): Promise<void> {
    const { entries, floor } =
      this.oldest > 1
        ? await this.conversation.history({ before: this.oldest, limit: PAGE })
        : { entries: [], floor: 0 };
    for (const entry of entries) this.show({ ...entry, conversationId: this.id }, true);
    this.oldest = entries[0]?.seq ?? this.oldest;
    const hasOlder = entries.length > 0 && this.oldest > floor + 1;
    const { screen } = this.around;
    screen.tell({ event: 'older', conversationId: this.id, shown: entries.length, hasOlder });
  }

  /** The log begins anew. */
  restart(): void {
    this.oldest = 1;
    this.newest = 0;
  }

  private show(message: Message, older = false): void {
    const { screen, names, me } = this.around;
    const { sender, body } = message;
    screen.tell({
      event: 'message',
      ...message,
      name: names.nameOf(sender),
      own: sender === me,
      ...('person' in body && { about: names.nameOf(body.person) }),
      ...(older && { older: true }),
    });
  }

  private read(): void {
    if (this.newest > 0) this.conversation.markRead(this.newest);
  }
}
