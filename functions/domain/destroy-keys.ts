import type { ConversationId } from '../../protocol/ids.ts';
import { type Head, isExpired } from './conversation.ts';
import { type DestructionReason, endOf } from './data-key.ts';
import type { Sealed } from './entry.ts';
import { type HoldsSeen, seeHolds, type Unheld, unheld } from './held.ts';
import type { Holds } from './holds.ts';
import type { Log } from './log.ts';
import type { Vault } from './vault.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Keys of conversations that are looked at, and destroyed, at once: a transaction of DynamoDB takes a hundred items. */
export const DESTROYED_AT_ONCE = 20;

/** A key that stands. A conversation's names the month of the organisation key that wraps it. */
export type StandingKey = ConversationKey | { readonly conversationId?: undefined; readonly epoch: string };

export interface ConversationKey {
  readonly conversationId: ConversationId;
  readonly epoch: string;
  readonly under: string;
}

/** A conversation's key whose time has come, and the look that nothing kept it; none where all of it is being destroyed. */
export interface DueKey extends Destruction {
  readonly key: ConversationKey;
  readonly look?: Unheld | undefined;
}

/** What stands in a key's place from then on; milliseconds since the epoch. */
export interface Destruction {
  readonly destroyedAt: number;
  readonly reason: DestructionReason;
}

/** The Keys table, for who may destroy. Nothing puts a key where one was destroyed. */
export interface DestructibleKeys {
  /** Every key that stands, in parts; those of one conversation follow each other. Strongly consistent. */
  standing(): AsyncIterable<readonly StandingKey[]>;
  /** Destroys a key and leaves the record in its place; false where no key stands there. */
  destroy(key: StandingKey, destruction: Destruction): Promise<boolean>;
  /**
   * Destroys all these keys or none, and leaves the records in their places; says whether it did. Not where something may
   * keep one since it was looked at, or where one is gone. At most {@link DESTROYED_AT_ONCE} keys, of looks at the same holds.
   */
  destroyUnheld(due: readonly DueKey[]): Promise<boolean>;
}

export interface DestroyingRooms {
  readonly keys: DestructibleKeys;
  /** Heads under the longest days of the last week. */
  readonly log: Pick<Log, 'head'>;
  readonly titles: Titles;
  readonly vault: Pick<Vault, 'openTitle' | 'sealTitle'>;
  readonly holds: Pick<Holds, 'all' | 'placings'>;
  readonly now: () => number;
  /** Told what went wrong with one conversation: the others go on without it. */
  readonly failed: (conversationId: ConversationId, error: unknown) => void;
}

export interface Titles {
  /** Puts another sealed title in the place of `before`; false where that no longer stands there. */
  replace(conversationId: ConversationId, before: Sealed, after: Sealed): Promise<boolean>;
}

/** What one walk through the keys came to. */
export interface DestroyedKeys {
  readonly conversationKeys: number;
  readonly organisationKeys: number;
  /** Keys that stand longer than their time because something failed: the next walk meets them again. */
  readonly failed: number;
}

/**
 * Destroys every key whose time has come: a conversation's key of a month when the last entry that the month can hold
 * has expired by the longest days of the last week (`underLongestDays`) and nothing holds it, and the organisation's key of a month when no
 * conversation's key is wrapped under it any more. May be repeated, and broken off anywhere.
 */
export async function destroyKeys(rooms: DestroyingRooms): Promise<DestroyedKeys> {
  const inUse = new Set<string>();
  const ofOrganisation: StandingKey[] = [];
  const count = { conversationKeys: 0, organisationKeys: 0, failed: 0 };
  for await (const part of rooms.keys.standing()) {
    const headOf = remembering(rooms.log);
    for (const keys of chunksOf(part)) {
      const ofConversations = keys.filter((key) => key.conversationId !== undefined);
      ofOrganisation.push(...keys.filter((key) => key.conversationId === undefined));
      const failed = (key: ConversationKey, error: unknown) => {
        rooms.failed(key.conversationId, error);
        count.failed += 1;
      };
      const destroyed = await destroyDue({ ...rooms, headOf, failed }, ofConversations);
      count.conversationKeys += destroyed.size;
      for (const key of ofConversations) if (!destroyed.has(key)) inUse.add(key.under);
    }
  }
  // A day, and not at once: a key that was about to be wrapped when the month ended has been by then.
  const unused = ofOrganisation.filter(
    ({ epoch }) => endOf(epoch) + DAY_MS <= rooms.now() && !inUse.has(epoch),
  );
  for (const key of unused) {
    await rooms.keys.destroy(key, { destroyedAt: rooms.now(), reason: 'unused' });
    count.organisationKeys += 1;
  }
  return count;
}

interface ChunkRooms extends Omit<DestroyingRooms, 'failed'> {
  readonly headOf: (conversationId: ConversationId) => Promise<Head | undefined>;
  readonly failed: (key: ConversationKey, error: unknown) => void;
}

/** Destroys those of the keys whose time has come: all at once, and each by itself where something came between. */
async function destroyDue(
  rooms: ChunkRooms,
  keys: readonly ConversationKey[],
): Promise<ReadonlySet<ConversationKey>> {
  const seen = await seeHolds(rooms.holds);
  const looked = await Promise.all(
    keys.map((key) => lookAt(rooms, seen, key).catch((error: unknown) => rooms.failed(key, error))),
  );
  const due = looked.filter((one) => one !== undefined);
  const keysOf = (ones: readonly DueKey[]) => new Set(ones.map(({ key }) => key));
  if (due.length === 0) return keysOf([]);
  if (due.length > 1 && (await rooms.keys.destroyUnheld(due).catch(() => false))) return keysOf(due);
  const destroyed: DueKey[] = [];
  for (const one of due) {
    const isDestroyed = await rooms.keys
      .destroyUnheld([one])
      .catch((error: unknown) => rooms.failed(one.key, error));
    if (isDestroyed) destroyed.push(one);
  }
  return keysOf(destroyed);
}

async function lookAt(rooms: ChunkRooms, seen: HoldsSeen, key: ConversationKey): Promise<DueKey | undefined> {
  const { conversationId, epoch } = key;
  const now = rooms.now();
  const head = await rooms.headOf(conversationId);
  if (!head) return undefined; // what its retention is, nobody can say: a restore may bring the head back
  if (head.shreddedAt !== undefined) return { key, destroyedAt: now, reason: 'shredded' }; // decided: it asks no hold
  if (endOf(epoch) > now || !isExpired(head, { at: endOf(epoch) - 1 }, now)) return undefined;
  const look = unheld(seen, head);
  if (!look) return undefined;
  if (head.title?.epoch === epoch && !(await sealedAnew(rooms, head, head.title))) return undefined;
  return { key, look, destroyedAt: now, reason: 'retention' };
}

/** A title lives as long as its conversation, so it moves to this month's key before its own goes. */
async function sealedAnew({ vault, titles, now }: ChunkRooms, head: Head, title: Sealed) {
  const { conversationId } = head;
  const plain = await vault.openTitle(conversationId, title);
  return titles.replace(conversationId, title, await vault.sealTitle(conversationId, now(), plain));
}

/** Reads a head once for all keys of a part. */
function remembering(log: Pick<Log, 'head'>) {
  const heads = new Map<ConversationId, Promise<Head | undefined>>();
  return (conversationId: ConversationId) => {
    const known = heads.get(conversationId) ?? log.head(conversationId);
    heads.set(conversationId, known);
    return known;
  };
}

function* chunksOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += DESTROYED_AT_ONCE)
    yield all.slice(from, from + DESTROYED_AT_ONCE);
}
