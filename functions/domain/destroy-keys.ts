import type { ConversationId } from '../../protocol/ids.ts';
import { type Head, isExpired } from './conversation.ts';
import { type DestructionReason, endOf } from './data-key.ts';
import type { Sealed } from './entry.ts';
import type { Log } from './log.ts';
import type { Vault } from './vault.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Keys of conversations that are looked at, and destroyed, at once. */
const IN_PARALLEL = 20;

/** A key that stands. A conversation's names the month of the organisation key that wraps it. */
export type StandingKey =
  | { readonly conversationId: ConversationId; readonly epoch: string; readonly under: string }
  | { readonly conversationId?: undefined; readonly epoch: string };

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
}

export interface DestroyingRooms {
  readonly keys: DestructibleKeys;
  /** Heads under the longest days of the last week. */
  readonly log: Pick<Log, 'head'>;
  readonly titles: Titles;
  readonly vault: Pick<Vault, 'openTitle' | 'sealTitle'>;
  /** Whether a legal hold stands on the conversation: nothing of it is destroyed. */
  readonly isHeld: (conversationId: ConversationId) => Promise<boolean>;
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
      await Promise.all(
        keys.map(async (key) => {
          if (key.conversationId === undefined) {
            ofOrganisation.push(key);
            return;
          }
          const isDestroyed = await destroyIfDue(rooms, headOf, key).catch((error: unknown) => {
            rooms.failed(key.conversationId, error);
            count.failed += 1;
            return false;
          });
          if (isDestroyed) count.conversationKeys += 1;
          else inUse.add(key.under);
        }),
      );
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

async function destroyIfDue(
  rooms: DestroyingRooms,
  headOf: (conversationId: ConversationId) => Promise<Head | undefined>,
  key: Extract<StandingKey, { under: string }>,
): Promise<boolean> {
  const { conversationId, epoch } = key;
  if (endOf(epoch) > rooms.now()) return false;
  const head = await headOf(conversationId);
  if (!head) return false; // what its retention is, nobody can say: a restore may bring the head back
  if (await rooms.isHeld(conversationId)) return false;
  if (!isExpired(head, { at: endOf(epoch) - 1 }, rooms.now())) return false;
  if (head.title?.epoch === epoch && !(await sealedAnew(rooms, head, head.title))) return false;
  const reason = head.shreddedAt === undefined ? 'retention' : 'shredded';
  return rooms.keys.destroy(key, { destroyedAt: rooms.now(), reason });
}

/** A title lives as long as its conversation, so it moves to this month's key before its own goes. */
async function sealedAnew({ vault, titles, now }: DestroyingRooms, head: Head, title: Sealed) {
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
  for (let from = 0; from < all.length; from += IN_PARALLEL) yield all.slice(from, from + IN_PARALLEL);
}
