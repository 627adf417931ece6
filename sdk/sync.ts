import type { Connection } from './connection.ts';
import { ChatError, refusal } from './errors.ts';
import type { Known } from './feeds.ts';
import type { Answer, ClientFrame, FrameOf } from './frames.ts';
import { follows } from './inbox.ts';
import type { Reader } from './reader.ts';
import { beforeAgain } from './reconnect.ts';
import type { World } from './world.ts';

/** PROTOCOL.md, "Limits": the most conversations that one frame names. */
const MAX_CURSORS = 700;

/** The server's marks lag behind what is stored by the table's stream: what the first sync could not see yet, the second does. */
const SECOND_AFTER_MS = 5000;

/** So often in a row it may fail before each conversation is asked about by itself: one that is broken must not hold up the others. */
const TRIES = 3;

type Question = Extract<ClientFrame, { type: 'sync' }>;

interface SyncRooms {
  readonly world: World;
  readonly connection: Pick<Connection, 'live' | 'state'>;
  readonly reader: Reader;
  /** The server would not: what was missed is asked for conversation by conversation. */
  refused(error: ChatError): void;
}

/** Learns what was missed in every conversation by one question, or as few as hold them; one sync at a time. */
export class Sync {
  readonly #rooms: SyncRooms;
  #isRunning = false;
  #isWanted = false;
  #callOffSecond: (() => void) | undefined;

  constructor(rooms: SyncRooms) {
    this.#rooms = rooms;
  }

  /** Asks now and once more a little later: something was missed, or may have been. */
  twice(): void {
    this.#later();
    this.once();
  }

  /** Asks now; where a sync is under way, anew after it. Without a connection it does not, and says so: coming back brings a sync. */
  once(): boolean {
    if (this.#rooms.connection.state !== 'live') return false;
    this.#isWanted = true;
    if (!this.#isRunning) void this.#run();
    return true;
  }

  /** Takes an answer that nobody waits for any more. What it says beside entries is asked for again. */
  hearLate({ conversations }: FrameOf<'synced'>): void {
    for (const { conversationId, entries } of conversations) {
      this.#rooms.reader.pushAll(conversationId, entries);
    }
    this.#later();
  }

  #later(): void {
    this.stop();
    this.#callOffSecond = this.#rooms.world.after(SECOND_AFTER_MS, () => this.once());
  }

  /** Does not ask later: the connection is gone. */
  stop(): void {
    this.#callOffSecond?.();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (this.#isWanted) await this.#askAll();
    } catch (error) {
      if (!(error instanceof ChatError)) throw error; // closed
    } finally {
      this.#isRunning = false;
    }
  }

  /**
   * Asks range by range in the order of ids. After a loss it goes on where it was, and coming back asked for another sync,
   * which looks at the earlier ranges again: their cursors have moved, so nothing comes twice.
   */
  async #askAll(): Promise<void> {
    const { world, connection, reader } = this.#rooms;
    let after: string | undefined;
    let failures = 0;
    for (let attempt = 0; ; attempt += 1) {
      const socket = await connection.live();
      if (after === undefined) this.#isWanted = false;
      if (failures === TRIES) {
        reader.tellEarly();
        return reader.catchUpEach();
      }
      if (!socket.features.has('sync')) {
        this.stop();
        reader.endEarly();
        return reader.catchUpEach();
      }
      const known = reader.feeds.known();
      const question = questionAfter(after, known);
      const answer: Answer = await socket.askInTurn(
        question,
        (frame) => frame.type === 'synced' && isWithin(question, frame),
      );
      if (answer.type === 'synced') {
        this.#take(question, answer, known);
        after = answer.next ?? question.through;
        if (after === undefined) return reader.endEarly();
        attempt = -1;
        failures = 0;
      } else if (answer.type === 'refused' && !answer.retryable) {
        socket.features.delete('sync');
        this.#rooms.refused(refusal(answer));
      } else {
        if (answer.type === 'lost' && answer.by !== 'throttled') failures += 1;
        await beforeAgain(world, attempt, answer);
      }
    }
  }

  #take(
    { cursors }: Question,
    { conversations, unknown, gone, next }: FrameOf<'synced'>,
    known: ReadonlyMap<string, Known>,
  ): void {
    const { reader } = this.#rooms;
    const changed = new Set(conversations.map(({ conversationId }) => conversationId));
    for (const [id, end] of Object.entries(cursors)) {
      if (!changed.has(id) && (next === undefined || id <= next)) reader.nothingAfter(id, end);
    }
    for (const { conversationId, ...page } of conversations) {
      const since = known.get(conversationId)?.end;
      if (since !== undefined && follows(since, page)) reader.takePage(conversationId, since, page);
      else reader.pushAll(conversationId, page.entries); // a late answer to an earlier question
    }
    for (const { conversationId, last } of unknown) reader.meet(conversationId, last);
    for (const conversationId of gone) {
      const asked = known.get(conversationId);
      if (asked) reader.lose(conversationId, asked.highest);
    }
  }
}

/** The next range: as many conversations as a frame may name, and only the last range is open towards those not named. */
function questionAfter(after: string | undefined, known: ReadonlyMap<string, Known>): Question {
  const ids = [...known.keys()].filter((id) => after === undefined || id > after).sort();
  const through = ids.length > MAX_CURSORS ? ids[MAX_CURSORS - 1] : undefined;
  return {
    type: 'sync',
    cursors: Object.fromEntries(ids.slice(0, MAX_CURSORS).map((id) => [id, known.get(id)?.end ?? 0])),
    ...(after !== undefined && { after }),
    ...(through !== undefined && { through }),
  };
}

/** Whether everything that is named lies in the range that was asked for: a late answer to another question may not. */
function isWithin({ after, through }: Question, answer: FrameOf<'synced'>): boolean {
  const named = [...answer.conversations, ...answer.unknown].map(({ conversationId }) => conversationId);
  if (answer.next !== undefined) named.push(answer.next);
  return [...named, ...answer.gone].every(
    (id) => (after === undefined || id > after) && (through === undefined || id <= through),
  );
}
