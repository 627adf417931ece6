import type { MessageBody } from '../../protocol/bodies.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import { type Announcements, joinedBy, socketsOf } from './announcements.ts';
import type { Admitting, Caller } from './caller.ts';
import { type ClaimingRooms, carries, claimAttachment } from './claim-attachment.ts';
import { checkPhoto } from './clinical-photo.ts';
import { type Head, isExpired, storedUntil } from './conversation.ts';
import { KeyDestroyed } from './data-key.ts';
import type { Decided, Decision } from './decision.ts';
import {
  type Entry,
  type EntryDraft,
  hashOf,
  isMembership,
  type MessageEntry,
  type OpenedEntry,
} from './entry.ts';
import { Fault } from './fault.ts';
import type { Log } from './log.ts';
import { settle } from './membership.ts';
import { isSameThroughout, type Withheld } from './phi.ts';
import { allow, refuse } from './policy.ts';
import { openEntry } from './read-log.ts';
import { headUnder, type Retention } from './retention.ts';
import type { Socket } from './session-record.ts';
import type { Vault } from './vault.ts';

/** The newest entries that every send looks at: six texts of 300 bytes fit one read unit of 4 KB. */
export const PAGE = 6;

/** Entries that one send looks through for an earlier message of the same `ref`. */
export const LOOK_BACK = 1_000;

/** Looks at a head that asks to yield, before the send goes on all the same. */
const MOST_WAITS = 40;

/** Lost races after which the sender is asked to try again. */
const ATTEMPTS = 64;

/** What a member wants said. */
export interface Draft {
  readonly ref: string;
  readonly conversationId: ConversationId;
  readonly since: number;
  readonly body: Withheld<MessageBody>;
}

export interface SendingRooms extends ClaimingRooms {
  readonly sessions: Admitting;
  readonly log: Log;
  readonly vault: Vault;
  /** Asked where a repeat is to be answered: a first send goes by what the head carries. */
  readonly retention: Retention;
  readonly announcements: Announcements;
  readonly newId: () => string;
  /** Waits a little, longer and more at random the more races were lost. */
  readonly pause: (lostRaces: number) => Promise<void>;
}

/** What a send has seen of its conversation so far: settled head, and every entry above `since` that it may repeat. */
interface View {
  readonly head: Head;
  readonly newest: Entry | undefined;
}

/**
 * Stores the message once per sender and `ref`, at the next place of the conversation's order, and announces it to
 * everybody who may hear it. A repeat answers with the first message again.
 *
 * @throws Refusal `not-a-member`, `ref-reused`, `behind`, `since-ahead`, `busy`, `shredded`, and what {@link claimAttachment} refuses
 */
export async function sendMessage(
  rooms: SendingRooms,
  admitted: Promise<Caller>,
  draft: Draft,
): Promise<Decided<OpenedEntry>> {
  const { log } = rooms;
  const [caller, head, page] = await Promise.all([
    admitted,
    log.head(draft.conversationId),
    log.newest(draft.conversationId, PAGE),
  ]);
  const passed = head && (await letPass(rooms, head));
  const seen = passed && (await upToDate(log, passed, page)); // before the rule: who was just added is a member
  const { conversationId } = draft;
  let decision = allow('message.send', caller, { conversationId, head: seen?.head });
  if (!seen) throw new Fault('a conversation without a head was allowed');
  if (seen.head.shreddedAt !== undefined) throw refuse(decision, 'not-destroyed', 'shredded');
  const known = seen.entries;
  let view: View = { head: seen.head, newest: known.at(-1) };
  let repeat = await findRepeat(log, draft, caller, decision, view, known);
  let sockets: Promise<readonly Socket[]> | undefined;
  const audience = () => {
    sockets ??= socketsOf(rooms.sessions, view.head, caller, rooms.now());
    return sockets;
  };

  const { body } = draft;
  if (!repeat && carries(body)) await claimAttachment(rooms, caller, decision, seen.head, { ...draft, body });
  for (let lostRaces = 0; !repeat && lostRaces < ATTEMPTS; lostRaces += 1) {
    const entry = await sealed(rooms, draft, caller, view).catch((error: unknown) => {
      throw error instanceof KeyDestroyed ? refuse(decision, 'not-destroyed', 'shredded') : error;
    });
    const [appended, open] = await Promise.all([
      log.append(entry, storedUntil(view.head, entry)),
      audience(),
    ]);
    if (appended.outcome === 'stored') {
      const opened = { ...entry, body: draft.body };
      await rooms.announcements.announce(opened, joinedBy(view.head, open, entry.seq));
      return { decision: { ...decision, inLog: true }, value: opened };
    }

    if (lostRaces > 0) await rooms.pause(lostRaces);
    const winner = appended.outcome === 'lost' ? [appended.winner] : [];
    const missed = [
      ...winner,
      ...(await allAbove(log, draft.conversationId, winner[0]?.seq ?? entry.seq - 1)),
    ];
    const { head: settled, entries } = await upToDate(log, view.head, missed, view.newest);
    repeat = entries.find((other) => isRepeat(other, draft, caller));
    if (settled !== view.head) {
      decision = allow('message.send', caller, { conversationId, head: settled });
      sockets = undefined;
      if (!repeat && body.kind === 'clinical-photo') await checkPhoto(rooms, caller, decision, settled, body);
    }
    view = { head: settled, newest: entries.at(-1) ?? view.newest };
  }

  if (!repeat) throw refuse(decision, 'one-ref-one-message', 'busy');
  const isOwn = repeat.source !== undefined && repeat.source.requestId === caller.source?.requestId; // its reply was lost
  const recorded: Decision = isOwn ? { ...decision, inLog: true } : decision;
  return answerAgain(rooms, draft, recorded, { repeat, head: view.head, sockets: await audience() });
}

/** The head once no change of membership waits for its place: that takes several writes at once, and would lose to single ones. */
async function letPass(rooms: SendingRooms, head: Head): Promise<Head> {
  let current = head;
  for (let waits = 1; (current.yieldUntil ?? 0) > rooms.now() && waits <= MOST_WAITS; waits += 1) {
    await rooms.pause(waits);
    current = (await rooms.log.head(head.conversationId)) ?? current;
  }
  return current;
}

/**
 * A head and all entries up to it that agree: no entry knows of members that the head does not, and nothing is left out
 * between what was read and a head that was read later, since a repeat may stand there, or a removal.
 */
async function upToDate(
  log: Log,
  head: Head,
  read: readonly Entry[],
  newest: Entry | undefined = undefined,
): Promise<{ readonly head: Head; readonly entries: readonly Entry[] }> {
  let [standing, entries] = [head, read];
  for (;;) {
    standing = await settle(log, standing, entries, log.rebuild);
    const end = (entries.at(-1) ?? newest)?.seq ?? 0;
    const missed = standing.last > end ? await allAbove(log, head.conversationId, end) : [];
    if (missed.length === 0) return { head: standing, entries };
    entries = [...entries, ...missed];
  }
}

async function findRepeat(
  log: Log,
  draft: Draft,
  caller: Caller,
  decision: Decision,
  view: View,
  known: readonly Entry[],
): Promise<MessageEntry | undefined> {
  const end = lastOf(view);
  if (draft.since > end) throw refuse(decision, 'one-ref-one-message', 'since-ahead');

  const inPage = known.find((entry) => isRepeat(entry, draft, caller));
  const unseen = (known[0]?.seq ?? end + 1) - 1 - draft.since;
  if (inPage || unseen <= 0) return inPage;

  if (unseen > LOOK_BACK) throw refuse(decision, 'one-ref-one-message', 'behind');
  const older = await log.forward(draft.conversationId, draft.since, unseen);
  const found = older.entries.find((entry) => isRepeat(entry, draft, caller));
  if (!found && older.more && (older.entries.at(-1)?.seq ?? end) < draft.since + unseen) {
    throw refuse(decision, 'one-ref-one-message', 'behind');
  }
  return found;
}

function isRepeat(entry: Entry, draft: Draft, caller: Caller): entry is MessageEntry {
  return !isMembership(entry) && entry.ref === draft.ref && entry.sender === caller.person;
}

async function sealed(rooms: SendingRooms, draft: Draft, caller: Caller, view: View): Promise<MessageEntry> {
  const { head, newest } = view;
  const seq = lastOf(view) + 1;
  const fields: EntryDraft = {
    conversationId: draft.conversationId,
    seq,
    messageId: rooms.newId(),
    sender: caller.person,
    ref: draft.ref,
    at: Math.max(rooms.now(), newest?.at ?? 0, head.lastAt), // never before its predecessor, so that what expires is a prefix
    prev: newest?.seq === seq - 1 ? hashOf(newest) : head.lastHash,
    membersVersion: head.membersVersion,
    ...(carries(draft.body) && { attachmentId: draft.body.attachmentId }),
    ...(caller.source && { source: caller.source }),
  };
  return { ...fields, sealed: await rooms.vault.sealBody(fields, draft.body) };
}

function lastOf({ head, newest }: View): number {
  return Math.max(newest?.seq ?? 0, head.last);
}

/** Everything stored above `after`: one read forward instead of one lost race for each. */
async function allAbove(log: Log, conversationId: ConversationId, after: number): Promise<readonly Entry[]> {
  const seen: Entry[] = [];
  for (;;) {
    const stretch = await log.forward(conversationId, seen.at(-1)?.seq ?? after, LOOK_BACK);
    seen.push(...stretch.entries);
    if (!stretch.more || stretch.entries.length === 0) return seen;
  }
}

async function answerAgain(
  rooms: SendingRooms,
  draft: Draft,
  decision: Decision,
  { repeat, head, sockets }: { repeat: MessageEntry; head: Head; sockets: readonly Socket[] },
): Promise<Decided<OpenedEntry>> {
  const read = headUnder(await rooms.retention.standing(), head);
  const stored = isExpired(read, repeat, rooms.now()) ? undefined : await openEntry(rooms.vault, repeat);
  if (!stored) return { decision, value: { ...repeat, body: draft.body } }; // and nobody hears it
  const { body } = stored;
  if (!isSameThroughout(body, draft.body)) throw refuse(decision, 'one-ref-one-message', 'ref-reused');
  const opened = { ...repeat, body };
  await rooms.announcements.announce(opened, joinedBy(head, sockets, repeat.seq));
  return { decision, value: opened };
}
