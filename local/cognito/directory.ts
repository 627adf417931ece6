import { AwsError } from '../front-door/service.ts';
import { summary } from './admin.ts';
import { attributesOf } from './attributes.ts';
import { pageOf } from './pages.ts';
import { type Cognito, type Input, type Outcome, poolOf } from './pools.ts';
import { list, record } from './properties.ts';
import type { User } from './state.ts';

/** ListUsers, with AWS's filter `attribute = "value"` or `attribute ^= "prefix"` and pages of at most 60. */
export function listUsers(cognito: Cognito, input: Input): Outcome {
  const pool = poolOf(cognito, input);
  const matches = filterOf(input.Filter);
  const users = [...pool.state.users.values()].filter(matches);
  const { entries, next } = pageOf(users, input, 'PaginationToken');
  const wanted = input.AttributesToGet === undefined ? undefined : new Set(list(input.AttributesToGet));
  return {
    body: {
      Users: entries.map((user) => ({
        ...summary(user),
        Attributes: attributesOf(user).filter(({ Name }) => !wanted || wanted.has(Name)),
      })),
      ...(next !== undefined && { PaginationToken: next }),
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
        AdminCreateUserConfig: { AllowAdminCreateUserOnly: !settings.selfSignUp },
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
