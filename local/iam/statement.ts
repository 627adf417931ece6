import { conditionHolds } from './condition.ts';
import { identityOf } from './identity.ts';
import { type Context, matches, readPattern, wildcardMatches } from './pattern.ts';
import type { Authorization, PolicyDocument, Principal, Statement } from './policy.ts';

/** Where a policy hangs: at who calls, or at what is called. */
export type PolicyKind = 'identity' | 'resource';

/** What a statement is set against. */
export interface Request {
  readonly principal: Principal;
  readonly authorization: Authorization;
  readonly context: Context;
}

/**
 * Whom a statement speaks to in this request: the `principal` itself; the `role` of a session, whose permissions
 * boundary then limits it; or its `account`, which leaves the decision to the account's identity policies. Undefined
 * where it does not apply.
 */
export type Reach = 'principal' | 'role' | 'account' | undefined;

/** Whether a statement applies to a request, and to whom. Doubt goes against the caller. */
export function reachOf(
  statement: Statement,
  document: PolicyDocument,
  kind: PolicyKind,
  request: Request,
): Reach {
  const denies = statement.Effect === 'Deny';
  const variables = document.Version === '2012-10-17' ? request.context : undefined;
  if (!coversAction(statement, request.authorization.action)) return undefined;
  const coversResource = kind === 'resource' && !statement.Resource && !statement.NotResource;
  if (!coversResource && !namesResource(statement, request.authorization.resource, variables))
    return undefined;
  const holds = conditionHolds(statement.Condition, request.context, variables);
  if (!(holds ?? denies)) return undefined;
  return kind === 'identity' ? identityReach(statement) : principalReach(statement, request.principal);
}

/** A policy's one statement or list of statements as a list. */
export function statementsOf(document: PolicyDocument): readonly Statement[] {
  return listOf<Statement>(document.Statement);
}

/** One value or a list of values as a list. */
export function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value as T];
}

function coversAction(statement: Statement, action: string): boolean {
  const named = (patterns: Statement['Action']) =>
    listOf(patterns).some((one) => wildcardMatches(one.toLowerCase(), 'anything', action.toLowerCase()));
  if (statement.NotAction !== undefined) return !named(statement.NotAction);
  return named(statement.Action);
}

function namesResource(statement: Statement, resource: string, variables: Context | undefined): boolean {
  const patterns = listOf(statement.NotResource ?? statement.Resource).map((one) =>
    readPattern(one, { wildcards: 'segment', variables }),
  );
  const named = patterns.some((pattern) => pattern !== undefined && matches(pattern, resource));
  if (statement.NotResource === undefined) return named;
  // A variable without a value makes the exception unknown: the statement then denies, and does not allow.
  return !named && (statement.Effect === 'Deny' || !patterns.includes(undefined));
}

/** IAM refuses an identity policy with a principal; should one get here, it may deny and may not allow. */
function identityReach(statement: Statement): Reach {
  const foreign = statement.Principal !== undefined || statement.NotPrincipal !== undefined;
  return foreign && statement.Effect === 'Allow' ? undefined : 'principal';
}

function principalReach(statement: Statement, principal: Principal): Reach {
  if (statement.NotPrincipal !== undefined) return exceptionReach(statement, principal);
  if (namesDirectly(statement.Principal, principal)) return 'principal';
  if (namesRole(statement.Principal, principal)) return 'role';
  return namesAccount(statement.Principal, principal) ? 'account' : undefined;
}

/**
 * A Deny spares only a caller whose account, role and session are all listed, since AWS may check each of them
 * (IAM user guide, "NotPrincipal with Deny"), and nobody who has a permissions boundary (same, "Permissions boundaries
 * for IAM entities"). An Allow leaves out whoever is named by any of them.
 */
function exceptionReach(statement: Statement, principal: Principal): Reach {
  const except = statement.NotPrincipal;
  if (statement.Effect === 'Allow') {
    const named = [namesDirectly, namesRole, namesAccount].some((names) => names(except, principal));
    return named ? undefined : 'role'; // AWS does not say that such a grant passes a boundary
  }
  if (principal.permissionsBoundary) return 'principal';
  if (except === '*' || awsNames(except).includes('*')) return undefined;
  if (identityOf(principal).type === 'Service')
    return namesDirectly(except, principal) ? undefined : 'principal';
  const names = awsNames(except);
  const spared = [principal.identityArn, principal.arn].every((name) => names.includes(name));
  return spared && namesAccount(except, principal) ? undefined : 'principal';
}

function namesDirectly(element: Statement['Principal'], principal: Principal): boolean {
  if (element === undefined) return false;
  if (element === '*' || awsNames(element).includes('*')) return true;
  if (identityOf(principal).type === 'Service')
    return listOf(element.Service).includes(principal.identityArn);
  return awsNames(element).includes(principal.arn);
}

/** A session is not its role: what its role is granted, the role's boundary limits. */
function namesRole(element: Statement['Principal'], principal: Principal): boolean {
  return identityOf(principal).type !== 'Service' && awsNames(element).includes(principal.identityArn);
}

function namesAccount(element: Statement['Principal'], principal: Principal): boolean {
  if (identityOf(principal).type === 'Service') return false;
  const account = principal.accountId;
  return awsNames(element).some(
    (name) => name === account || new RegExp(`^arn:[^:]+:iam::${account}:root$`).test(name),
  );
}

function awsNames(element: Statement['Principal']): readonly string[] {
  return element === undefined || element === '*' ? [] : listOf(element.AWS);
}
