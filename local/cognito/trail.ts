import type { TrailFacts } from '../front-door/service.ts';
import type { Input, Outcome } from './pools.ts';

/**
 * A call as CloudTrail shows it (developer guide, "Example Amazon Cognito events"): names of operations, pools and
 * clients in clear; user names, passwords, codes, tokens, attributes and sessions hidden; a person by `sub` alone.
 */
export function trailOf(
  operation: string,
  input: Input,
  pool: { readonly id: string; readonly arn: string } | undefined,
  outcome: Outcome | undefined,
): TrailFacts {
  const additional = { ...(pool && { userPoolId: pool.id }), ...(outcome?.sub && { sub: outcome.sub }) };
  return {
    category: 'Management',
    readOnly: READ_ONLY.test(operation),
    resources: pool ? [{ type: 'AWS::Cognito::UserPool', arn: pool.arn }] : [],
    requestParameters: withoutSecrets(input),
    responseElements: outcome && !READ_ONLY.test(operation) ? withoutSecrets(outcome.body) : undefined,
    ...(Object.keys(additional).length > 0 && { additionalEventData: additional }),
  };
}

const READ_ONLY = /^(AdminGet|AdminList|List|Describe|Get(?!Tokens))/;
const HIDDEN = 'HIDDEN_DUE_TO_SECURITY_REASONS';

/** Members that say nothing of a person or a secret. Everything else is hidden, so that a new member starts hidden. */
const SHOWN = new Set([
  'AttributesToGet',
  'AuthFlow',
  'ChallengeName',
  'ClientId',
  'CreationDate',
  'Enabled',
  'ExpiresIn',
  'GroupName',
  'LastModifiedDate',
  'Limit',
  'MessageAction',
  'Permanent',
  'Precedence',
  'Status',
  'TokenType',
  'UserCreateDate',
  'UserLastModifiedDate',
  'UserPoolId',
  'UserStatus',
]);
/** Structures that are walked into; other structures are hidden whole. */
const WALKED = new Set(['AuthenticationResult', 'Group', 'User']);

function withoutSecrets(members: Input): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => [
      name.charAt(0).toLowerCase() + name.slice(1),
      WALKED.has(name) && isStructure(value) ? withoutSecrets(value) : SHOWN.has(name) ? value : HIDDEN,
    ]),
  );
}

function isStructure(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
