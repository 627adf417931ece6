import type { ConversationId } from '../../protocol/ids.ts';
import { type Head, storedUntil } from './conversation.ts';
import { type Hold, type Holds, holdsOn, isStanding } from './holds.ts';
import type { Log } from './log.ts';
import type { Restamp, RestampRun, Restamps } from './restamps.ts';
import {
  type ChangeableRetention,
  daysFor,
  KEPT_WHEN_CUT_MS,
  type RetentionPolicy,
  withDaysNoted,
} from './retention.ts';

/**
 * How long a stamping waits before it looks: longer than any function that writes lives (15 s, `lib/door.ts`) and clocks
 * differ, so that whatever went by the policy, the holds or the head of before has been written.
 */
const SETTLE_MS = 60_000;

/** How long one call goes on; the next one, a minute later, takes up where it stopped. */
const WORK_MS = 40_000;

/** Items that are stamped at once. */
const IN_PARALLEL = 20;

/** An entry as far as its deletion goes. */
export interface StampedEntry {
  readonly conversationId: ConversationId;
  readonly seq: number;
  readonly at: number;
  /** When it may be deleted, in milliseconds since the epoch; never, without it. */
  readonly storedUntil?: number | undefined;
}

/** A part of everything that is stored, in no order, and where the next part begins. */
export interface WalkPage<T> {
  readonly found: readonly T[];
  readonly next?: string | undefined;
}

export interface StampingStore {
  /** Strongly consistent, as is `entries`. */
  heads(after?: string): Promise<WalkPage<Head>>;
  entries(after?: string): Promise<WalkPage<StampedEntry>>;
  /** Brings a head to these days and holds; one that is gone stays gone. */
  bring(head: Head, to: { readonly retentionDays: number; readonly holds: readonly string[] }): Promise<void>;
  /** Gives an entry that is still there another date of deletion, or none. */
  stamp(entry: StampedEntry, storedUntil: number | undefined): Promise<void>;
}

export interface RestampRooms {
  readonly restamps: Restamps;
  readonly store: StampingStore;
  readonly log: Pick<Log, 'head'>;
  readonly retention: Pick<ChangeableRetention, 'standing' | 'remember'>;
  readonly holds: Pick<Holds, 'all' | 'replace'>;
  /** The days that the deployment is set to. */
  readonly retentionDays: number;
  readonly now: () => number;
}

/** The policy as keys go by it: fewer days that the deployment was set to and nobody has noted yet cut none. */
export async function policyOfKeys(
  rooms: Pick<RestampRooms, 'retention' | 'retentionDays' | 'now'> & {
    readonly restamps: Pick<Restamps, 'standing'>;
  },
): Promise<RetentionPolicy> {
  const [policy, { days: noted }] = await Promise.all([
    rooms.retention.standing(),
    rooms.restamps.standing(),
  ]);
  return withDaysNoted(policy, { noted, deployed: rooms.retentionDays }, rooms.now());
}

/** Goes on with the stamping that was asked for, part by part; may be broken off anywhere, and done twice at once. */
export async function restamp(rooms: RestampRooms): Promise<void> {
  const endsAt = rooms.now() + WORK_MS;
  let standing = await rooms.restamps.standing();
  if (standing.days !== rooms.retentionDays) {
    if (!(await rememberNoted(rooms, standing.days))) return;
    await rooms.restamps.ask();
    const noted = { ...(await rooms.restamps.standing()), days: rooms.retentionDays };
    if (!(await rooms.restamps.save(noted, noted))) return;
    standing = await rooms.restamps.standing();
  }
  while (rooms.now() < endsAt) {
    const next = await step(rooms, standing);
    if (!next || !(await rooms.restamps.save(standing, next))) return;
    standing = { ...next, version: standing.version + 1 };
  }
}

/** What a deployment was set to keeps keys for another week; false where somebody changed the policy at this moment. */
async function rememberNoted(rooms: RestampRooms, noted: number | undefined): Promise<boolean> {
  const policy = await rooms.retention.standing();
  const kept = withDaysNoted(policy, { noted, deployed: rooms.retentionDays }, rooms.now());
  return kept === policy || rooms.retention.remember(policy, kept.before ?? []);
}

/** One part of the work, and how far it has come then; nothing where there is nothing to do yet. */
async function step(rooms: RestampRooms, standing: Restamp): Promise<Restamp | undefined> {
  const now = rooms.now();
  const { run, asked, done } = standing;
  if (!run) {
    if (done >= asked) return undefined;
    return { ...standing, run: { upTo: asked, pass: 'heads', notBefore: now + SETTLE_MS } };
  }
  if (now < run.notBefore) return undefined;
  const next = run.pass === 'heads' ? await bringHeads(rooms, run) : await stampEntries(rooms, run);
  if (next !== undefined) return { ...standing, run: { ...run, after: next } };
  if (run.pass === 'heads') {
    const notBefore = rooms.now() + SETTLE_MS; // whoever read a head before it was brought up to date has written by then
    return { ...standing, run: { upTo: run.upTo, pass: 'entries', notBefore } };
  }
  await settleHolds(rooms, run.upTo);
  return { ...standing, run: undefined, done: run.upTo };
}

async function bringHeads({ store, retention, holds }: RestampRooms, run: RestampRun) {
  const [policy, allHolds, page] = await Promise.all([
    retention.standing(),
    holds.all(),
    store.heads(run.after),
  ]);
  await inParallel(page.found, async (head) => {
    const wanted = { retentionDays: daysFor(policy, head.kind), holds: holdsFor(head, allHolds) };
    const isSame = head.retentionDays === wanted.retentionDays && sameSet(head.holds ?? [], wanted.holds);
    if (!isSame) await store.bring(head, wanted);
  });
  return page.next;
}

/** What keeps a conversation now, what kept it because of somebody who has left, and what was noted since the holds were read. */
function holdsFor(head: Head, holds: readonly Hold[]): readonly string[] {
  const over = new Set(holds.filter((hold) => !isStanding(hold)).map(({ holdId }) => holdId));
  const kept = (head.holds ?? []).filter((holdId) => !over.has(holdId));
  return [...new Set([...kept, ...holdsOn(holds, head.conversationId, head.members)])].sort();
}

async function stampEntries({ store, log, now }: RestampRooms, run: RestampRun) {
  const page = await store.entries(run.after);
  const conversations = [...new Set(page.found.map(({ conversationId }) => conversationId))];
  const heads = new Map<ConversationId, Head>();
  await inParallel(conversations, async (conversationId) => {
    const head = await log.head(conversationId);
    if (head) heads.set(conversationId, head);
  });
  await inParallel(page.found, async (entry) => {
    const head = heads.get(entry.conversationId);
    if (!head) return; // nobody can say how long it may live: it keeps the date it has
    const wanted = dateFor(head, entry, now());
    if (wanted !== entry.storedUntil) await store.stamp(entry, wanted);
  });
  return page.next;
}

/**
 * When an entry may be deleted, given the date that it has. A date that lies years back deletes nothing (DynamoDB leaves
 * alone what is more than five years past), so what was held beyond its date goes now; and what would go now because its
 * days were cut is kept a week, the first time that it is cut.
 */
export function dateFor(head: Head, entry: StampedEntry, now: number): number | undefined {
  const due = secondsUp(storedUntil(head, entry));
  if (due === undefined) return undefined;
  const standing = entry.storedUntil;
  if (standing === undefined) return Math.max(due, secondsUp(now));
  if (due > standing) return due > now ? due : standing; // or it is being deleted already
  return Math.max(due, Math.min(standing, secondsUp(now + KEPT_WHEN_CUT_MS)));
}

/** Dates are stored in whole seconds, never too early. */
function secondsUp<T extends number | undefined>(at: T): T {
  return (at === undefined ? undefined : Math.ceil(at / 1000) * 1000) as T;
}

async function settleHolds({ holds, now }: RestampRooms, upTo: number): Promise<void> {
  for (const hold of await holds.all()) {
    if (hold.restamp > upTo) continue;
    if (hold.state === 'pending')
      await holds.replace(hold, { ...hold, state: 'in-force', inForceFrom: now() });
    if (hold.state === 'releasing')
      await holds.replace(hold, { ...hold, state: 'released', releasedAt: now() });
  }
}

async function inParallel<T>(all: readonly T[], each: (one: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < all.length; from += IN_PARALLEL) {
    await Promise.all(all.slice(from, from + IN_PARALLEL).map(each));
  }
}

function sameSet(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id) => other.includes(id));
}
