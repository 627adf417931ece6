import { createHash } from 'node:crypto';
import { AMENDMENT_DAYS, AMENDMENT_MORE_DAYS } from '../../protocol/amendments.ts';
import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import { type AppendingRooms, appendMembership } from './append-membership.ts';
import type { Caller } from './caller.ts';
import { KeyDestroyed } from './data-key.ts';
import type { Decided, Decision } from './decision.ts';
import { isMembership, lengthPrefixed, type Sealed } from './entry.ts';
import { Fault } from './fault.ts';
import { idFrom } from './id.ts';
import { isSame, type Phi } from './phi.ts';
import { allowOwn, refuse } from './policy.ts';
import { type ReadingRooms, readSealed } from './read-log.ts';
import type { Notes } from './vault.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Who decided something about an amendment, and why. Times are milliseconds since the epoch. */
interface Judged {
  readonly by: PersonId;
  readonly at: number;
  readonly note: Sealed;
}

/** A request to amend what a message says, and what came of it. */
export interface Amendment {
  readonly amendmentId: string;
  readonly conversationId: ConversationId;
  readonly seq: number;
  readonly person: PersonId;
  readonly at: number;
  readonly state: 'open' | 'accepted' | 'denied';
  readonly text: Sealed;
  readonly extended?: Judged;
  readonly decided?: Judged;
}

/** Every request there was. Reads are strongly consistent. */
export interface Amendments {
  all(): Promise<readonly Amendment[]>;
  one(amendmentId: string): Promise<Amendment | undefined>;
  /** Keeps it unless one of its id stands; gives what stands. */
  begin(amendment: Amendment): Promise<Amendment>;
  /** Puts `after` in the place of one that is open and was put off as often as `before`; says whether it did. */
  replace(before: Amendment, after: Amendment): Promise<boolean>;
}

/** An amendment with what was written, as far as it still opens. */
export interface OpenedAmendment {
  readonly amendment: Amendment;
  readonly text: Phi<string> | undefined;
  readonly decided: Phi<string> | undefined;
  readonly extended: Phi<string> | undefined;
}

/** Until when it is decided on. */
export function dueBy({ at, extended }: Amendment): number {
  return at + (AMENDMENT_DAYS + (extended ? AMENDMENT_MORE_DAYS : 0)) * DAY_MS;
}

export interface AskingRooms extends Omit<ReadingRooms, 'vault'> {
  readonly amendments: Pick<Amendments, 'one' | 'begin'>;
  readonly notes: Notes;
}

/**
 * Keeps the wish of a patient, or of who acts for them, that a message be amended which they may read. The same `ref` is one request.
 *
 * @throws Refusal `not-a-member`, `not-allowed`, `since-ahead`, `unknown-message`, `ref-reused`, `shredded`
 */
export async function askAmendment(
  rooms: AskingRooms,
  admitted: Promise<Caller>,
  wish: {
    readonly ref: string;
    readonly conversationId: ConversationId;
    readonly seq: number;
    readonly text: Phi<string>;
  },
): Promise<Decided<OpenedAmendment>> {
  const { conversationId, seq, text } = wish;
  const from = { after: seq - 1 };
  const read = await readSealed(rooms, admitted, 'amendment.ask', conversationId, from, 1);
  const { person } = await admitted;
  const entry = read.value.entries.find((one) => one.seq === seq);
  if (!entry || isMembership(entry)) throw refuse(read.decision, 'known-messages', 'unknown-message');
  const decision: Decision = { ...read.decision, people: [entry.sender] };

  const amendmentId = idFrom(digest(['amendment', person, wish.ref]));
  const at = rooms.now();
  const place = { conversationId, of: amendmentId, field: 'text' } as const;
  const sealed = await rooms.notes.sealNote(place, at, text).catch(whereDestroyed(decision));
  const wanted: Amendment = { amendmentId, conversationId, seq, person, at, state: 'open', text: sealed };
  const value = await openedWith(rooms.notes, await rooms.amendments.begin(wanted));
  const { amendment } = value;
  const isSamePlace = amendment.conversationId === conversationId && amendment.seq === seq;
  if (!isSamePlace || !isSame(value.text, text)) throw refuse(decision, 'one-ref-one-message', 'ref-reused');
  return { decision, value };
}

/**
 * Tells a member what was amended, and whoever asked for it what came of it.
 *
 * @throws Refusal `not-a-member`, `since-ahead`, `unknown-amendment`
 */
export async function readAmendment(
  rooms: AskingRooms,
  admitted: Promise<Caller>,
  { conversationId, amendmentId }: { readonly conversationId: ConversationId; readonly amendmentId: string },
): Promise<Decided<OpenedAmendment>> {
  const found = await rooms.amendments.one(amendmentId);
  const seq = found?.conversationId === conversationId ? found.seq : 1;
  const from = { after: seq - 1 };
  const read = await readSealed(rooms, admitted, 'amendment.read', conversationId, from, 1);
  const { person } = await admitted;
  const isThere =
    found?.conversationId === conversationId && read.value.entries.some((one) => one.seq === seq);
  const isTold = found?.state === 'accepted' || found?.person === person;
  if (!found || !isThere || !isTold) throw refuse(read.decision, 'known-amendments', 'unknown-amendment');
  return {
    decision: { ...read.decision, people: [found.person] },
    value: await openedWith(rooms.notes, found),
  };
}

export interface DecidingRooms extends AppendingRooms {
  readonly amendments: Pick<Amendments, 'all' | 'one' | 'replace'>;
  readonly notes: Notes;
}

/**
 * Tells every request there was, the one that is due first at the beginning.
 *
 * @throws Refusal `not-allowed`
 */
export async function listAmendments(
  { amendments, notes }: Pick<DecidingRooms, 'amendments' | 'notes'>,
  admitted: Promise<Caller>,
): Promise<Decided<readonly OpenedAmendment[]>> {
  const decision = allowOwn('amendment.list', await admitted);
  const all = (await amendments.all()).toSorted(
    (one, other) =>
      Number(one.state !== 'open') - Number(other.state !== 'open') || dueBy(one) - dueBy(other),
  );
  const opened = [...new Set(all.map(({ conversationId }) => conversationId))];
  const people = [...new Set(all.map(({ person }) => person))];
  const value = await Promise.all(all.map((one) => openedWith(notes, one)));
  return { decision: { ...decision, opened, people }, value };
}

/**
 * Decides on a request, or puts that off, once. Where it is accepted, the conversation's log says so, with the place of the message, so that
 * whoever reads that message finds the amendment beside it; it does so before the decision stands, and once more where that failed.
 *
 * @throws Refusal `not-allowed`, `unknown-amendment`, `already-decided`, `shredded`, `busy`
 */
export async function decideAmendment(
  rooms: DecidingRooms,
  admitted: Promise<Caller>,
  wish: {
    readonly amendmentId: string;
    readonly decision: 'accepted' | 'denied' | 'extended';
    readonly note: Phi<string>;
  },
): Promise<Decided<OpenedAmendment>> {
  const caller = await admitted;
  const { amendmentId, note } = wish;
  const allowed: Decision = { ...allowOwn('amendment.decide', caller), object: amendmentId };
  const found = await rooms.amendments.one(amendmentId);
  if (!found) throw refuse(allowed, 'known-amendments', 'unknown-amendment');
  const { conversationId, person } = found;
  const decision = { ...allowed, opened: [conversationId], people: [person] };
  const isOpen = found.state === 'open' && (wish.decision !== 'extended' || !found.extended);
  if (!isOpen) throw refuse(decision, 'one-review', 'already-decided');

  const at = rooms.now();
  const field = wish.decision === 'extended' ? 'reason' : 'note';
  const place = { conversationId, of: amendmentId, field } as const;
  const sealed = await rooms.notes.sealNote(place, at, note).catch(whereDestroyed(decision));
  const judged = { by: caller.person, at, note: sealed };
  const after: Amendment =
    wish.decision === 'extended'
      ? { ...found, extended: judged }
      : { ...found, state: wish.decision, decided: judged };
  if (after.state === 'accepted') await enterIntoLog(rooms, caller, decision, found);
  if (!(await rooms.amendments.replace(found, after)))
    throw refuse(decision, 'one-review', 'already-decided');
  return { decision, value: await openedWith(rooms.notes, after) };
}

async function enterIntoLog(
  rooms: DecidingRooms,
  caller: Caller,
  decision: Decision,
  { conversationId, amendmentId, person, seq: of }: Amendment,
): Promise<void> {
  const written = await appendMembership(rooms, { person: caller.person, caller }, conversationId, {
    person,
    changeOf: () => ({ kind: 'amendment.accepted', person, of, amendmentId }),
    check: () => {}, // it changes no members
  });
  if (written === 'gone') throw new Fault('a conversation without a head has an amendment');
  if (written === 'busy') throw refuse(decision, 'one-ref-one-message', 'busy');
}

function whereDestroyed(decision: Decision) {
  return (error: unknown): never => {
    throw error instanceof KeyDestroyed ? refuse(decision, 'not-destroyed', 'shredded') : error;
  };
}

async function openedWith(notes: Notes, amendment: Amendment): Promise<OpenedAmendment> {
  const { conversationId, amendmentId: of } = amendment;
  const open = async (field: 'text' | 'note' | 'reason', sealed: Sealed | undefined) => {
    if (!sealed) return undefined;
    return notes.openNote({ conversationId, of, field }, sealed).catch((error: unknown) => {
      if (error instanceof KeyDestroyed) return undefined;
      throw error;
    });
  };
  const [text, decided, extended] = await Promise.all([
    open('text', amendment.text),
    open('note', amendment.decided?.note),
    open('reason', amendment.extended?.note),
  ]);
  return { amendment, text, decided, extended };
}

function digest(parts: readonly string[]): Buffer {
  return createHash('sha256').update(lengthPrefixed(parts)).digest();
}
