import { AwsError } from '../front-door/service.ts';
import { attributesOf, summary } from './admin.ts';
import { requiredText } from './input.ts';
import { type Cognito, clientOf, foldName, type Input, type Outcome, type Pool, poolOf } from './pools.ts';
import { list, record, wholeNumber } from './properties.ts';
import type { User } from './state.ts';

/** ListUsers, with AWS's filter `attribute = "value"` or `attribute ^= "prefix"` and pages of at most 60. */
export function listUsers(cognito: Cognito, input: Input): Outcome {
  const pool = poolOf(cognito, input);
  const limit = wholeNumber(input.Limit) ?? PAGE;
  if (limit < 0 || limit > PAGE)
    throw new AwsError(
      'InvalidParameterException',
      `1 validation error detected: Value '${limit}' at 'limit' failed to satisfy constraint: ` +
        `Member must have value less than or equal to ${PAGE}`,
    );
  const matches = filterOf(input.Filter);
  const users = [...pool.state.users.values()].filter(matches);
  const start = typeof input.PaginationToken === 'string' ? readPage(input.PaginationToken) : 0;
  const wanted = input.AttributesToGet === undefined ? undefined : new Set(list(input.AttributesToGet));
  const end = start + (limit || PAGE);
  return {
    body: {
      Users: users.slice(start, end).map((user) => ({
        ...summary(user),
        Attributes: attributesOf(user).filter(({ Name }) => !wanted || wanted.has(Name)),
      })),
      ...(end < users.length && { PaginationToken: Buffer.from(`from:${end}`).toString('base64') }),
    },
  };
}

export function describeUserPool(cognito: Cognito, input: Input): Outcome {
  const { settings, state } = poolOf(cognito, input);
  const { properties, policy } = settings;
  return {
    body: {
      UserPool: {
        Id: settings.id,
        Arn: settings.arn,
        Name: settings.name,
        MfaConfiguration: settings.mfaRequired ? 'ON' : 'OFF',
        EstimatedNumberOfUsers: state.users.size,
        Policies: {
          PasswordPolicy: {
            MinimumLength: policy.minimumLength,
            RequireLowercase: policy.requireLowercase,
            RequireUppercase: policy.requireUppercase,
            RequireNumbers: policy.requireNumbers,
            RequireSymbols: policy.requireSymbols,
            PasswordHistorySize: policy.historySize,
            TemporaryPasswordValidityDays: policy.temporaryPasswordValidityDays,
          },
        },
        SchemaAttributes: [...settings.schema].map(([Name, rule]) => ({
          Name,
          AttributeDataType: rule.type,
          DeveloperOnlyAttribute: false,
          Mutable: rule.mutable,
          Required: rule.required,
        })),
        AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
        UsernameConfiguration: { CaseSensitive: settings.caseSensitive },
        LambdaConfig: record(properties.LambdaConfig),
        AccountRecoverySetting: properties.AccountRecoverySetting,
        DeletionProtection: properties.DeletionProtection ?? 'INACTIVE',
        UserPoolTier: properties.UserPoolTier ?? 'ESSENTIALS',
        UserPoolTags: properties.UserPoolTags,
      },
    },
  };
}

/** SignUp: these pools let administrators alone create users. */
export function signUp(cognito: Cognito, input: Input): Outcome {
  clientOf(cognito, input);
  throw new AwsError('NotAuthorizedException', 'SignUp is not permitted for this user pool');
}

/** ForgotPassword: refused where the pool's recovery is the administrator's alone; and no message can be sent from here. */
export function forgotPassword(cognito: Cognito, input: Input): Outcome {
  const { pool, client } = clientOf(cognito, input);
  const username = requiredText(input, 'Username');
  if (pool.settings.recovery === 'admin_only')
    throw new AwsError('NotAuthorizedException', 'Contact administrator to reset password.');
  if (!client.hidesUnknownUsers && !knows(pool, username))
    throw new AwsError('UserNotFoundException', 'Username/client id combination not found.');
  throw new AwsError(
    'CodeDeliveryFailureException',
    'no message can be sent from here: set the password as administrator',
  );
}

const PAGE = 60;

function knows(pool: Pool, username: string): boolean {
  return pool.state.users.has(foldName(pool, username));
}

function readPage(token: string): number {
  const start = /^from:(\d+)$/.exec(Buffer.from(token, 'base64').toString())?.[1];
  if (start) return Number(start);
  throw new AwsError('InvalidParameterException', 'Invalid pagination token');
}

/** AWS filters by these alone; custom attributes cannot be searched. */
const SEARCHABLE = new Set(
  `username email phone_number name given_name family_name preferred_username cognito:user_status status sub`.split(
    ' ',
  ),
);

function filterOf(filter: unknown): (user: User) => boolean {
  if (filter === undefined || filter === '') return () => true;
  const [, name, operator, value] = /^\s*"?([\w:]+)"?\s*(\^?=)\s*"(.*)"\s*$/.exec(String(filter)) ?? [];
  if (!name || value === undefined || !SEARCHABLE.has(name))
    throw new AwsError('InvalidParameterException', `Error while parsing filter.`);
  return (user) => {
    const found = searchable(user, name);
    if (found === undefined) return false;
    return operator === '=' ? found === value : found.startsWith(value);
  };
}

function searchable(user: User, name: string): string | undefined {
  if (name === 'username') return user.username;
  if (name === 'sub') return user.sub;
  if (name === 'cognito:user_status') return user.status;
  if (name === 'status') return user.enabled ? 'Enabled' : 'Disabled';
  return user.attributes[name];
}
