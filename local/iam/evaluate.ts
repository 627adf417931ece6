import { principalKeys } from './identity.ts';
import type { Context } from './pattern.ts';
import type { Authorization, NamedPolicy, Principal, StatementName, Verdict } from './policy.ts';
import { listOf, type PolicyKind, type Reach, type Request, reachOf, statementsOf } from './statement.ts';

export { checkPolicy } from './check-policy.ts';

/** Policies by where they hang, as AWS's refusals name them. */
type Layer =
  | 'identity-based policy'
  | NonNullable<Authorization['resourcePolicyKind']>
  | 'permissions boundary';

/**
 * Decides one authorization as IAM does (IAM user guide, "Policy evaluation logic" and "Permissions boundaries for IAM
 * entities"): an explicit deny anywhere wins; within the account one allowing statement on either side is enough,
 * except where the resource's policy decides; across accounts both sides must allow. A permissions boundary must allow
 * as well, except for what the resource's policy grants the very caller: a user, a session, or everyone.
 */
export function evaluate(principal: Principal, authorization: Authorization): Verdict {
  const request: Request = { principal, authorization, context: contextOf(principal, authorization) };
  const { permissionsBoundary, policies } = principal;
  const { resourcePolicyKind = 'resource-based policy' } = authorization;
  const identity = policies.flatMap((policy) => applying(policy, 'identity', request));
  const resource = listOf(authorization.resourcePolicy).flatMap((policy) =>
    applying(policy, 'resource', request),
  );
  const boundary = permissionsBoundary && applying(permissionsBoundary, 'identity', request);

  const denied =
    explicitDeny('identity-based policy', identity, request) ??
    explicitDeny(resourcePolicyKind, resource, request) ??
    explicitDeny('permissions boundary', boundary ?? [], request);
  if (denied) return denied;

  const byIdentity = allowing(identity, 'principal');
  const direct = allowing(resource, 'principal');
  const toRole = allowing(resource, 'role');
  const toAccount = allowing(resource, 'account');
  const inBoundary = boundary === undefined || allowing(boundary, 'principal') !== undefined;
  const within = (by: StatementName): Verdict =>
    inBoundary ? { allowed: true, by } : missing('permissions boundary', request);

  if (authorization.resourcePolicyDecides) {
    if (direct) return { allowed: true, by: direct };
    if (toRole) return within(toRole);
    if (!toAccount) return missing(resourcePolicyKind, request);
    return byIdentity ? within(byIdentity) : missing('identity-based policy', request);
  }
  if (isForeign(principal, authorization)) {
    if (!byIdentity) return missing('identity-based policy', request);
    return (direct ?? toRole ?? toAccount) ? within(byIdentity) : missing(resourcePolicyKind, request);
  }
  const limited = byIdentity ?? toRole;
  if (limited && inBoundary) return { allowed: true, by: limited };
  if (direct) return { allowed: true, by: direct };
  if (limited) return within(limited);
  return missing(isService(principal) ? resourcePolicyKind : 'identity-based policy', request);
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

function allowing(statements: readonly Applying[], reach: Reach): StatementName | undefined {
  return statements.find((statement) => statement.effect === 'Allow' && statement.reach === reach)?.name;
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

function explicitDeny(layer: Layer, statements: readonly Applying[], request: Request): Verdict | undefined {
  const deny = statements.find((statement) => statement.effect === 'Deny');
  if (!deny) return undefined;
  const why = `with an explicit deny in ${layer === 'identity-based policy' ? 'an' : 'a'} ${layer}`;
  return { allowed: false, kind: 'explicit-deny', by: deny.name, message: sentence(request, why) };
}

function missing(layer: Layer, request: Request): Verdict {
  const why = `because no ${layer} allows the ${request.authorization.action} action`;
  return { allowed: false, kind: 'implicit-deny', message: sentence(request, why) };
}

/** IAM user guide, "Troubleshoot access denied error messages". */
function sentence({ principal, authorization }: Request, why: string): string {
  const { action, resource } = authorization;
  return `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
}
