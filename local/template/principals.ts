import type { Account } from '../account.ts';
import { checkPolicy } from '../iam/check-policy.ts';
import { evaluate } from '../iam/evaluate.ts';
import type { NamedPolicy, PolicyDocument, Principal, Statement } from '../iam/policy.ts';
import { awsManagedPolicies } from './aws-managed-policies.ts';
import type { Resource } from './resource.ts';

/**
 * The session in which `service` (`lambda.amazonaws.com`, …) works as a role of the template, with every policy that is
 * attached to that role and its permissions boundary. `role` is the role's ARN or name; `sourceArn` is what the service works for, where it says so.
 */
export function principalOf(
  role: string,
  resources: readonly Resource[],
  account: Account,
  sessionName: string,
  service: string,
  sourceArn?: string,
): Principal {
  const found = resources.find(
    ({ type, ref, attributes }) => type === 'AWS::IAM::Role' && (ref === role || attributes.Arn === role),
  );
  if (found === undefined) throw new Error(`no role ${role} in the template`);
  requireTrust(found, { service, sourceArn }, account, nameOf(found));
  return sessionOf(found, resources, account, sessionName);
}

/** A session of a role of the template, whoever assumed it; its trust is the caller's to have asked. */
export function sessionOf(
  role: Resource,
  resources: readonly Resource[],
  account: Account,
  sessionName: string,
): Principal {
  const where = nameOf(role);
  const boundary = role.properties.PermissionsBoundary;
  return {
    arn: `arn:${account.partition}:sts::${account.accountId}:assumed-role/${role.ref}/${sessionName}`,
    identityArn: role.attributes.Arn ?? '',
    accountId: account.accountId,
    policies: [
      ...inlinePolicies(role),
      ...managedPolicies(role, resources, account, where),
      ...attachedPolicies(role, resources),
    ],
    ...(boundary !== undefined && {
      permissionsBoundary: managedPolicy(boundary, resources, account, where),
    }),
  };
}

/** Throws, by policy and statement, for what this run would judge wrongly in a role of the template, used or not. */
export function checkRoles(resources: readonly Resource[], account: Account): void {
  for (const role of resources.filter(({ type }) => type === 'AWS::IAM::Role')) {
    checkPolicy(trustOf(role), 'resource');
    const boundary = role.properties.PermissionsBoundary;
    if (boundary !== undefined) managedPolicy(boundary, resources, account, nameOf(role));
    for (const policy of inlinePolicies(role)) checkPolicy(policy, 'identity');
  }
  for (const resource of resources) if (isPolicy(resource)) checkPolicy(named(resource), 'identity');
}

/** Who may assume a role. */
export function trustOf({ logicalId, properties }: Resource): NamedPolicy {
  const document = properties.AssumeRolePolicyDocument as PolicyDocument;
  return { name: `${logicalId}'s trust policy`, document };
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
  return list(role.properties.ManagedPolicyArns).map((policyArn) =>
    managedPolicy(policyArn, resources, account, where),
  );
}

function managedPolicy(
  policyArn: unknown,
  resources: readonly Resource[],
  account: Account,
  where: string,
): NamedPolicy {
  const ours = resources.find(({ type, ref }) => type === 'AWS::IAM::ManagedPolicy' && ref === policyArn);
  if (ours) return named(ours);
  const ofAws = awsManagedPolicies(account.partition).get(String(policyArn));
  if (ofAws) return ofAws;
  throw new Error(
    `${where} has the managed policy ${String(policyArn)}, which is neither in the template nor known here`,
  );
}

/** AWS::IAM::Policy and AWS::IAM::ManagedPolicy may name their roles, instead of the role naming them. */
function attachedPolicies(role: Resource, resources: readonly Resource[]): NamedPolicy[] {
  const alreadyNamed = new Set(list(role.properties.ManagedPolicyArns));
  return resources
    .filter(isPolicy)
    .filter(({ properties, ref }) => list(properties.Roles).includes(role.ref) && !alreadyNamed.has(ref))
    .map(named);
}

function isPolicy({ type }: Resource): boolean {
  return type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy';
}

function nameOf({ stack, logicalId, type }: Resource): string {
  return `${stack}.${logicalId} (${type})`;
}

function named({ logicalId, properties }: Resource): NamedPolicy {
  return { name: logicalId, document: properties.PolicyDocument as PolicyDocument };
}

/** Throws where the role's trust policy does not let the service assume it (IAM user guide, "The confused deputy problem"). */
function requireTrust(
  role: Resource,
  { service, sourceArn }: { readonly service: string; readonly sourceArn: string | undefined },
  account: Account,
  where: string,
): void {
  const { document } = trustOf(role);
  const known = {
    'aws:SourceAccount': account.accountId,
    ...(sourceArn === undefined ? {} : { 'aws:SourceArn': sourceArn }),
  };
  const admits = (asked: PolicyDocument) =>
    evaluate(
      { arn: service, identityArn: service, accountId: account.accountId, policies: [] },
      {
        action: 'sts:AssumeRole',
        resource: role.attributes.Arn ?? '',
        context: known,
        resourcePolicy: { name: 'trust policy', document: asked },
        resourcePolicyDecides: true,
      },
    ).allowed;
  const foreign = statementsIn(document).find(
    ({ Condition, ...statement }) =>
      !conditionKeys(Condition).every((key) => Object.hasOwn(known, key)) &&
      admits({ ...document, Statement: { ...statement, Effect: 'Allow' } }),
  );
  if (foreign) {
    throw new Error(
      `${where} trusts ${service} under the condition ${JSON.stringify(foreign.Condition)}, which the local run does not judge`,
    );
  }
  if (!admits(document))
    throw new Error(`${where} does not let ${service} assume it; see its AssumeRolePolicyDocument`);
}

function statementsIn({ Statement: given }: PolicyDocument): readonly Statement[] {
  return Array.isArray(given) ? given : [given as Statement];
}

function conditionKeys(condition: Statement['Condition']): string[] {
  return Object.values(condition ?? {}).flatMap((keys) => Object.keys(keys));
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
