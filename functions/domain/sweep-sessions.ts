import type { Admitting, SessionRecord, Socket } from './caller.ts';
import type { Closer } from './revoke-session.ts';
import { type SignOut, signedOutBy } from './sign-out.ts';

/** Sockets that are closed at once. */
const IN_PARALLEL = 50;

export interface SweepingRooms {
  readonly sessions: Pick<Admitting, 'rules'>;
  /** Everybody's records, page by page. */
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
    const over = page.flatMap((record) =>
      overIn(record, (socket) => signedOutBy(sessions.rules, record, socket, now())),
    );
    looked += page.flatMap((record) => record.sockets).length;
    closed += over.length;
    for (let from = 0; from < over.length; from += IN_PARALLEL) {
      const some = over.slice(from, from + IN_PARALLEL);
      await Promise.all(some.map(({ socket, reason }) => sockets.close(socket, reason)));
    }
  }
  return { looked, closed };
}

function overIn(record: SessionRecord, why: (socket: Socket) => SignOut | undefined) {
  return record.sockets.flatMap((socket) => {
    const reason = why({ ...socket, ...record.entitled });
    return reason ? [{ socket, reason }] : [];
  });
}
