import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import { type Admitting, type Caller, isLive } from './caller.ts';
import { type Head, membersAt } from './conversation.ts';
import type { OpenedEntry } from './entry.ts';
import { hears } from './relation.ts';
import type { Socket } from './session-record.ts';

/** Tells open sockets of an entry. At least once, never authoritative: a socket that is gone is forgotten. */
export interface Announcements {
  announce(entry: OpenedEntry, to: readonly Socket[]): Promise<void>;
}

/** How far somebody has read. */
export interface ReadMark {
  readonly conversationId: ConversationId;
  readonly upTo: number;
}

/** Tells somebody's own sockets how far they have read, as {@link Announcements} does. */
export interface MarkAnnouncements {
  announceMark(mark: ReadMark, to: readonly Socket[]): Promise<void>;
}

/**
 * Every live socket of those who may hear what is said in `head`'s conversation, but the one the caller's frame came from,
 * where somebody called. Whose role was changed meanwhile hears by the new one; whoever is signed out by time hears nothing, though no
 * sweep has come by yet.
 */
export async function socketsOf(
  sessions: Pick<Admitting, 'ofMany' | 'rules'>,
  head: Head,
  caller: Pick<Caller, 'person' | 'otherSockets'> | undefined,
  now: number,
): Promise<readonly Socket[]> {
  const others = membersAt(head, now)
    .map((member) => member.person)
    .filter((person) => person !== caller?.person);
  const records = await sessions.ofMany(others);
  const sockets = [...records.values()].flatMap((record) =>
    record.sockets.filter(
      (socket) =>
        isLive(sessions.rules, record, socket, now) &&
        hears({ ...(record.entitled ?? socket), person: socket.person, askedAt: now }, head),
    ),
  );
  return [...sockets, ...(caller?.otherSockets ?? [])].filter((socket) => socket.expiresAt > now);
}

/** Those who were members when `seq` was written, and still are. */
export function membersOfSeq(head: Head, seq: number): ReadonlySet<PersonId> {
  return new Set(head.members.filter((member) => member.joined <= seq).map((member) => member.person));
}

/** The sockets of those who were members when `seq` was written. */
export function joinedBy(head: Head, sockets: readonly Socket[], seq: number): readonly Socket[] {
  const joined = membersOfSeq(head, seq);
  return sockets.filter((socket) => joined.has(socket.person));
}
