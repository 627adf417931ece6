import type { Account } from '../account.ts';
import type { NamedPolicy, PolicyDocument, Principal, Statement } from '../iam/policy.ts';
import { awsManagedPolicies } from './aws-managed-policies.ts';
import type { Resource } from './resource.ts';

/**
 * The session in which `service` (`lambda.amazonaws.com`, …) works as a role of the template, with every policy that is
 * attached to that role. `role` is the role's ARN or name.
 */
export function principalOf(
  role: string,
  resources: readonly Resource[],
  account: Account,
  sessionName: string,
  service: string,
): Principal {
  const found = resources.find(
    ({ type, ref, attributes }) => type === 'AWS::IAM::Role' && (ref === role || attributes.Arn === role),
  );
  if (found === undefined) throw new Error(`no role ${role} in the template`);
  const where = `${found.stack}.${found.logicalId} (${found.type})`;
  if (found.properties.PermissionsBoundary !== undefined) {
    throw new Error(
      `${where} has the permissions boundary ${String(found.properties.PermissionsBoundary)}, which the local run does not judge`,
    );
  }
  requireTrust(found, service, account, where);
  return {
    arn: `arn:${account.partition}:sts::${account.accountId}:assumed-role/${found.ref}/${sessionName}`,
    identityArn: found.attributes.Arn ?? '',
    accountId: account.accountId,
    policies: [
      ...inlinePolicies(found),
      ...managedPolicies(found, resources, account, where),
      ...attachedPolicies(found, resources),
    ],
  };
}

function inlinePolicies(role: Resource): NamedPolicy[] {
  return list(role.properties.Policies).map((policy) => {
    const { PolicyName, PolicyDocument: document } = policy as {
      PolicyName: string;
      PolicyDocument: PolicyDocument;
    };
    return { name: PolicyName, document };
  });
}

function managedPolicies(
  role: Resource,
  resources: readonly Resource[],
  account: Account,
  where: string,
): NamedPolicy[] {
  return list(role.properties.ManagedPolicyArns).map((policyArn) => {
    const ours = resources.find(({ type, ref }) => type === 'AWS::IAM::ManagedPolicy' && ref === policyArn);
    if (ours) return named(ours);
    const ofAws = awsManagedPolicies(account.partition).get(String(policyArn));
    if (ofAws) return ofAws;
    throw new Error(
      `${where} has the managed policy ${String(policyArn)}, which is neither in the template nor known here`,
    );
  });
}

/** AWS::IAM::Policy and AWS::IAM::ManagedPolicy may name their roles, instead of the role naming them. */
function attachedPolicies(role: Resource, resources: readonly Resource[]): NamedPolicy[] {
  const alreadyNamed = new Set(list(role.properties.ManagedPolicyArns));
  return resources
    .filter(({ type }) => type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy')
    .filter(({ properties, ref }) => list(properties.Roles).includes(role.ref) && !alreadyNamed.has(ref))
    .map(named);
}

function named({ logicalId, properties }: Resource): NamedPolicy {
  return { name: logicalId, document: properties.PolicyDocument as PolicyDocument };
}

function requireTrust(role: Resource, service: string, account: Account, where: string): void {
  const { Statement: statements } = role.properties.AssumeRolePolicyDocument as PolicyDocument;
  const about = (Array.isArray(statements) ? statements : [statements]).filter((statement: Statement) =>
    admits(statement, service),
  );
  const conditioned = about.filter((statement) => !conditionHolds(statement, account));
  if (conditioned.length > 0) {
    throw new Error(
      `${where} trusts ${service} under the condition ${JSON.stringify(conditioned[0]?.Condition)}, which the local run does not judge`,
    );
  }
  const trusted =
    about.some(({ Effect }) => Effect === 'Allow') && about.every(({ Effect }) => Effect === 'Allow');
  if (!trusted)
    throw new Error(`${where} does not let ${service} assume it; see its AssumeRolePolicyDocument`);
}

function admits({ Principal: principal, Action }: Statement, service: string): boolean {
  const services = principal === undefined || principal === '*' ? [] : list(principal.Service);
  const actions = list(Action);
  return (
    (principal === '*' || services.includes(service)) &&
    (actions.includes('sts:AssumeRole') || actions.includes('sts:*') || actions.includes('*'))
  );
}

/** The one condition whose answer is known beforehand: that the service works for this account. */
function conditionHolds({ Condition }: Statement, account: Account): boolean {
  if (Condition === undefined) return true;
  const known = { StringEquals: { 'aws:SourceAccount': account.accountId } };
  return JSON.stringify(Condition) === JSON.stringify(known);
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
