import type { ConversationId, PersonId } from '../../protocol/ids.ts';
import { MAX_UNREAD } from '../../protocol/requests.ts';
import type { Caller } from './caller.ts';
import type { Head } from './conversation.ts';
import { KeyDestroyed } from './data-key.ts';
import type { Decided } from './decision.ts';
import { isMembership, type OpenedEntry } from './entry.ts';
import type { Listing, Lists, Standing, Standings } from './lists.ts';
import type { Phi } from './phi.ts';
import { allowOwn } from './policy.ts';
import { openEntry, type ReadingRooms, readSealed } from './read-log.ts';
import { Refusal } from './refusal.ts';
import { readOnce } from './retention.ts';
import { PAGE } from './send-message.ts';

/** Conversations of a list that one read asks for: all, as far as a read of 1 MB goes. */
const LIST_PAGE = 10_000;

export interface ListingRooms extends ReadingRooms {
  readonly lists: Pick<Lists, 'page'>;
  readonly standings: Standings;
  /** Told what did not open: the rest of the inbox stands without it. */
  readonly failed: (conversationId: ConversationId, error: unknown) => void;
}

/** A conversation's place in an inbox: newest first, and by id where two are as new. */
export interface InboxPlace {
  readonly lastAt: number;
  readonly conversationId: ConversationId;
}

/** A conversation as it stands in one person's inbox. */
export interface InboxEntry {
  readonly head: Head;
  readonly title?: Phi<string> | undefined;
  readonly last: number;
  readonly lastAt: number;
  readonly readUpTo: number;
  /** Others' messages above `readUpTo` that may still be seen, among the newest `MAX_UNREAD` entries. */
  readonly unread: number;
  readonly latest?: OpenedEntry | undefined;
}

export interface InboxPage {
  readonly entries: readonly InboxEntry[];
  /** Where the next page begins; absent on the last. */
  readonly next?: InboxPlace;
}

/** A conversation of somebody's list and how far it has come. */
type Listed = Listing & Standing;

/**
 * The caller's conversations by last activity, newest first, from after `after` on. The order follows the heads' marks
 * and so may lag the logs by a second; what is unread is counted in the logs themselves.
 */
export async function listConversations(
  rooms: ListingRooms,
  admitted: Promise<Caller>,
  { after, limit }: { after?: InboxPlace | undefined; limit: number },
): Promise<Decided<InboxPage>> {
  const caller = await admitted;
  const decision = allowOwn('conversation.list', caller);
  const listed = (await wholeList(rooms, caller.person)).toSorted(inOrder);
  const rest = after ? listed.filter((one) => inOrder(after, one) < 0) : listed;
  const page = rest.slice(0, limit);
  const byOnePolicy = { ...rooms, retention: readOnce(rooms.retention) };
  const found = await Promise.all(page.map((one) => entryOf(byOnePolicy, caller, one)));
  const entries = found.filter((entry) => entry !== undefined);
  const end = page.at(-1);
  return {
    decision: { ...decision, opened: entries.map(({ head }) => head.conversationId) },
    value: { entries, ...(end && rest.length > page.length && { next: end }) },
  };
}

function inOrder(one: InboxPlace, other: InboxPlace): number {
  if (one.lastAt !== other.lastAt) return other.lastAt - one.lastAt;
  if (one.conversationId === other.conversationId) return 0;
  return one.conversationId < other.conversationId ? -1 : 1;
}

/** Every conversation of the list whose head shows; one that began this instant comes a moment later. */
async function wholeList({ lists, standings }: ListingRooms, person: PersonId): Promise<readonly Listed[]> {
  const listings: Listing[] = [];
  for (let more = true; more; ) {
    const page = await lists.page(person, { after: listings.at(-1)?.conversationId }, LIST_PAGE);
    listings.push(...page.listings);
    more = page.more;
  }
  const known = await standings.of(listings.map(({ conversationId }) => conversationId));
  return listings.flatMap((listing) => {
    const standing = known.get(listing.conversationId);
    return standing ? [{ ...listing, ...standing }] : [];
  });
}

/** One conversation by one read of its log, and none where the caller turns out to be no member. */
async function entryOf(rooms: ListingRooms, caller: Caller, listed: Listed): Promise<InboxEntry | undefined> {
  const { conversationId, readUpTo, lastAt } = listed;
  // what is above the mark, and the few newest anyway: the latest message is among them though it was read
  const above = Math.max(0, Math.min(readUpTo, listed.last - PAGE));
  const range = { before: Number.POSITIVE_INFINITY, above };
  const read = readSealed(
    rooms,
    Promise.resolve(caller),
    'conversation.list',
    conversationId,
    range,
    MAX_UNREAD,
  );
  const part = await read.catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'not-a-member') return undefined; // the list showed it a moment longer
    throw error;
  });
  if (!part) return undefined;

  const { head, entries, upTo } = part.value;
  const messages = entries.filter((entry) => !isMembership(entry));
  const latest = messages.at(-1);
  const failed = (error: unknown) => {
    if (!(error instanceof KeyDestroyed)) rooms.failed(conversationId, error);
  };
  const [title, opened] = await Promise.all([
    head.title && rooms.vault.openTitle(conversationId, head.title).catch(failed),
    latest && openEntry(rooms.vault, latest).catch(failed),
  ]);
  return {
    head,
    title: title ?? undefined,
    last: Math.max(head.last, upTo),
    lastAt,
    readUpTo,
    unread: messages.filter(({ seq, sender }) => seq > readUpTo && sender !== caller.person).length,
    latest: opened ?? undefined,
  };
}
