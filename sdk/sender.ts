import type { Connection } from './connection.ts';
import { ChatError, refusal } from './errors.ts';
import type { Outbox, Unacknowledged } from './outbox.ts';
import type { Reader } from './reader.ts';
import { beforeAgain } from './reconnect.ts';
import type { World } from './world.ts';

interface SenderRooms {
  readonly world: World;
  readonly connection: Pick<Connection, 'live'>;
  readonly outbox: Outbox;
  readonly reader: Reader;
}

/** Sends what waits in the outbox until each is settled: one conversation's messages one at a time, so that they keep their order. */
export class Sender {
  readonly #rooms: SenderRooms;
  readonly #busy = new Set<string>();

  constructor(rooms: SenderRooms) {
    this.#rooms = rooms;
  }

  /** Sends what waits in a conversation, unless that is under way. */
  send(conversationId: string): void {
    if (this.#busy.has(conversationId)) return;
    this.#busy.add(conversationId);
    this.#drain(conversationId).catch((error: unknown) => {
      if (!(error instanceof ChatError)) throw error; // closing ends it early, and the outbox has told everybody
    });
  }

  async #drain(conversationId: string): Promise<void> {
    const { outbox } = this.#rooms;
    try {
      for (let next = outbox.next(conversationId); next; next = outbox.next(conversationId)) {
        await this.#settle(next.ref);
      }
    } finally {
      this.#busy.delete(conversationId);
    }
  }

  /** Ends when the outbox has let go of it, for an answer or because it stood in what was read. */
  async #settle(ref: string): Promise<void> {
    const { world, connection, outbox, reader } = this.#rooms;
    let mayBeStored = outbox.get(ref)?.since !== undefined; // an earlier chat sent it
    for (let attempt = 0; ; attempt += 1) {
      await this.#noteFirst(ref);
      const socket = await connection.live();
      const message = outbox.get(ref);
      if (message?.since === undefined) return;
      const { conversationId, since, body } = message;
      const answer = await socket.ask(
        { type: 'message.send', ref, conversationId, since, body },
        (frame) => (frame.type === 'message.accepted' || frame.type === 'refused') && frame.ref === ref,
      );
      if (!outbox.get(ref)) return;
      if (answer.type === 'lost') mayBeStored ||= answer.by !== 'throttled';
      if (answer.type === 'refused' && answer.code === 'behind') {
        await this.#lookThrough(message, since);
      } else if (answer.type === 'refused' && !answer.retryable) {
        if (answer.code === 'since-ahead') reader.reset(conversationId);
        outbox.refuse(ref, refusal(answer, mayBeStored));
      } else {
        await beforeAgain(world, attempt, answer);
      }
    }
  }

  /** A message that was never sent cannot stand in the log yet: it is looked for from what is known now. */
  async #noteFirst(ref: string): Promise<void> {
    const { connection, outbox, reader } = this.#rooms;
    const message = outbox.get(ref);
    if (!message || message.since !== undefined) return;
    await connection.live();
    await reader.ready(message.conversationId);
    await outbox.note(ref, reader.feeds.knownEnd(message.conversationId));
  }

  /**
   * The server will not look that far (docs/decisions/0003). Whoever has read everything from the old `since` and has not met the
   * `ref` may send with a new one: an earlier attempt that comes later stands above it, where the server looks.
   */
  async #lookThrough({ ref, conversationId }: Unacknowledged, from: number): Promise<void> {
    const { outbox, reader } = this.#rooms;
    let since = from;
    try {
      for (let more = true; more && outbox.get(ref); ) {
        const page = await reader.pageAfter(conversationId, since);
        if (page.floor > since && outbox.get(ref)) return this.#leaveOpen(ref, 'behind');
        since = Math.max(page.upTo, page.floor);
        more = page.more;
      }
    } catch (error) {
      if (!(error instanceof ChatError) || error.code === 'closed') throw error;
      return this.#leaveOpen(ref, error.code);
    }
    await outbox.note(ref, since);
  }

  /** What cannot be read cannot be looked through: whoever was removed meanwhile, or added again, has to decide. */
  #leaveOpen(ref: string, code: string): void {
    const message = 'whether it was stored can no longer be seen; ask the person before it is written again';
    this.#rooms.outbox.refuse(ref, new ChatError(code, message, { ref, mayBeStored: true }));
  }
}
