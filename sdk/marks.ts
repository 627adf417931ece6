import type { Connection } from './connection.ts';
import { ChatError, refusal } from './errors.ts';
import { beforeAgain } from './reconnect.ts';
import { pause, type World } from './world.ts';

/** Of one conversation's marks at most one frame goes out in so long. */
const ONE_FRAME_MS = 1000;

/** So often a mark is sent that is answered by a lower one: another device's may have crossed it, or the log ends below it. */
const TRIES = 3;

interface Mark {
  /** As the server last said. */
  known: number;
  /** As this person has read, on whichever device. */
  wanted: number;
  isBusy: boolean;
}

interface MarksHooks {
  /** Another device marked further. */
  read(conversationId: string, upTo: number): void;
  refused(conversationId: string, error: ChatError): void;
}

/** How far this person has read each conversation: told to the server until it knows, and never moved back. */
export class Marks {
  readonly #world: World;
  readonly #connection: Pick<Connection, 'live'>;
  readonly #hooks: MarksHooks;
  readonly #marks = new Map<string, Mark>();

  constructor(world: World, connection: Pick<Connection, 'live'>, hooks: MarksHooks) {
    this.#world = world;
    this.#connection = connection;
    this.#hooks = hooks;
  }

  /** Marks everything up to `upTo`, as soon as there is a connection; what is marked within a second goes as one. */
  mark(conversationId: string, upTo: number): void {
    const mark = this.#mark(conversationId);
    if (upTo <= mark.wanted) return;
    mark.wanted = upTo;
    if (!mark.isBusy) void this.#settle(conversationId, mark);
  }

  /** Takes a mark as the server says it stands. */
  hear(conversationId: string, upTo: number): void {
    const mark = this.#mark(conversationId);
    mark.known = Math.max(mark.known, upTo);
    if (upTo <= mark.wanted) return;
    mark.wanted = upTo;
    this.#hooks.read(conversationId, upTo);
  }

  async #settle(conversationId: string, mark: Mark): Promise<void> {
    mark.isBusy = true;
    try {
      await this.#send(conversationId, mark);
    } catch (error) {
      if (!(error instanceof ChatError)) throw error;
      if (error.code !== 'closed') this.#hooks.refused(conversationId, error);
      mark.wanted = mark.known;
    } finally {
      mark.isBusy = false;
    }
  }

  /** Rejects where it is refused. */
  async #send(conversationId: string, mark: Mark): Promise<void> {
    let lower = 0;
    for (let attempt = 0; mark.known < mark.wanted; attempt += 1) {
      const socket = await this.#connection.live();
      const upTo = mark.wanted;
      const spaced = pause(this.#world, ONE_FRAME_MS).over;
      const answer = await socket.askInTurn(
        { type: 'conversation.mark-read', conversationId, upTo },
        (frame) => frame.type === 'conversation.marked-read' && frame.conversationId === conversationId,
      );
      if (answer.type === 'refused' && !answer.retryable) throw refusal(answer);
      if (answer.type === 'conversation.marked-read') {
        lower = answer.upTo < upTo ? lower + 1 : 0;
        if (lower === TRIES) mark.wanted = mark.known; // what is above the log's end is no mark
        attempt = -1;
      } else {
        await beforeAgain(this.#world, attempt, answer);
      }
      await spaced;
    }
  }

  #mark(conversationId: string): Mark {
    let mark = this.#marks.get(conversationId);
    if (!mark) {
      mark = { known: 0, wanted: 0, isBusy: false };
      this.#marks.set(conversationId, mark);
    }
    return mark;
  }
}
