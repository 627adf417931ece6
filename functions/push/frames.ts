import { type LogEntry, MAX_PAGE_BYTES, type MessageNew } from '../../protocol/frames.ts';
import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import type { Head } from '../domain/conversation.ts';
import type { OpenedEntry } from '../domain/entry.ts';
import type { Page } from '../domain/read-log.ts';

/** An entry as the protocol says it; `ref` is its sender's own affair. */
export function logEntry(entry: OpenedEntry, { withRef }: { withRef: boolean }): LogEntry {
  return {
    seq: entry.seq,
    messageId: entry.messageId,
    sender: entry.sender,
    at: new Date(entry.at).toISOString(),
    body: entry.body,
    ...(withRef && { ref: entry.ref }),
  };
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

/** A conversation as its members see it. */
export function conversation(head: Head, title?: string) {
  return {
    conversationId: head.conversationId,
    kind: head.kind,
    members: head.members.map(({ person, role }) => ({ person, role })),
    ...(title !== undefined && { title }),
    createdAt: new Date(head.createdAt).toISOString(),
  };
}
