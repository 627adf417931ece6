import type { EntryBody } from '../../protocol/bodies.ts';
import { type LogEntry, MAX_PAGE_BYTES, type MessageNew } from '../../protocol/frames.ts';
import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import type { ReadMark } from '../domain/announcements.ts';
import type { Awaiting } from '../domain/approvals.ts';
import type { Shredding } from '../domain/ask-to-shred.ts';
import type { ChangedRetention, RetentionState } from '../domain/change-retention.ts';
import type { Head } from '../domain/conversation.ts';
import type { OpenedEntry } from '../domain/entry.ts';
import type { Hold, Release } from '../domain/holds.ts';
import type { InboxPage } from '../domain/list-conversations.ts';
import { type Phi, reveal, revealAll, type Withheld } from '../domain/phi.ts';
import type { Page } from '../domain/read-log.ts';
import type { Missed } from '../domain/sync.ts';

/** An entry as the protocol says it; `ref` is its sender's own affair. */
export function logEntry(entry: OpenedEntry, { withRef }: { withRef: boolean }): LogEntry {
  return {
    seq: entry.seq,
    messageId: entry.messageId,
    sender: entry.sender,
    at: new Date(entry.at).toISOString(),
    body: shownBody(entry.body),
    ...(withRef && { ref: entry.ref }),
  };
}

/** What somebody wrote about a conversation, for those who may read it. */
export function shownNote(note: Phi<string>): string {
  return reveal(note);
}

/** A body for those who may read it. */
export function shownBody(body: Withheld<EntryBody>): EntryBody {
  return revealAll<EntryBody>(body);
}

export function messageNew(entry: OpenedEntry, options: { withRef: boolean }): MessageNew {
  return { type: 'message.new', conversationId: entry.conversationId, ...logEntry(entry, options) };
}

/** A page of a log as the protocol says it. */
export function logPage(conversationId: ConversationId, page: Page, reader: PersonId) {
  const entries = page.entries.map((entry) => logEntry(entry, { withRef: entry.sender === reader }));
  return { conversationId, ...page, entries };
}

/** A page that reads forward, cut where it would no longer fit one frame; `more` says so. */
export function logFrame(conversationId: ConversationId, page: Page, reader: PersonId) {
  const whole = logPage(conversationId, page, reader);
  let bytes = 0;
  const fitting = whole.entries.filter((entry) => {
    bytes += Buffer.byteLength(JSON.stringify(entry)) + 1;
    return bytes <= MAX_PAGE_BYTES;
  });
  const cut = fitting.length < whole.entries.length;
  const upTo = cut ? (fitting.at(-1)?.seq ?? page.floor) : whole.upTo;
  return { type: 'conversation.log', ...whole, entries: fitting, upTo, more: whole.more || cut } as const;
}

/** The most bytes that an entry takes in a page, with the comma after it. */
export function bytesOf(entry: OpenedEntry): number {
  return Buffer.byteLength(JSON.stringify(logEntry(entry, { withRef: true }))) + 1;
}

export function synced({ conversations, ...others }: Missed, reader: PersonId) {
  const pages = conversations.map(({ conversationId, page }) => logPage(conversationId, page, reader));
  return {
    type: 'synced' as const,
    conversations: pages,
    unknown: others.unknown.map((one) => ({ ...one })),
    gone: [...others.gone],
    ...(others.next !== undefined && { next: others.next }),
  };
}

export function markedRead({ conversationId, upTo }: ReadMark) {
  return { type: 'conversation.marked-read', conversationId, upTo } as const;
}

/** A page of somebody's inbox. */
export function inbox({ entries, next }: InboxPage, reader: PersonId) {
  return {
    conversations: entries.map(({ head, title, latest, last, lastAt, readUpTo, unread }) => ({
      ...conversation(head, title),
      last,
      lastAt: new Date(lastAt).toISOString(),
      readUpTo,
      unread,
      ...(latest && { latest: logEntry(latest, { withRef: latest.sender === reader }) }),
    })),
    ...(next && { next: `${next.lastAt}.${next.conversationId}` }),
  };
}

/** A conversation as its members see it. */
export function conversation(head: Head, title?: Phi<string>) {
  return {
    conversationId: head.conversationId,
    kind: head.kind,
    members: head.members.map(({ person, role, until }) => ({
      person,
      role,
      ...(until !== undefined && { until: new Date(until).toISOString() }),
    })),
    ...(title !== undefined && { title: reveal(title) }),
    createdAt: new Date(head.createdAt).toISOString(),
  };
}

/** How far the destruction of a conversation has come. */
export function shredding(value: Shredding) {
  return value.state === 'destroyed' ? value : awaiting(value);
}

/** How long what is said may be read. */
export function retentionPolicy({ policy, restamping }: RetentionState) {
  const { days, changed } = policy;
  return {
    ...days,
    ...(changed && { changedAt: time(changed.at), changedBy: changed.by }),
    ...(changed?.requestedBy !== undefined && { requestedBy: changed.requestedBy }),
    restamping,
  };
}

/** A policy that was changed, or what its change waits for. */
export function changedRetention(value: ChangedRetention) {
  return 'policy' in value ? retentionPolicy(value) : awaiting(value);
}

/** A legal hold. */
export function hold({ restamp: _restamp, placedAt, inForceFrom, releasedAt, ...said }: Hold) {
  return {
    ...said,
    placedAt: time(placedAt),
    ...(inForceFrom !== undefined && { inForceFrom: time(inForceFrom) }),
    ...(releasedAt !== undefined && { releasedAt: time(releasedAt) }),
  };
}

/** Every hold there is and was. */
export function holdList(holds: readonly Hold[]) {
  return { holds: holds.map(hold) };
}

/** A hold that was released, or what its release waits for. */
export function release(value: Release) {
  return value.state === 'awaiting-second-person' ? awaiting(value) : hold(value);
}

function awaiting({ state, requestedBy, until }: Awaiting) {
  return { state, requestedBy, until: time(until) };
}

function time(at: number): string {
  return new Date(at).toISOString();
}
