import { STREAM_RETENTION_MS } from '../dynamodb/expiry-marks.ts';
import type { StreamRecord } from '../dynamodb/stream-record.ts';
import type { Invocation } from '../lambda/invoke.ts';
import type { GivenUp } from './failure-record.ts';
import type { StreamMapping } from './mapping.ts';
import { outcomeOf } from './outcome.ts';
import { pause } from './pause.ts';
import { invoke, type PollerParts } from './poller.ts';

/** What a delivery tells of its progress; records are always told of in their order. */
export interface Progress {
  /** Everything up to this record has been dealt with. */
  readonly reached: (record: StreamRecord) => void;
  readonly givenUp: (
    records: readonly StreamRecord[],
    why: { readonly condition: GivenUp; readonly invocations: number; readonly last?: Invocation },
  ) => void;
}

interface Part {
  readonly records: readonly StreamRecord[];
  readonly retries: number;
  readonly invocations: number;
  readonly last?: Invocation;
}

/**
 * Brings one batch of a shard through the function: retried, split and cut as the mapping says until every record was
 * handled or given up, one invocation at a time. Resolves early, with less told, when the poller is ended.
 */
export async function deliver(
  batch: readonly StreamRecord[],
  mapping: StreamMapping,
  parts: PollerParts,
  progress: Progress,
): Promise<void> {
  const { clock, signal } = parts;
  const waiting: Part[] = [{ records: batch, retries: 0, invocations: 0 }];
  for (let next = waiting.shift(); next && !signal.aborted; next = waiting.shift()) {
    const part = withoutOld(next, mapping, clock.now(), progress);
    if (part.records.length === 0) continue;

    const source = { functionArn: mapping.target.arn, sourceArn: mapping.sourceArn };
    const last = await invoke(parts, source, part.records);
    if (signal.aborted) return;
    if (!last) {
      await pause(clock, UNREACHED_PAUSE_MS, signal);
      waiting.unshift(part); // nobody ran: no attempt is used up (same guide, "Before invocation")
      continue;
    }
    const tried = { ...part, last, invocations: part.invocations + 1 };
    const failedAt = firstFailure(part.records, last, mapping);
    const handled = failedAt === undefined ? part.records : part.records.slice(0, failedAt);
    const reached = handled.at(-1);
    if (reached) progress.reached(reached);
    if (failedAt === undefined) continue;

    const rest = { ...tried, records: part.records.slice(failedAt) };
    const split = mapping.bisects ? splitAt(failedAt, rest) : undefined;
    if (split) waiting.unshift(...split);
    else if (rest.retries < mapping.maximumRetries) {
      await pause(clock, backoff(rest.retries), signal);
      waiting.unshift({ ...rest, retries: rest.retries + 1 });
    } else giveUp(rest, 'RetryAttemptsExhausted', progress);
  }
}

const UNREACHED_PAUSE_MS = 1000;
const LONGEST_BACKOFF_MS = 10_000;

function backoff(retries: number): number {
  return Math.min(LONGEST_BACKOFF_MS, 50 * 2 ** retries);
}

/** A stream forgets after a day, whatever the mapping says. */
function withoutOld(part: Part, mapping: StreamMapping, now: number, progress: Progress): Part {
  const oldest = now - Math.min(mapping.maximumAgeMs, STREAM_RETENTION_MS);
  const isYoung = ({ dynamodb }: StreamRecord) => dynamodb.ApproximateCreationDateTime * 1000 >= oldest;
  const firstYoung = part.records.findIndex(isYoung);
  const old = firstYoung < 0 ? part.records : part.records.slice(0, firstYoung);
  if (old.length > 0) giveUp({ ...part, records: old }, 'RecordAgeExceeded', progress);
  return { ...part, records: part.records.slice(old.length) };
}

function giveUp({ records, invocations, last }: Part, condition: GivenUp, progress: Progress): void {
  progress.givenUp(records, { condition, invocations, ...(last ? { last } : {}) });
  const reached = records.at(-1);
  if (reached) progress.reached(reached);
}

/** Place of the first record that was not handled; undefined where all were. */
function firstFailure(
  records: readonly StreamRecord[],
  invocation: Invocation,
  mapping: StreamMapping,
): number | undefined {
  const numbers = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
  const outcome = outcomeOf(invocation, mapping.reportsFailures, new Set(numbers));
  if (outcome === 'success') return undefined;
  if (outcome === 'failure') return 0;
  return numbers.findIndex((number) => outcome.failed.has(number));
}

/**
 * Where a report named a later record, the batch is split there, else in its middle; either uses up no attempt (Lambda
 * developer guide, "Configuring partial batch response with DynamoDB and Lambda", "Bisecting a batch").
 */
function splitAt(failedAt: number, rest: Part): Part[] | undefined {
  if (failedAt > 0) return [rest];
  if (rest.records.length < 2) return undefined;
  const middle = Math.ceil(rest.records.length / 2);
  return [
    { ...rest, records: rest.records.slice(0, middle) },
    { ...rest, records: rest.records.slice(middle) },
  ];
}
