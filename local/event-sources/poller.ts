import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import { evaluate } from '../iam/evaluate.ts';
import type { Authorization, Judge, Principal } from '../iam/policy.ts';
import type { Functions, Invocation } from '../lambda/invoke.ts';
import { unlessAborted } from './pause.ts';

/** What every poller works with. */
export interface PollerParts extends Judging {
  readonly functions: Functions;
  /** Ends the poller. */
  readonly signal: AbortSignal;
  /** Says, once for each sentence, what keeps the mapping from its work. */
  readonly fault: (error: unknown) => void;
}

/** The principal under which Lambda's pollers invoke. */
export const POLLER = 'lambda.amazonaws.com';

/** Hands one batch to the function; undefined where it was not run: the run ends, or the fault was said. */
export async function invoke(
  { functions, signal, fault }: PollerParts,
  { functionArn, sourceArn }: { functionArn: string; sourceArn: string },
  Records: readonly unknown[],
): Promise<Invocation | undefined> {
  if (signal.aborted) return undefined;
  try {
    const invocation = functions.invoke(functionArn, { Records }, { service: POLLER, sourceArn });
    return await unlessAborted(invocation, signal);
  } catch (error) {
    fault(error);
    return undefined;
  }
}

/** As many of the first records as one event holds: `most`, and 6 MB (Lambda quotas, "Invocation payload"). */
export function batchOf<T>(records: readonly T[], most: number): T[] {
  let bytes = ENVELOPE_BYTES;
  const batch: T[] = [];
  for (const record of records.slice(0, most)) {
    bytes += Buffer.byteLength(JSON.stringify(record)) + 1;
    if (bytes > LARGEST_EVENT_BYTES && batch.length > 0) break;
    batch.push(record);
  }
  return batch;
}

/** What a decision rests on beside policies. */
export interface Judging {
  readonly account: Account;
  readonly clock: Clock;
  /** @default evaluate */
  readonly judge?: Judge | undefined;
}

/** The sentence of the first of these that the role is not allowed; undefined where it is allowed them all. */
export function refusalOf(
  principal: Principal,
  authorizations: readonly Authorization[],
  { account, clock, judge = evaluate }: Judging,
): string | undefined {
  const now = clock.now();
  const keys = {
    'aws:CurrentTime': new Date(now).toISOString().replace(/\.\d{3}/, ''),
    'aws:EpochTime': String(Math.floor(now / 1000)),
    'aws:RequestedRegion': account.region,
    'aws:SecureTransport': 'true',
    'aws:ViaAWSService': 'false',
  };
  for (const authorization of authorizations) {
    const verdict = judge(principal, {
      ...authorization,
      context: { ...keys, ...authorization.context },
    });
    if (!verdict.allowed) return verdict.message;
  }
  return undefined;
}

const LARGEST_EVENT_BYTES = 6_291_456;
const ENVELOPE_BYTES = '{"Records":[]}'.length;
