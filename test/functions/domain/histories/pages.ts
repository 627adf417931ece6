import type { Members } from './members.ts';
import {
  type Answer,
  type Ask,
  type Call,
  IN_PEACE_MS,
  isWhatIsStored,
  type Observations,
  SKEW_MS,
  type Stored,
} from './observations.ts';

/** P2, P4, P6, P7 for one page: what the reader may see, whole, and nothing else. */
export function pageIsTrue(
  { stored, retentionMs }: Observations,
  members: Members,
  call: Call,
  asked: Extract<Ask, { read: unknown }>['read'],
  { entries, floor, upTo, more }: Extract<Answer, { page: unknown }>['page'],
): string[] {
  const { by, now, invoked } = call;
  const wrong = entries.flatMap((entry) => [
    ...(isWhatIsStored(entry, stored) ? [] : [`shows ${entry.seq} otherwise than it is stored`]),
    ...(members.mayHear(by, entry.seq) ? [] : [`shows ${entry.seq} to somebody who was not a member then`]),
    ...(entry.at + retentionMs <= now - SKEW_MS ? [`shows ${entry.seq}, which retention had taken`] : []),
  ]);
  const seqs = entries.map(({ seq }) => seq);
  if (seqs.some((seq, place) => place > 0 && seq !== (seqs[place - 1] ?? 0) + 1)) wrong.push('has a hole');
  const isHidden = (entry: Stored) =>
    (entry.gone ?? Number.POSITIVE_INFINITY) <= (call.returned ?? 0) ||
    entry.at + retentionMs <= now + SKEW_MS ||
    members.joined(by).some((joined) => joined > entry.seq);
  const stands = (entry: Stored) => entry.until < invoked && !isHidden(entry);

  if (!('after' in asked)) {
    const first = seqs[0] ?? Number.POSITIVE_INFINITY;
    const missed = stored.filter((entry) => stands(entry) && entry.seq > (seqs.at(-1) ?? 0));
    if (missed.length > 0) wrong.push(`ends before ${missed[0]?.seq}, which stood there`);
    const older = stored.find((entry) => entry.seq < first && stands(entry));
    if (!more && older) wrong.push(`says that nothing comes before ${first}, and ${older.seq} does`);
    return wrong;
  }
  if (seqs.length > 0 && seqs[0] !== Math.max(floor, asked.after) + 1)
    wrong.push(`begins at ${seqs[0]}, floor ${floor}`);
  if (upTo < asked.after || upTo < floor) wrong.push('leads back');
  const isPeace = stored.every(({ at }) => at + IN_PEACE_MS <= now + SKEW_MS);
  if (isPeace && more && upTo === asked.after) wrong.push('leads nowhere');
  if (upTo > Math.max(stored.length, asked.after)) wrong.push(`says the log reaches ${upTo}`);
  const accounted = stored.filter(({ seq }) => seq > asked.after && seq <= upTo && !seqs.includes(seq));
  const lost = accounted.find((entry) => !isHidden(entry));
  if (lost) wrong.push(`accounts for ${lost.seq} and does not show it`);
  const ended = stored.find((entry) => entry.seq > Math.max(upTo, asked.after) && stands(entry));
  if (!more && ended) wrong.push(`says the log ends at ${upTo}, and ${ended.seq} stood there`);
  return wrong;
}
