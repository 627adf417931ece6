import { expect } from 'vitest';
import type { BareSocket } from '../../fixtures/bare-socket.ts';
import { sending } from './clinic.ts';

/** Somebody who writes to a conversation without a pause until told to stop, on one socket. */
export interface Writer {
  readonly accepted: () => number;
  readonly refused: () => readonly string[];
  /** Resolves when the next refusal comes, with the moment on the monotonic clock; fails where none comes for half a minute. */
  nextRefusal(): Promise<number>;
  /** Resolves when so many more were accepted. */
  more(count: number): Promise<void>;
  /** Resolves when every message has its answer. */
  stop(): Promise<void>;
}

/** So many messages are on their way at any time; with one, each is sent when the one before is answered, as the SDK does. */
export function writeWithoutPause(socket: BareSocket, conversationId: string, lanes = 1): Writer {
  let isOver = false;
  let accepted = 0;
  let since = 0;
  const refused: string[] = [];
  const waiting: ((at: number) => void)[] = [];
  const write = async () => {
    while (!isOver) {
      const frame = sending(conversationId, 'one of many', { since });
      const answer = await socket.ask(frame, ({ ref, type }) => ref === frame.ref && type !== 'message.new');
      if (answer.type === 'message.accepted') {
        accepted += 1;
        since = Math.max(since, Number(answer.seq));
      } else {
        refused.push(String(answer.code));
        for (const tell of waiting.splice(0)) tell(performance.now());
      }
    }
  };
  const written = Promise.all(Array.from({ length: lanes }, write));
  written.catch(() => {}); // `stop` tells
  return {
    accepted: () => accepted,
    refused: () => refused,
    nextRefusal: () => {
      const next = refusal(waiting);
      next.catch(() => {}); // whoever waits meets it
      return next;
    },
    more: async (count) => {
      const until = accepted + count;
      await expect.poll(() => accepted, { interval: 5, timeout: 60_000 }).toBeGreaterThanOrEqual(until);
    },
    stop: async () => {
      isOver = true;
      await written;
    },
  };
}

async function refusal(waiting: ((at: number) => void)[]): Promise<number> {
  let moment: number | undefined;
  waiting.push((at) => {
    moment = at;
  });
  await expect
    .poll(() => moment, { interval: 5, timeout: 30_000, message: 'nobody is refused' })
    .toBeDefined();
  return moment ?? Number.NaN;
}
