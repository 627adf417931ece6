import type { Account } from '../account.ts';
import type { Clock } from '../clock.ts';
import { checkPolicy, evaluate } from '../iam/evaluate.ts';
import type { NamedPolicy, PolicyDocument } from '../iam/policy.ts';
import type { Functions } from '../lambda/invoke.ts';
import { callFunction, type Outcome, objectOf } from './call-function.ts';
import type { RequestAuthorizer } from './definition.ts';

/** The most an authorizer may answer, in bytes ("AWS Lambda authorizer result size"). */
const LONGEST_RESULT = 8 * 1024;
const WAIT_MS = 29_000;

export type Decision =
  | { readonly allowed: true; readonly authorizer: Readonly<Record<string, string>> }
  | {
      readonly allowed: false;
      readonly status: 401 | 403 | 500;
      readonly message: string;
      readonly error: string;
    };

/**
 * Asks a REQUEST Lambda authorizer and evaluates the policy it answers for `execute-api:Invoke` on the method ARN
 * (developer guide, "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers" and "Output from an API
 * Gateway Lambda authorizer"). A missing identity source is refused without asking.
 */
export async function askAuthorizer(
  authorizer: RequestAuthorizer,
  given: {
    readonly account: Account;
    readonly clock: Clock;
    readonly functions: Functions;
    readonly sourceArn: string;
    readonly methodArn: string;
    readonly traceId: string;
    readonly sourceIp: string;
    readonly header: (name: string) => string | undefined;
    readonly query: URLSearchParams;
    readonly event: () => unknown;
  },
): Promise<Decision> {
  const missing = authorizer.identitySources.find(
    (source) => !(source.in === 'header' ? given.header(source.name) : given.query.get(source.name)),
  );
  if (missing) return unauthorized(`identity source ${missing.in} ${missing.name} is missing`);

  const outcome = await callFunction({
    functions: given.functions,
    clock: given.clock,
    uri: authorizer.uri,
    event: given.event(),
    sourceArn: given.sourceArn,
    traceId: given.traceId,
    timeoutMs: WAIT_MS,
  });
  if (outcome.kind !== 'answered') return failureOf(outcome);
  const answer = answerOf(outcome.payload);
  if (typeof answer === 'string') return failed(answer);

  const principal = {
    arn: `arn:${given.account.partition}:sts::${given.account.accountId}:federated-user/${answer.principalId}`,
    identityArn: `arn:${given.account.partition}:sts::${given.account.accountId}:federated-user/${answer.principalId}`,
    accountId: given.account.accountId,
    policies: [answer.policy],
  };
  const verdict = evaluate(principal, {
    action: 'execute-api:Invoke',
    resource: given.methodArn,
    context: { 'aws:SourceIp': given.sourceIp },
  });
  if (verdict.allowed) return { allowed: true, authorizer: answer.context };
  const explicit =
    verdict.kind === 'explicit-deny' ? ' with an explicit deny in an identity-based policy' : '';
  return {
    allowed: false,
    status: 403,
    message: `User is not authorized to access this resource${explicit}`,
    error: verdict.message,
  };
}

function unauthorized(error: string): Decision {
  return { allowed: false, status: 401, message: 'Unauthorized', error };
}

function failed(error: string): Decision {
  return { allowed: false, status: 500, message: 'Internal server error', error };
}

function failureOf(outcome: Exclude<Outcome, { kind: 'answered' }>): Decision {
  const document = outcome.kind === 'failed' ? objectOf(outcome.payload) : undefined;
  return document?.errorMessage === 'Unauthorized' ? unauthorized('Unauthorized') : failed(outcome.reason);
}

interface AuthorizerAnswer {
  readonly principalId: string;
  readonly policy: NamedPolicy;
  readonly context: Readonly<Record<string, string>>;
}

/** What the authorizer said, or a sentence about what is wrong with it. */
function answerOf(payload: unknown): AuthorizerAnswer | string {
  const answer = objectOf(payload);
  if (!answer) return 'the authorizer answered no object';
  if (Buffer.byteLength(JSON.stringify(answer)) > LONGEST_RESULT)
    return 'the authorizer answered more than 8 KB';
  const { principalId } = answer;
  if (typeof principalId !== 'string') return 'the authorizer answered no principalId';
  const policy = { name: 'authorizer', document: answer.policyDocument as PolicyDocument };
  try {
    checkPolicy(policy, 'identity');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const context = contextOf(answer.context);
  return context
    ? { principalId, policy, context: { ...context, principalId } }
    : 'context holds other than text, numbers and booleans';
}

/** Every value as text; undefined where one is an object or a list, which AWS does not take. */
function contextOf(context: unknown): Readonly<Record<string, string>> | undefined {
  const entries = Object.entries(objectOf(context) ?? {});
  const plain = entries.every(([, value]) => ['string', 'number', 'boolean'].includes(typeof value));
  return plain ? Object.fromEntries(entries.map(([key, value]) => [key, String(value)])) : undefined;
}
