import type { PersonId } from '../../protocol/ids.ts';
import type { Caller } from './caller.ts';
import type { Decided } from './decision.ts';
import { type DisablingRooms, shutOut } from './disable-person.ts';
import { expectNoOffice } from './givable.ts';
import type { Profile } from './people.ts';
import { allow, allowOwn, refuse } from './policy.ts';
import type { Receipt } from './receipt.ts';

export type Verdict = 'keep' | 'remove';

/** A quarter's list; times in milliseconds since the epoch. */
export interface QuarterList {
  readonly quarter: string;
  readonly openedAt: number;
  readonly openedBy: Receipt['requestedBy'];
  /** Whether everybody who had a profile at the opening stands on it. */
  readonly isFilled: boolean;
  /** Where filling goes on, in words of {@link Everybody}; absent at the beginning. */
  readonly place?: string;
}

/** Somebody on the list, as they stood at the opening, or, once signed off, at that moment. */
export interface QuarterEntry extends Omit<Profile, 'sub' | 'version'> {
  readonly verdict?: Verdict;
  readonly signedBy?: Receipt['requestedBy'];
  readonly signedAt?: number;
}

export interface QuarterLists {
  /** Keeps a new list, unless the quarter has one; gives the one that stands. */
  begin(list: QuarterList): Promise<QuarterList>;
  list(quarter: string): Promise<QuarterList | undefined>;
  /** Puts people on the list who do not stand on it. */
  fill(quarter: string, people: readonly QuarterEntry[]): Promise<void>;
  /** Notes how far filling has come; without a place: that it is done. */
  filledTo(quarter: string, place: string | undefined): Promise<void>;
  /** How many stand on the list, and how many of them have no verdict. */
  count(quarter: string): Promise<{ readonly people: number; readonly waiting: number }>;
  /** People on the list above `after`, in the order of their ids. */
  page(
    quarter: string,
    after: PersonId | undefined,
    limit: number,
  ): Promise<{ readonly entries: readonly QuarterEntry[]; readonly more: boolean }>;
  entry(quarter: string, person: PersonId): Promise<QuarterEntry | undefined>;
  /** Keeps the verdict, unless there is one; gives the one that stands. */
  sign(quarter: string, entry: QuarterEntry): Promise<QuarterEntry>;
}

export interface Everybody {
  /** Profiles in no order, some at a time; `next` is there where there are more. */
  everybody(
    place: string | undefined,
  ): Promise<{ readonly people: readonly Profile[]; readonly next?: string }>;
}

export interface RecertifyingRooms extends DisablingRooms {
  readonly lists: QuarterLists;
  readonly everybody: Everybody;
}

/** How far a list has come. */
export interface Progress extends QuarterList {
  readonly people: number;
  readonly waiting: number;
}

/** `next` is there where there are more. */
export interface QuarterPage {
  readonly progress: Progress;
  readonly entries: readonly QuarterEntry[];
  readonly next?: PersonId;
}

/** What somebody wants to sign. */
interface Wish {
  readonly quarter: string;
  readonly person: PersonId;
  readonly verdict: Verdict;
}

/** One opening fills the list for no longer, in milliseconds; whoever asks again goes on. A request waits 29 s at most. */
const FILLS_FOR_MS = 6_000;

/** The quarter of a moment, in UTC: `2026-Q4`. */
export function quarterOf(at: number): string {
  const date = new Date(at);
  return `${date.getUTCFullYear()}-Q${Math.floor(date.getUTCMonth() / 3) + 1}`;
}

/**
 * Opens the present quarter's list, on which everybody stands, or goes on filling it.
 *
 * @throws Refusal `not-allowed`
 */
export async function openRecertification(
  rooms: RecertifyingRooms,
  admitted: Promise<Caller>,
): Promise<Decided<Progress>> {
  const caller = await admitted;
  const quarter = quarterOf(rooms.now());
  const decision = { ...allow('recertification.open', caller, { person: '-' }), object: quarter };
  return { decision, value: await openList(rooms, caller.person) };
}

/** The same for whoever was allowed elsewhere. */
export async function openList(
  { lists, everybody, now }: RecertifyingRooms,
  openedBy: Receipt['requestedBy'],
): Promise<Progress> {
  const openedAt = now();
  const quarter = quarterOf(openedAt);
  let list = await lists.begin({ quarter, openedAt, openedBy, isFilled: false });
  while (!list.isFilled && now() < openedAt + FILLS_FOR_MS) {
    const { people, next } = await everybody.everybody(list.place);
    await lists.fill(quarter, people.map(asListed));
    await lists.filledTo(quarter, next);
    list = { ...list, isFilled: next === undefined, ...(next !== undefined && { place: next }) };
  }
  return { ...list, ...(await lists.count(quarter)) };
}

/** People on one page of a list. */
const PAGE = 100;

/**
 * A page of a quarter's list: those in the caller's charge.
 *
 * @throws Refusal `not-allowed`, `not-opened`
 */
export async function readRecertification(
  { lists }: Pick<RecertifyingRooms, 'lists'>,
  admitted: Promise<Caller>,
  { quarter, after }: { readonly quarter: string; readonly after?: PersonId | undefined },
): Promise<Decided<QuarterPage>> {
  const caller = await admitted;
  const decision = { ...allowOwn('recertification.read', caller), object: quarter };
  const page = await pageOf(lists, quarter, after);
  if (!page) throw refuse(decision, 'within-limits', 'not-opened');
  const isInCharge = ({ site }: QuarterEntry) => caller.site === undefined || caller.site === site;
  return { decision, value: { ...page, entries: page.entries.filter(isInCharge) } };
}

/** The same for whoever was allowed elsewhere; nothing where the quarter has no list. */
export async function pageOf(
  lists: QuarterLists,
  quarter: string,
  after: PersonId | undefined,
): Promise<QuarterPage | undefined> {
  const list = await lists.list(quarter);
  if (!list) return undefined;
  const [count, { entries, more }] = await Promise.all([
    lists.count(quarter),
    lists.page(quarter, after, PAGE),
  ]);
  const next = more ? entries.at(-1)?.person : undefined;
  return { progress: { ...list, ...count }, entries, ...(next !== undefined && { next }) };
}

/**
 * Signs off somebody else in the caller's charge: that they keep what they are now, or that they are removed, which
 * disables them. The same verdict again is answered with the one that stands.
 *
 * @throws Refusal `not-allowed`, `unknown-person`, `operator-only`, `not-opened`, `signed-off`, `busy`
 */
export async function signOff(
  rooms: RecertifyingRooms,
  admitted: Promise<Caller>,
  { quarter, person, verdict }: Wish,
): Promise<Decided<SignedOff>> {
  const [caller, profile] = await Promise.all([admitted, rooms.profiles.profile(person)]);
  const decision = allow('recertification.sign-off', caller, { person, site: profile?.site });
  if (!profile) throw refuse(decision, 'known-people', 'unknown-person');
  if (verdict === 'remove') expectNoOffice(decision, profile);
  const outcome = await signOne(rooms, caller.person, quarter, profile, verdict);
  if (outcome === 'not-opened' || outcome === 'signed-off') throw refuse(decision, 'within-limits', outcome);
  if (outcome === 'not-listed') throw refuse(decision, 'known-people', 'unknown-person');
  if (outcome === 'overtaken') throw refuse(decision, 'within-limits', 'busy');
  return { decision, value: outcome };
}

export interface SignedOff {
  readonly entry: QuarterEntry;
  readonly receipt?: Receipt;
}

/** The same for whoever was allowed elsewhere. Removed first, then signed: a verdict says what has been done. */
export async function signOne(
  rooms: RecertifyingRooms,
  signedBy: Receipt['requestedBy'],
  quarter: string,
  profile: Profile,
  verdict: Verdict,
): Promise<SignedOff | 'not-opened' | 'not-listed' | 'signed-off' | 'overtaken'> {
  const signedAt = rooms.now();
  const { person } = profile;
  const [list, standing] = await Promise.all([rooms.lists.list(quarter), rooms.lists.entry(quarter, person)]);
  if (!list?.isFilled) return 'not-opened';
  if (!standing) return 'not-listed';
  if (standing.verdict) return standing.verdict === verdict ? { entry: standing } : 'signed-off';

  const done = verdict === 'remove' ? await shutOut(rooms, signedBy, profile, signedAt) : { profile };
  if (done === 'overtaken') return done;
  const entry = { ...asListed(done.profile), verdict, signedBy, signedAt };
  const signed = await rooms.lists.sign(quarter, entry);
  if (signed.verdict !== verdict) return 'signed-off';
  if (verdict === 'keep') await rooms.profiles.recertify(person, signedAt);
  return { entry: signed, ...('receipt' in done && { receipt: done.receipt }) };
}

/** What of a profile stands on a list. */
function asListed({ sub: _pool, version: _changes, ...profile }: Profile): QuarterEntry {
  return profile;
}
