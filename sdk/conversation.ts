import type { MemberRole, MessageBody } from '../protocol/bodies.ts';
import type { AddMember, Conversation as Described } from '../protocol/requests.ts';
import type { Attachments, FileSource } from './attachments/attachments.ts';
import type { DownloadOptions, IncomingFile, StreamOptions } from './attachments/download.ts';
import type { FileBytes } from './attachments/file-bytes.ts';
import type { OutgoingFile, SendFileOptions } from './attachments/upload.ts';
import type { Page } from './inbox.ts';
import type { Marks } from './marks.ts';
import type { OutgoingMessage } from './outbox.ts';
import type { Reader } from './reader.ts';
import { queryOf, type Requests } from './requests.ts';

/** A conversation as its members see it. */
export type Description = (typeof Described)['_zod']['output'];

export interface HistoryRange {
  /** Backward from this `seq`. Without `before` and `after` the newest. */
  readonly before?: number;
  /** Forward from this `seq`. */
  readonly after?: number;
  /** 1 to 200. @default 200 */
  readonly limit?: number;
}

interface ConversationRooms {
  readonly reader: Reader;
  readonly requests: Requests;
  readonly marks: Marks;
  /** @throws TypeError where the chat was not given the option `attachments` */
  attachments(): Attachments;
  post(conversationId: string, body: MessageBody): OutgoingMessage;
}

/** One conversation. Its messages come as the chat's event `message`. */
export class Conversation {
  readonly id: string;
  readonly #rooms: ConversationRooms;

  constructor(id: string, rooms: ConversationRooms) {
    this.id = id;
    this.#rooms = rooms;
  }

  /** Up to here everything was given to the app: what to begin with the next time (`chat.conversation(id, { since })`). */
  get knownEnd(): number {
    return this.#rooms.reader.feeds.knownEnd(this.id);
  }

  /** Whether this person still belongs to it, as far as this device has heard. */
  get isMember(): boolean {
    return this.#rooms.reader.feeds.isMember(this.id);
  }

  /** Writes a message: at once where there is a connection, otherwise as soon as there is one, after those written before it. */
  send(text: string): OutgoingMessage {
    return this.#rooms.post(this.id, { kind: 'text', text });
  }

  /**
   * Uploads a file and sends the message that carries it, as soon as there is a connection. One that was begun before, by this chat or by one
   * before a restart, is gone on with: what is uploaded already is not uploaded again.
   */
  sendFile(file: FileBytes, options?: SendFileOptions): OutgoingFile {
    return this.#rooms.attachments().send(this.id, file, options);
  }

  /**
   * What a message carries, once it is scanned, under the name that its sender gave it. Rejects with `checksum-mismatch` where it is not what they
   * sent; a preview has no checksum to compare.
   */
  download(of: FileSource, options?: DownloadOptions): Promise<File> {
    return this.#rooms.attachments().download(this.id, of, options);
  }

  /** The same as a stream, for what memory should not hold whole. */
  downloadStream(of: FileSource, options?: StreamOptions): Promise<IncomingFile> {
    return this.#rooms.attachments().stream(this.id, of, options);
  }

  /** Resolves when everything was given to the app that was stored before this was called. Rejects where it is refused. */
  catchUp(): Promise<void> {
    return this.#rooms.reader.catchUp(this.id);
  }

  /**
   * Marks everything up to `seq` as read, on all of this person's devices. It never moves back, waits for a connection, and goes
   * at most once a second. @default `knownEnd`
   */
  markRead(seq: number = this.knownEnd): void {
    this.#rooms.marks.mark(this.id, seq);
  }

  /** A page of what was said before, ascending. It raises no events. */
  history(range: HistoryRange = {}): Promise<Page> {
    return this.#request('GET', `messages${queryOf(range)}`);
  }

  /**
   * Owners of a group add people, who see what is said from then on, and give members another role: a `reader` writes
   * nothing. `until` (RFC 3339) is when they stop being a member by themselves.
   */
  addMember(
    person: string,
    as: { readonly role?: MemberRole; readonly until?: string } = {},
  ): Promise<Description> {
    return this.#request('POST', 'members', { person, ...as });
  }

  /** Owners of a group remove people, and everybody may leave. */
  removeMember(person: string): Promise<Description> {
    return this.#request('DELETE', `members/${encodeURIComponent(person)}`);
  }

  #request<Answer>(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: Omit<(typeof AddMember)['_zod']['output'], 'conversationId'>,
  ): Promise<Answer> {
    return this.#rooms.requests.ask({
      method,
      path: `conversations/${encodeURIComponent(this.id)}/${path}`,
      ...(body && { body }),
    });
  }
}
