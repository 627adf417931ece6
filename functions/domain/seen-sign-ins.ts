import type { Operation } from './decision.ts';
import type { Identity, SessionRecord } from './session-record.ts';
import { NOTED_EVERY_MS, type SignOutRules } from './sign-out.ts';

/** Sign-ins of one person of which something is remembered: the newest, because every send to them reads the item. */
const MOST_REMEMBERED = 50;

/** Whether the sign-in has to be noted, on a socket or over HTTP: at most once a minute, and at once where it is new. */
export function isNewlySeen(
  operation: Operation,
  { seen }: Pick<SessionRecord, 'seen'>,
  { session }: Pick<Identity, 'session'>,
  now: number,
): boolean {
  if (operation === 'session.connect') return false; // the first frame notes it
  return now - (seen?.get(session)?.at ?? Number.NEGATIVE_INFINITY) >= NOTED_EVERY_MS;
}

/** Sign-ins but this one of which nothing needs to be remembered: older than any may be, or too many, which count as idle the sooner. */
export function forgotten(
  { limitMs }: SignOutRules,
  { activeAt = new Map(), seen = new Map() }: Pick<SessionRecord, 'activeAt' | 'seen'>,
  { session: own }: Pick<Identity, 'session'>,
  now: number,
): readonly string[] {
  const lastAt = (session: string) => Math.max(activeAt.get(session) ?? 0, seen.get(session)?.at ?? 0);
  const known = [...new Set([...activeAt.keys(), ...seen.keys()])].filter((session) => session !== own);
  const newest = known.toSorted((one, other) => lastAt(other) - lastAt(one));
  return newest.filter(
    (session, place) => place >= MOST_REMEMBERED - 1 || lastAt(session) < now - 2 * limitMs,
  );
}
