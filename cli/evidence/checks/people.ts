import { listOf, type Resource, valueAt } from '../assembly.ts';
import { atLeast, atMost, type Check, every, ofTypes, type Wish } from '../check.ts';

const pools = ['AWS::Cognito::UserPool'];
const clients = ['AWS::Cognito::UserPoolClient'];

/** What holds for how people prove who they are. */
export const peopleChecks: readonly Check[] = [
  every(
    'mfa-on',
    'Nobody signs in by a password alone: MFA is on for everybody, and never by SMS.',
    pools,
    () => ({
      MfaConfiguration: 'ON',
      EnabledMfas: noSms,
    }),
  ),
  every(
    'accounts-by-administrators',
    'Nobody makes an account for themselves, or recovers one alone.',
    pools,
    () => ({
      'AdminCreateUserConfig.AllowAdminCreateUserOnly': true,
      'AccountRecoverySetting.RecoveryMechanisms': onlyAdministrators,
    }),
  ),
  every('accounts-kept', 'The user pool refuses deletion and outlives its stack.', pools, () => ({
    DeletionProtection: 'ACTIVE',
    DeletionPolicy: 'Retain',
  })),
  every(
    'passwords-strong',
    'A password has 14 characters of four kinds; a first one lasts three days.',
    pools,
    () => ({
      'Policies.PasswordPolicy.MinimumLength': atLeast(14, 'characters'),
      'Policies.PasswordPolicy.RequireLowercase': true,
      'Policies.PasswordPolicy.RequireUppercase': true,
      'Policies.PasswordPolicy.RequireNumbers': true,
      'Policies.PasswordPolicy.RequireSymbols': true,
      'Policies.PasswordPolicy.TemporaryPasswordValidityDays': atMost(3, 'days'),
    }),
  ),
  every(
    'password-never-sent',
    'A password never travels: people sign in by SRP alone, and nothing tells whether a user name exists.',
    clients,
    () => ({ ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH'], PreventUserExistenceErrors: 'ENABLED' }),
    isForPeople,
  ),
  every(
    'tokens-short',
    'A token opens doors for 15 minutes at most, a sign-in lasts 12 hours at most, and both can be ended.',
    clients,
    () => ({
      AccessTokenValidity: atMost(15, 'minutes'),
      RefreshTokenValidity: atMost(720, 'minutes'),
      TokenValidityUnits: inMinutes,
      EnableTokenRevocation: true,
      'RefreshTokenRotation.Feature': 'ENABLED',
    }),
    isForPeople,
  ),
  {
    id: 'idle-people-signed-out',
    promises:
      'Who is idle is signed out: within 15 minutes where nothing else is set, and at the latest after twelve hours.',
    look: (all) =>
      ofTypes(all, ['AWS::Lambda::Function']).flatMap(({ path, properties }) => {
        const idle = valueAt(properties, 'Environment.Variables.IDLE_MINUTES');
        const hours = valueAt(properties, 'Environment.Variables.SIGN_IN_HOURS');
        if (idle === undefined) return [];
        const at = (property: string, expected: string, seen: unknown, holds: boolean) => ({
          ...{
            resource: path,
            property: `Environment.Variables.${property}`,
            expected,
            seen: String(seen),
            holds,
          },
        });
        return [
          at('IDLE_MINUTES', 'at most 15 by default', idle, defaultMinutes(idle) <= 15),
          at('SIGN_IN_HOURS', 'at most 12', hours, Number(hours) > 0 && Number(hours) <= 12),
        ];
      }),
  },
];

const noSms: Wish = {
  says: 'a code or a passkey, no SMS',
  fits: (factors) => listOf(factors).length > 0 && !listOf(factors).includes('SMS_MFA'),
};

const onlyAdministrators: Wish = {
  says: 'administrators only',
  fits: (ways) =>
    listOf(ways).length > 0 && listOf(ways).every((way) => valueAt(way, 'Name') === 'admin_only'),
};

const inMinutes: Wish = {
  says: 'minutes',
  fits: (units) => ['AccessToken', 'RefreshToken'].every((token) => valueAt(units, token) === 'minutes'),
};

/** A machine's client has a secret and no refresh token; what holds for people says nothing of it. */
function isForPeople({ properties }: Resource): boolean {
  return properties.GenerateSecret !== true;
}

function defaultMinutes(given: unknown): number {
  try {
    return Number(valueAt(JSON.parse(String(given)), 'default'));
  } catch {
    return Number.NaN;
  }
}
