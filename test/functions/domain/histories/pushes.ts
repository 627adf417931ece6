import type { Members } from './members.ts';
import {
  type Call,
  isWhatIsStored,
  type Moment,
  named,
  type Observations,
  SKEW_MS,
  type Stored,
} from './observations.ts';

/** P6 and P7 of pushes: an entry goes to open sockets of those who were members at its `seq`, as it is stored. */
export function onlyMembersAreTold(
  { told, stored, openSockets, calls, retentionMs }: Observations,
  members: Members,
): string[] {
  return told.flatMap(({ person, socket, entry, call }) => {
    const to = `${socket} was told of ${entry.seq}`;
    const now = calls.find(({ id }) => id === call)?.now ?? 0;
    return [
      ...(members.mayHear(person, entry.seq) ? [] : [`${to}, at which ${person} was not a member`]),
      ...(openSockets.has(socket) ? [] : [`${to}, although it is not open`]),
      ...(isWhatIsStored(entry, stored) ? [] : [`${to} otherwise than it is stored`]),
      ...(entry.at + retentionMs <= now - SKEW_MS ? [`${to}, which retention had taken`] : []),
    ];
  });
}

/** P5: when a call is answered, every member who was there at its entry's `seq` and still is has been told, on devices other than the caller's own too; and who was removed by it. */
export function everyMemberIsTold(seen: Observations, members: Members): string[] {
  return seen.calls.flatMap((call) => {
    const entry = announced(seen, call);
    if (!entry || call.sawStale || entry.at + seen.retentionMs <= call.now + SKEW_MS) return [];
    const latest = seen.stored.findLast(({ from }) => from <= (call.returned ?? 0))?.seq ?? entry.seq;
    const stayed = [...members.at(entry.seq).roles.keys()].filter((person) =>
      members.stayed(person, entry.seq, latest),
    );
    const removed =
      entry.body.kind === 'member.removed' && entry.body.person !== call.by && entry.body.person;
    const there = removed && entry.call === call.id ? [...stayed, removed] : stayed;
    const heard = new Set(
      seen.told
        .filter((told) => told.entry.seq === entry.seq && isBy(told, call))
        .map(({ person }) => person),
    );
    return there
      .filter((person) => !heard.has(person))
      .map((person) => `${named(call)}: ${person} was not told of ${entry.seq}`);
  });
}

/** The entry that this call's answer stands for, where it was acknowledged. */
function announced({ stored }: Observations, { answer, id }: Call): Stored | undefined {
  if (answer && 'accepted' in answer) return stored[answer.accepted.seq - 1];
  return answer && 'members' in answer ? stored.find(({ call }) => call === id) : undefined;
}

function isBy(told: { call?: number; at: Moment }, call: Call): boolean {
  return told.call === undefined ? true : told.call === call.id;
}
