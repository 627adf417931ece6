import type { Operation } from './decision.ts';
import type { Identity, SessionRecord } from './session-record.ts';

/** What somebody does is noted no more often than this, in milliseconds: a sign-in ends so much later at most. */
export const NOTED_EVERY_MS = 60_000;

/** Why the server ends a sign-in by itself (45 CFR 164.312(a)(2)(iii), automatic logoff). */
export type SignOut = 'idle' | 'time-limit';

/** When sign-ins end by themselves. */
export interface SignOutRules {
  /** Milliseconds without activity, by the person's roles: the shortest of them. */
  readonly idleMs: (roles: readonly string[]) => number;
  /** Milliseconds from the moment a person proved who they are, whatever they do. */
  readonly limitMs: number;
}

type SignIn = Pick<Identity, 'session' | 'authenticatedAt' | 'roles'>;

/** What a client does without anybody being there: it keeps no sign-in alive. */
const automatic: ReadonlySet<Operation> = new Set<Operation>([
  'session.connect',
  'session.open',
  'session.renew',
  'session.list',
  'me.show',
  'sync',
  'conversation.catch-up',
  'conversation.list',
  'conversation.read',
  'frame.unknown',
]);

/** Whether a sign-in is over at `now`, and why. To the millisecond, whether or not anybody has closed its sockets. */
export function signedOutBy(
  rules: SignOutRules,
  record: Pick<SessionRecord, 'activeAt'>,
  signIn: SignIn,
  now: number,
): SignOut | undefined {
  if (now >= endOf(rules, signIn)) return 'time-limit';
  return now >= idleAt(rules, record, signIn) ? 'idle' : undefined;
}

/** When a sign-in ends for want of activity, as things stand; milliseconds since the epoch. */
export function idleAt(rules: SignOutRules, record: Pick<SessionRecord, 'activeAt'>, signIn: SignIn): number {
  return lastActive(record, signIn) + rules.idleMs(signIn.roles);
}

/** When a sign-in ends in any case; milliseconds since the epoch. */
export function endOf(
  { limitMs }: SignOutRules,
  { authenticatedAt }: Pick<SignIn, 'authenticatedAt'>,
): number {
  return authenticatedAt + limitMs;
}

/** Whether the operation shows that somebody is there, and that has not been noted within the last minute. */
export function isNewActivity(
  operation: Operation,
  record: Pick<SessionRecord, 'activeAt'>,
  signIn: SignIn,
  now: number,
): boolean {
  return !automatic.has(operation) && now - lastActive(record, signIn) >= NOTED_EVERY_MS;
}

/** Who signed in was there. */
function lastActive({ activeAt }: Pick<SessionRecord, 'activeAt'>, signIn: SignIn): number {
  return Math.max(activeAt?.get(signIn.session) ?? 0, signIn.authenticatedAt);
}
