import { doorOf } from './doors.ts';
import type { Call } from './observations.ts';
import type { Replayed, Strike } from './theatre.ts';

/** What many histories on a stack came to, in numbers. */
export function tallyOf(replayed: readonly Replayed[]) {
  const calls = replayed.flatMap(({ seen }) => seen.calls);
  const strikes = replayed.flatMap((one) => one.strikes);
  const struck = (kind: Strike['kind']) => strikes.filter((strike) => strike.kind === kind).length;
  const refusals = counted(calls.map(({ answer }) => answer && 'refused' in answer && answer.refused));
  return {
    histories: replayed.length,
    calls: { all: calls.length, ...counted(calls.map(({ ask }) => doorOf(ask))) },
    acknowledged: {
      all: calls.filter(isAcknowledged).length,
      ...counted(calls.map((call) => isAcknowledged(call) && doorOf(call.ask))),
    },
    refused: { all: calls.filter(({ answer }) => answer && 'refused' in answer).length, ...refusals },
    failed: calls.filter(({ answer }) => answer && 'failed' in answer).length,
    entries: replayed.reduce((sum, { seen }) => sum + seen.stored.length, 0),
    pushes: replayed.reduce((sum, { seen }) => sum + seen.told.length, 0),
    mishaps: {
      crashes: struck('crash'),
      lostReplies: struck('lost-reply'),
      failures: struck('fail'),
      conflicts: struck('conflict'),
      delayedReads: struck('stale-head'),
      halfSeen: struck('half'),
    },
  };
}

function isAcknowledged({ answer }: Call): boolean {
  return answer !== undefined && !('refused' in answer) && !('failed' in answer);
}

function counted(names: readonly (string | false | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) if (name) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
