import { readOperator, valuesOf } from './condition.ts';
import type { ConditionValue, NamedPolicy } from './policy.ts';
import type { PolicyKind } from './statement.ts';

type Refuse = (reason: string) => never;
type Fields = Readonly<Record<string, unknown>>;

const documentElements = ['Version', 'Id', 'Statement'];
const statementElements = [
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
];
const principalTypes = ['AWS', 'Service', 'Federated', 'CanonicalUser'];

/**
 * Throws, naming policy and statement, for what IAM would refuse as a malformed policy or what this evaluation does not
 * know: better no start than a wrong verdict. Without `kind`, a statement with a principal is a resource policy's.
 */
export function checkPolicy(policy: NamedPolicy, kind?: PolicyKind): void {
  const document: unknown = policy.document;
  const refuse: Refuse = (reason) => {
    throw new Error(`policy ${policy.name}: ${reason}`);
  };
  if (!isFields(document)) refuse('its document is no object');
  refuseUnknown(document, documentElements, 'element', refuse);
  if (document.Version !== undefined && !['2012-10-17', '2008-10-17'].includes(String(document.Version))) {
    refuse(`unknown version ${JSON.stringify(document.Version)}, use 2012-10-17`);
  }
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  const sids = new Set<unknown>();
  for (const [index, statement] of statements.entries()) {
    const name = isFields(statement) && statement.Sid ? statement.Sid : `#${index}`;
    const refuseStatement: Refuse = (reason) => refuse(`statement ${name}: ${reason}`);
    if (!isFields(statement)) refuseStatement('it is no object');
    if (statement.Sid && sids.has(statement.Sid)) refuseStatement('its Sid stands twice in the policy');
    sids.add(statement.Sid);
    checkStatement(statement, kind, refuseStatement);
  }
}

function checkStatement(statement: Fields, kind: PolicyKind | undefined, refuse: Refuse): void {
  refuseUnknown(statement, statementElements, 'element', refuse);
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny') {
    refuse(`unknown effect ${JSON.stringify(statement.Effect)}, use Allow or Deny`);
  }
  checkPrincipal(statement, kind, refuse);
  if (oneOf(statement, 'Action', 'NotAction', refuse) === undefined) refuse('it names no action');
  for (const action of texts(statement.Action ?? statement.NotAction, refuse)) {
    if (!/^(\*|[a-z0-9-]+:[\w*?]+)$/i.test(action))
      refuse(`action "${action}" is not of the form service:Action`);
  }
  const resources = oneOf(statement, 'Resource', 'NotResource', refuse);
  const needsResource = kind === 'identity' || (kind === undefined && !hasPrincipal(statement));
  if (resources === undefined && needsResource) refuse('it names no resource');
  for (const resource of resources === undefined ? [] : texts(resources, refuse)) {
    if (resource !== '*' && !resource.startsWith('arn:'))
      refuse(`resource "${resource}" is neither an ARN nor "*"`);
    if (/[*?]/.test(resource.split(':')[2] ?? '') && resource !== 'arn:*') {
      refuse(`resource "${resource}" has a wildcard where the service stands`);
    }
  }
  if (statement.Condition !== undefined) checkCondition(statement.Condition, refuse);
}

function checkPrincipal(statement: Fields, kind: PolicyKind | undefined, refuse: Refuse): void {
  const principal = oneOf(statement, 'Principal', 'NotPrincipal', refuse);
  if (kind === 'identity' && principal !== undefined) refuse('an identity policy has no principal');
  if (kind === 'resource' && principal === undefined) refuse("a resource's policy needs a principal");
  if (principal === undefined || principal === '*') return;
  if (!isFields(principal)) refuse(`principal ${JSON.stringify(principal)} is neither "*" nor an object`);
  refuseUnknown(principal, principalTypes, 'principal type', refuse);
  for (const name of Object.values(principal).flatMap((names) => texts(names, refuse))) {
    if (name !== '*' && /[*?]/.test(name)) refuse(`principal "${name}" has a wildcard inside a name`);
  }
}

function checkCondition(condition: unknown, refuse: Refuse): void {
  if (!isFields(condition)) refuse('its condition is no object');
  for (const [name, keys] of Object.entries(condition)) {
    const operator = readOperator(name);
    if (!operator) refuse(`unknown condition operator ${name}`);
    if (!isFields(keys)) refuse(`condition ${name} is no object of condition keys`);
    for (const [key, accepted] of Object.entries(keys)) {
      if (!isConditionValue(accepted))
        refuse(`condition ${name} ${key}: a value is no string, number or boolean`);
      const takes =
        operator.comparison === 'Null'
          ? (value: string) => /^(true|false)$/i.test(value)
          : operator.comparison.takes;
      const wrong = valuesOf(accepted).find((value) => !takes(value));
      if (wrong !== undefined) refuse(`condition ${name} ${key} cannot take the value "${wrong}"`);
    }
  }
}

function oneOf(statement: Fields, element: string, opposite: string, refuse: Refuse): unknown {
  if (statement[element] !== undefined && statement[opposite] !== undefined) {
    refuse(`it has both ${element} and ${opposite}`);
  }
  return statement[element] ?? statement[opposite];
}

function hasPrincipal(statement: Fields): boolean {
  return statement.Principal !== undefined || statement.NotPrincipal !== undefined;
}

function texts(value: unknown, refuse: Refuse): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((one) => (typeof one === 'string' ? one : refuse(`${JSON.stringify(one)} is no string`)));
}

function refuseUnknown(fields: Fields, known: readonly string[], what: string, refuse: Refuse): void {
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined) refuse(`unknown ${what} ${unknown}`);
}

function isConditionValue(value: unknown): value is ConditionValue {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  return values.every((one) => ['string', 'number', 'boolean'].includes(typeof one));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
