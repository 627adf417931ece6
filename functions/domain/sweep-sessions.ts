import type { Admitting } from './caller.ts';
import type { Closer } from './revoke-session.ts';
import type { SessionRecord, Socket } from './session-record.ts';
import { type SignOut, signedOutBy } from './sign-out.ts';

/** People who are looked at again, and sockets of each that are closed, at once. */
const IN_PARALLEL = 50;

export interface SweepingRooms {
  /** Strongly consistent. */
  readonly sessions: Pick<Admitting, 'rules' | 'of'>;
  /** Everybody's records, page by page; they may be some seconds old. */
  readonly records: () => AsyncIterable<readonly SessionRecord[]>;
  readonly sockets: Closer;
  readonly now: () => number;
}

export interface Swept {
  readonly looked: number;
  readonly closed: number;
}

/**
 * Tells and closes every socket whose sign-in is over. Nothing depends on it but that the person sees it: such a socket's next frame is
 * refused anyway. Swept twice, or by two at once, it comes to the same.
 */
export async function sweepSessions({ sessions, records, sockets, now }: SweepingRooms): Promise<Swept> {
  let [looked, closed] = [0, 0];
  for await (const page of records()) {
    const overNow = (record: SessionRecord) =>
      overIn(record, (socket) => signedOutBy(sessions.rules, record, socket, now()));
    looked += page.flatMap((record) => record.sockets).length;
    const people = new Set(page.flatMap(overNow).map(({ socket }) => socket.person));
    await inParallel([...people], async (person) => {
      const over = overNow(await sessions.of(person)); // looked at again: a client told of its end erases what waits in it
      await inParallel(over, async ({ socket, reason }) => {
        await sockets.close(socket, reason);
      });
      closed += over.length;
    });
  }
  return { looked, closed };
}

async function inParallel<T>(all: readonly T[], each: (one: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < all.length; from += IN_PARALLEL)
    await Promise.all(all.slice(from, from + IN_PARALLEL).map(each));
}

function overIn(record: SessionRecord, why: (socket: Socket) => SignOut | undefined) {
  return record.sockets.flatMap((socket) => {
    const reason = why({ ...socket, ...record.entitled });
    return reason ? [{ socket, reason }] : [];
  });
}
