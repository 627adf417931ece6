import { answerIsTrue } from './answers.ts';
import { Members } from './members.ts';
import { named, type Observations } from './observations.ts';
import { everyMemberIsTold, onlyMembersAreTold } from './pushes.ts';

/**
 * What a conversation may look like from outside. Every rule is said once, over what was observed: a call that was
 * answered took effect between its invocation and its answer; one that crashed or failed may have, once.
 */
export function violations(seen: Observations): string[] {
  const members = new Members(seen);
  return [
    ...logIsWhole(seen, members),
    ...refsAreOnce(seen),
    ...seen.calls.flatMap((call) =>
      answerIsTrue(seen, members, call).map((what) => `${named(call)}: ${what}`),
    ),
    ...onlyMembersAreTold(seen, members),
    ...everyMemberIsTold(seen, members),
  ];
}

/** P1, P2 and the chain of evidence: dense from 1, each after the one before, by somebody who was allowed to. */
function logIsWhole({ stored, genesis }: Observations, members: Members): string[] {
  return stored.flatMap((entry, place) => {
    const before = stored[place - 1];
    const then = members.at(entry.seq - 1);
    const wrong: string[] = [];
    if (entry.seq !== place + 1) wrong.push(`stands at place ${place + 1}`);
    if (entry.prev !== (before?.hash ?? genesis)) wrong.push('does not carry the hash of the one before');
    if (before && entry.at < before.at) wrong.push('is older than the one before');
    if (entry.membersVersion !== members.at(entry.seq).seq) {
      wrong.push(`says the members are of ${entry.membersVersion}`);
    }
    if (!then.roles.has(entry.sender)) wrong.push('is of somebody who is not a member');
    const leaves = entry.body.kind === 'member.removed' && entry.body.person === entry.sender;
    if (entry.body.kind !== 'text' && !leaves && then.roles.get(entry.sender) !== 'owner') {
      wrong.push('is a change by somebody who is not an owner');
    }
    const { roles } = members.at(entry.seq);
    if (entry.body.kind !== 'text' && roles.size > 0 && ![...roles.values()].includes('owner')) {
      wrong.push('leaves no owner');
    }
    return wrong.map((what) => `entry ${entry.seq} ${what}`);
  });
}

/** P3: one message for each sender and `ref`, for as long as it lives. */
function refsAreOnce({ stored }: Observations): string[] {
  return stored.flatMap(({ seq, sender, ref, from }, place) => {
    const twin = stored
      .slice(0, place)
      .find((other) => other.sender === sender && other.ref === ref && !(other.gone && other.gone <= from));
    return twin ? [`entry ${seq} is entry ${twin.seq} again`] : [];
  });
}
