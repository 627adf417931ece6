import { MAX_PAGE_BYTES } from '../../protocol/frames.ts';
import type { ConversationId } from '../../protocol/ids.ts';
import type { Caller } from './caller.ts';
import type { Decided } from './decision.ts';
import type { OpenedEntry } from './entry.ts';
import type { IdRange, Listing, Lists, Standing, Standings } from './lists.ts';
import { allowOwn } from './policy.ts';
import { openEntry, type Page, type ReadingRooms, readSealed, type SealedPage } from './read-log.ts';
import { Refusal } from './refusal.ts';
import { readOnce } from './retention.ts';

/** Entries of one conversation that one answer holds: who missed more asks for that conversation alone. */
const MOST_ENTRIES = 50;

/** Conversations on the list that one answer looks at. */
const MOST_LISTED = 1_000;

/** Logs that are read at once. */
const IN_PARALLEL = 20;

/** Bytes of JSON, each the most it can be: the frame around the parts, an id, an unknown conversation, an empty page. */
const size = { frame: 120, id: 30, unknown: 80, page: 150 } as const;

export interface SyncingRooms extends ReadingRooms {
  readonly lists: Pick<Lists, 'page'>;
  readonly standings: Standings;
  /** The most bytes that an entry takes in an answer, as JSON and with what stands between two. */
  readonly bytesOf: (entry: OpenedEntry) => number;
  /** Told what went wrong with one conversation: the others are answered all the same. */
  readonly failed: (conversationId: ConversationId, error: unknown) => void;
}

/** What a client knows: the highest contiguous `seq`, by conversation; and which conversations it asks about. */
export interface SyncQuestion extends IdRange {
  readonly cursors: ReadonlyMap<ConversationId, number>;
}

/** What was missed. What is named nowhere in it, up to `next`, had nothing new. */
export interface Missed {
  readonly conversations: readonly { readonly conversationId: ConversationId; readonly page: Page }[];
  readonly unknown: readonly { readonly conversationId: ConversationId; readonly last: number }[];
  readonly gone: readonly ConversationId[];
  /** Conversations up to it are accounted for, and there may be more; absent where all are. */
  readonly next?: ConversationId;
}

type AnsweringRooms = Pick<SyncingRooms, 'vault' | 'bytesOf' | 'failed'>;

/** A conversation that is on the list, or known to the client, or both. */
interface Place {
  readonly conversationId: ConversationId;
  readonly isListed: boolean;
  readonly cursor?: number | undefined;
  readonly standing?: Standing | undefined;
}

/** What there is to say of a place. */
type News = 'nothing' | 'unknown' | 'gone' | Omit<SealedPage, 'head'>;

/**
 * Tells what the caller missed in all of their conversations, by ascending id, as much as one frame holds. At least one
 * conversation is accounted for by every answer, so that asking again from `next` comes to an end.
 *
 * What goes wrong with one conversation keeps no other back: it is a page of nothing and more, so that it is asked for by
 * itself, and fails by itself. Heads are read eventually consistent: their marks follow the logs by a second anyway, so a client syncs again 5 s
 * after it has connected, and half the price is enough. The list, which says who may hear what, is not.
 */
export async function sync(
  rooms: SyncingRooms,
  admitted: Promise<Caller>,
  question: SyncQuestion,
): Promise<Decided<Missed>> {
  const caller = await admitted;
  const decision = allowOwn('sync', caller);
  const { listings, more } = await rooms.lists.page(caller.person, question, MOST_LISTED);
  const range = { after: question.after, through: more ? listings.at(-1)?.conversationId : question.through };
  const standings = await rooms.standings.of(listings.map(({ conversationId }) => conversationId));
  const places = placesIn(range, question.cursors, listings, standings);

  const answer = new Answer(rooms);
  const byOnePolicy = { ...rooms, retention: readOnce(rooms.retention) };
  for (const some of chunksOf(places)) {
    const news = await Promise.all(some.map((place) => newsOf(byOnePolicy, caller, place)));
    for (const [nth, place] of some.entries()) {
      const fits = await answer.take(place, news[nth] ?? 'nothing');
      if (!fits) return answer.upTo(decision);
    }
  }
  return more ? answer.upTo(decision) : answer.whole(decision);
}

/** Listed or known, each once, by ascending id. */
function placesIn(
  { after = '', through }: IdRange,
  cursors: SyncQuestion['cursors'],
  listings: readonly Listing[],
  standings: ReadonlyMap<ConversationId, Standing>,
): readonly Place[] {
  const listed = new Set(listings.map(({ conversationId }) => conversationId));
  const known = [...cursors.keys()].filter((id) => id > after && (through === undefined || id <= through));
  return [...new Set([...listed, ...known])].sort().map((conversationId) => ({
    conversationId,
    isListed: listed.has(conversationId),
    cursor: cursors.get(conversationId),
    standing: standings.get(conversationId),
  }));
}

/** Places in order, so many at a time that few enough logs are read at once. */
function* chunksOf(places: readonly Place[]): Generator<readonly Place[]> {
  let chunk: Place[] = [];
  let reads = 0;
  for (const place of places) {
    if (isBehind(place)) reads += 1;
    if (reads > IN_PARALLEL) {
      yield chunk;
      chunk = [];
      reads = 1;
    }
    chunk.push(place);
  }
  yield chunk;
}

/** Whether the log may hold something else than the client knows. A head that was not found tells nothing. */
function isBehind({ isListed, cursor, standing }: Place): boolean {
  if (!isListed || cursor === undefined) return false;
  return !standing || standing.last !== cursor || standing.membersVersion > cursor;
}

async function newsOf(rooms: SyncingRooms, caller: Caller, place: Place): Promise<News> {
  const { conversationId, isListed, cursor } = place;
  if (!isListed) return 'gone';
  if (cursor === undefined) return 'unknown';
  if (!isBehind(place)) return 'nothing';
  try {
    const range = { after: cursor };
    const { value } = await readSealed(
      rooms,
      Promise.resolve(caller),
      'sync',
      conversationId,
      range,
      MOST_ENTRIES,
    );
    return value.entries.length > 0 || value.floor > cursor || value.more ? value : 'nothing';
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not-a-member') return 'gone'; // the list showed it a moment longer
    const isAhead = error instanceof Refusal && error.code === 'since-ahead'; // which a catch-up is told
    if (!isAhead) rooms.failed(conversationId, error);
    return nothingYet(0, cursor);
  }
}

/** A page that has its conversation asked for by itself. */
function nothingYet(floor: number, cursor: number) {
  return { entries: [], floor, upTo: Math.max(floor, cursor), more: true };
}

/** An answer as it fills up. */
class Answer {
  private readonly rooms: AnsweringRooms;
  private readonly conversations: { conversationId: ConversationId; page: Page }[] = [];
  private readonly unknown: { conversationId: ConversationId; last: number }[] = [];
  private readonly gone: ConversationId[] = [];
  /** Also one whose first entry found no room: whatever was opened is recorded. */
  private readonly opened = new Set<ConversationId>();
  private last: ConversationId | undefined;
  private bytesLeft = MAX_PAGE_BYTES - size.frame;

  constructor(rooms: AnsweringRooms) {
    this.rooms = rooms;
  }

  /** Says what there is to say of the next place; answers whether that found room. */
  async take({ conversationId, standing, cursor = 0 }: Place, news: News): Promise<boolean> {
    if (news === 'unknown') {
      if (!this.has(size.unknown)) return false;
      this.unknown.push({ conversationId, last: standing?.last ?? 0 });
    } else if (news === 'gone') {
      if (!this.has(size.id)) return false;
      this.gone.push(conversationId);
    } else if (news !== 'nothing') {
      const page = this.has(size.page) && (await this.fitting(conversationId, cursor, news));
      if (!page) return false;
      this.conversations.push({ conversationId, page });
    }
    this.last = conversationId;
    return true;
  }

  whole(decision: Decided<Missed>['decision']): Decided<Missed> {
    const { conversations, unknown, gone } = this;
    return { decision: { ...decision, opened: [...this.opened] }, value: { conversations, unknown, gone } };
  }

  /** The answer with where to go on; what was taken last is accounted for. */
  upTo(decision: Decided<Missed>['decision']): Decided<Missed> {
    const { decision: named, value } = this.whole(decision);
    return { decision: named, value: { ...value, ...(this.last !== undefined && { next: this.last }) } };
  }

  /** The page as far as there is room, opened entry by entry until there is none. */
  private async fitting(
    conversationId: ConversationId,
    cursor: number,
    { entries, floor, upTo, more }: Omit<SealedPage, 'head'>,
  ): Promise<Page | undefined> {
    let opened: OpenedEntry[] = [];
    let gone = floor;
    let failure: unknown;
    let taken = 0;
    for (const entry of entries) {
      this.opened.add(conversationId);
      const one = await openEntry(this.rooms.vault, entry).catch((error: unknown) => {
        failure = error;
      });
      if (failure !== undefined || (one && !this.has(this.rooms.bytesOf(one)))) break;
      if (one) opened.push(one);
      else [gone, opened] = [entry.seq, []]; // its key was destroyed, and that of all before it
      taken += 1;
    }
    if (failure !== undefined) this.rooms.failed(conversationId, failure);
    if (failure !== undefined && taken === 0) return nothingYet(floor, cursor);
    if (taken === entries.length) return { entries: opened, floor: gone, upTo, more };
    const end = entries[taken - 1];
    return end && { entries: opened, floor: gone, upTo: end.seq, more: true };
  }

  private has(bytes: number): boolean {
    if (bytes > this.bytesLeft) return false;
    this.bytesLeft -= bytes;
    return true;
  }
}
