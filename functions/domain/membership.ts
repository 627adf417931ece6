import { type Head, isStill, type Member } from './conversation.ts';
import { type Entry, isMembership, type MembershipEntry } from './entry.ts';
import { Fault } from './fault.ts';
import type { Log } from './log.ts';

/** Reads of a stale head before its members are worked out from the log itself. */
const HEAD_READS = 2;

/** Entries read at once when a head's members are worked out again. */
const STRETCH = 200;

/** Replaces a head that was found stale; says whether it was still the one that stood there. */
export type Heal = Log['rebuild'];

/**
 * A head whose members account for every membership entry that `seen` knows of. A transaction's two items become
 * visible one by one, so a head may be older than the log: it is read again, and then its members are worked out from
 * the log. Who may write has the stored head healed too.
 */
export async function settle(
  log: Pick<Log, 'head' | 'forward'>,
  head: Head,
  seen: readonly Entry[],
  heal?: Heal,
): Promise<Head> {
  const version = Math.max(0, ...seen.map((entry) => entry.membersVersion));
  let current = head;
  for (let reads = 0; current.membersVersion < version && reads < HEAD_READS; reads += 1) {
    current = (await log.head(head.conversationId)) ?? current;
  }
  if (current.membersVersion >= version) return current;
  const workedOut = await fromLog(log, current, version);
  await heal?.(current, workedOut); // if not, somebody else healed it
  return workedOut;
}

/** The head as it stands after one membership entry. */
export function afterChange(head: Head, entry: MembershipEntry, hash: Uint8Array): Head {
  return {
    ...head,
    members: withChange(head.members, entry),
    membersVersion: entry.seq,
    last: entry.seq,
    lastHash: hash,
    lastAt: entry.at,
    yieldUntil: undefined,
  };
}

async function fromLog(log: Pick<Log, 'forward'>, stale: Head, version: number): Promise<Head> {
  let after = stale;
  for (let from = stale.membersVersion; from < version; ) {
    const stretch = await log.forward(stale.conversationId, from, STRETCH);
    for (const entry of stretch.entries.filter(isMembership)) {
      after = { ...after, members: withChange(after.members, entry), membersVersion: entry.seq };
    }
    if (!stretch.more) break;
    from = stretch.entries.at(-1)?.seq ?? version;
  }
  if (after.membersVersion >= version) return after;
  throw new Fault(`no entry of the log brings the members to version ${version}: the log has a hole`);
}

function withChange(members: readonly Member[], { change, seq, at }: MembershipEntry): readonly Member[] {
  if (change.kind !== 'member.added' && change.kind !== 'member.removed') return members;
  const others = members.filter((member) => member.person !== change.person);
  if (change.kind === 'member.removed') return others;
  const before = members.find((member) => member.person === change.person);
  const joined = before && isStill(before, at) ? before.joined : seq; // another role hides nothing; a time that was over does
  const end = change.until === undefined ? {} : { until: Date.parse(change.until) };
  const { person, role, guest } = change;
  return [...others, { person, role, joined, ...end, ...(guest && { guest }) }];
}
