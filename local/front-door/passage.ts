import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import { evaluate } from '../iam/evaluate.ts';
import type { Authorization, Judge, StatementName, Verdict } from '../iam/policy.ts';
import type { IssuedCredentials } from './credentials.ts';
import type { RequestHead } from './request-head.ts';
import { requestKeys } from './request-keys.ts';
import { type Answer, AwsError, type AwsService, type Call } from './service.ts';

/** One request on its way through, filled in as it becomes known. */
export interface Passage {
  readonly startedAt: number;
  request?: RequestHead;
  requestBytes: number;
  service?: AwsService;
  operation?: string;
  requestId: string;
  call?: Call;
  caller?: IssuedCredentials;
  allowedBy: readonly StatementName[];
  refusal?: string;
  answer?: Answer;
  /** Where a planted fault breaks the connection: before the work, or after it instead of the answer. */
  breaks?: 'before' | 'after';
}

interface Deciding {
  readonly account: Account;
  readonly clock: Clock;
  readonly judge?: Judge;
}

/** Lets a call through or throws AccessDeniedException; notes in the passage what allowed it, or why not. */
export async function authorize(
  passage: Passage,
  call: Call,
  service: AwsService,
  admits: { readonly none: boolean },
  parts: Deciding,
): Promise<void> {
  const authorizations = await service.authorizations(call);
  if (admits.none && authorizations.length === 0) return;
  const { caller } = passage;
  if (!caller || authorizations.length === 0) {
    const who = caller?.principal.arn ?? 'anonymous';
    throw refusal(passage, `User: ${who} is not authorized to perform: ${call.service}:${call.operation}`);
  }
  for (const authorization of authorizations) {
    const verdict = decide(passage, call, caller, authorization, parts);
    if (!verdict.allowed) throw refusal(passage, verdict.message);
  }
}

/** One decision about the caller, with the keys that every request has; what allowed it is noted in the passage. */
export function decide(
  passage: Passage,
  call: Call,
  caller: IssuedCredentials,
  authorization: Authorization,
  { account, clock, judge = evaluate }: Deciding,
): Verdict {
  const keys = requestKeys(call, caller, account, clock.now());
  const context = { ...keys, ...authorization.context };
  const verdict = judge(caller.principal, { ...authorization, context });
  if (verdict.allowed) passage.allowedBy = [...passage.allowedBy, verdict.by];
  return verdict;
}

function refusal(passage: Passage, message: string): AwsError {
  passage.refusal = message;
  return new AwsError('AccessDeniedException', message);
}
