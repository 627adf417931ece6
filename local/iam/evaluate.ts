import { principalKeys } from './identity.ts';
import type { Context } from './pattern.ts';
import type { Authorization, NamedPolicy, Principal, StatementName, Verdict } from './policy.ts';
import { listOf, type PolicyKind, type Reach, type Request, reachOf, statementsOf } from './statement.ts';

export { checkPolicy } from './check-policy.ts';

/**
 * Decides one authorization as IAM does (IAM user guide, "Policy evaluation logic"): an explicit deny anywhere wins;
 * within the account one allowing statement on either side is enough, except where the resource's policy decides;
 * across accounts both sides must allow.
 */
export function evaluate(principal: Principal, authorization: Authorization): Verdict {
  const request: Request = { principal, authorization, context: contextOf(principal, authorization) };
  const identity = principal.policies.flatMap((policy) => applying(policy, 'identity', request));
  const resource = listOf(authorization.resourcePolicy).flatMap((policy) =>
    applying(policy, 'resource', request),
  );

  for (const [kind, statements] of [
    ['identity', identity],
    ['resource', resource],
  ] as const) {
    const deny = statements.find((statement) => statement.effect === 'Deny');
    if (deny)
      return refusal(request, `with an explicit deny in ${article(kind)} ${kind}-based policy`, deny.name);
  }

  const allowing = (statements: readonly Applying[], reach: Reach) =>
    statements.find((statement) => statement.effect === 'Allow' && statement.reach === reach)?.name;
  const byIdentity = allowing(identity, 'principal');
  const direct = allowing(resource, 'principal');
  const delegated = allowing(resource, 'account');

  if (authorization.resourcePolicyDecides) {
    if (direct) return { allowed: true, by: direct };
    if (!delegated) return missing('resource', request);
    return byIdentity ? { allowed: true, by: byIdentity } : missing('identity', request);
  }
  if (isForeign(principal, authorization)) {
    if (!byIdentity) return missing('identity', request);
    return direct || delegated ? { allowed: true, by: byIdentity } : missing('resource', request);
  }
  const by = byIdentity ?? direct;
  return by ? { allowed: true, by } : missing(isService(principal) ? 'resource' : 'identity', request);
}

interface Applying {
  readonly effect: 'Allow' | 'Deny';
  readonly reach: Reach;
  readonly name: StatementName;
}

function applying(policy: NamedPolicy, kind: PolicyKind, request: Request): readonly Applying[] {
  return statementsOf(policy.document).flatMap((statement, index) => {
    const reach = reachOf(statement, policy.document, kind, request);
    const name = { policy: policy.name, statement: statement.Sid || `#${index}` };
    return reach ? [{ effect: statement.Effect, reach, name }] : [];
  });
}

/** The keys that follow from principal and resource, under those that the service and the front door give. */
function contextOf(principal: Principal, authorization: Authorization): Context {
  const resourceAccount = accountOf(authorization.resource) || principal.accountId;
  const keys = {
    'aws:ResourceAccount': resourceAccount,
    ...authorization.context,
    ...principalKeys(principal), // last: who calls is never the caller's to say
  };
  return new Map(Object.entries(keys).map(([key, value]) => [key.toLowerCase(), listOf<string>(value)]));
}

function isForeign(principal: Principal, authorization: Authorization): boolean {
  const account = accountOf(authorization.resource);
  return /^\d{12}$/.test(account) && account !== principal.accountId && !isService(principal);
}

function accountOf(resource: string): string {
  return resource.startsWith('arn:') ? (resource.split(':')[4] ?? '') : '';
}

function isService(principal: Principal): boolean {
  return !principal.identityArn.startsWith('arn:');
}

function missing(kind: PolicyKind, request: Request): Verdict {
  return refusal(
    request,
    `because no ${kind}-based policy allows the ${request.authorization.action} action`,
  );
}

/** IAM user guide, "Troubleshoot access denied error messages". */
function refusal({ principal, authorization }: Request, why: string, by?: StatementName): Verdict {
  const { action, resource } = authorization;
  const message = `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
  return by
    ? { allowed: false, kind: 'explicit-deny', by, message }
    : { allowed: false, kind: 'implicit-deny', message };
}

function article(kind: PolicyKind): 'a' | 'an' {
  return kind === 'identity' ? 'an' : 'a';
}
