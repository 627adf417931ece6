import type { Resource } from '../template/resource.ts';
import type { PasswordPolicy } from './password-policy.ts';
import { flag, list, only, record, text, unsupported, wholeNumber } from './properties.ts';

/** What of an AWS::Cognito::UserPool changes what a pool does here. */
export interface PoolSettings {
  readonly id: string;
  readonly arn: string;
  readonly name: string;
  readonly mfaRequired: boolean;
  /** Whether people may make their own users. */
  readonly selfSignUp: boolean;
  readonly caseSensitive: boolean;
  readonly policy: PasswordPolicy;
  /** Attributes beside Cognito's own, and Cognito's own where the template changes them, by full name. */
  readonly schema: ReadonlyMap<string, AttributeRule>;
  readonly recovery: 'admin_only' | 'message';
  readonly preToken?: { readonly functionArn: string; readonly version: TriggerVersion };
  /** The template's properties, for DescribeUserPool. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Events of the third version come for machines too; for people it is the second. */
export type TriggerVersion = (typeof TRIGGER_VERSIONS)[number];

const TRIGGER_VERSIONS = ['V1_0', 'V2_0', 'V3_0'] as const;

/** How one attribute may be used. Lengths are in characters. */
export interface AttributeRule {
  readonly type: 'String' | 'Number' | 'Boolean' | 'DateTime';
  readonly mutable: boolean;
  readonly required: boolean;
  readonly minLength?: number;
  readonly maxLength?: number;
}

/** Reads a pool's resource; throws with the property's name where it asks for what this stand-in does not do. */
export function readPool(resource: Resource): PoolSettings {
  const properties = resource.properties;
  only(resource, properties, [...DECISIVE, ...INERT]);
  const mfa = text(properties.MfaConfiguration) ?? 'OFF';
  if (mfa !== 'ON' && mfa !== 'OFF') throw unsupported(resource, 'MfaConfiguration', mfa);
  const factors = list(properties.EnabledMfas);
  const otherFactor = factors.find((factor) => factor !== 'SOFTWARE_TOKEN_MFA');
  if (otherFactor !== undefined) throw unsupported(resource, 'EnabledMfas', otherFactor);
  if (mfa === 'ON' && factors.length === 0)
    throw unsupported(resource, 'EnabledMfas', 'none with MfaConfiguration ON');
  const admin = record(properties.AdminCreateUserConfig);
  const arn = resource.attributes.Arn;
  if (!arn)
    throw new Error(`user pool ${resource.logicalId} has no Arn: give it the attributes of identifyUserPool`);
  return {
    id: resource.ref,
    arn,
    name: text(properties.UserPoolName) ?? resource.logicalId,
    mfaRequired: mfa === 'ON',
    selfSignUp: !flag(admin.AllowAdminCreateUserOnly, false),
    caseSensitive: flag(record(properties.UsernameConfiguration).CaseSensitive, true),
    policy: readPolicy(resource, admin),
    schema: readSchema(resource),
    recovery: isAdminOnly(properties) ? 'admin_only' : 'message',
    preToken: readTriggers(resource),
    properties,
  };
}

const DECISIVE = [
  'AccountRecoverySetting',
  'AdminCreateUserConfig',
  'EnabledMfas',
  'LambdaConfig',
  'MfaConfiguration',
  'Policies',
  'Schema',
  'UsernameConfiguration',
  'UserPoolName',
];

/** No message is ever sent here, nothing is deleted with the stack, and no risk is scored: these change nothing. */
const INERT = [
  'AutoVerifiedAttributes',
  'DeletionProtection',
  'EmailConfiguration',
  'EmailVerificationMessage',
  'EmailVerificationSubject',
  'SmsAuthenticationMessage',
  'SmsConfiguration',
  'SmsVerificationMessage',
  'UserAttributeUpdateSettings',
  'UserPoolAddOns',
  'UserPoolTags',
  'UserPoolTier',
  'VerificationMessageTemplate',
];

function readPolicy(resource: Resource, admin: Readonly<Record<string, unknown>>): PasswordPolicy {
  const policies = record(resource.properties.Policies);
  const factors = list(record(policies.SignInPolicy).AllowedFirstAuthFactors);
  const other = factors.find((factor) => factor !== 'PASSWORD');
  if (other !== undefined)
    throw unsupported(resource, 'Policies.SignInPolicy.AllowedFirstAuthFactors', other);
  const policy = record(policies.PasswordPolicy);
  // Without a policy Cognito asks for 8 characters of all four kinds; with one, for the kinds it names.
  const kinds = Object.keys(policy).length === 0;
  return {
    minimumLength: wholeNumber(policy.MinimumLength) ?? 8,
    requireLowercase: flag(policy.RequireLowercase, kinds),
    requireUppercase: flag(policy.RequireUppercase, kinds),
    requireNumbers: flag(policy.RequireNumbers, kinds),
    requireSymbols: flag(policy.RequireSymbols, kinds),
    historySize: wholeNumber(policy.PasswordHistorySize) ?? 0,
    temporaryPasswordValidityDays:
      wholeNumber(policy.TemporaryPasswordValidityDays) ?? wholeNumber(admin.UnusedAccountValidityDays) ?? 7,
  };
}

function readSchema(resource: Resource): Map<string, AttributeRule> {
  const rules = new Map<string, AttributeRule>();
  for (const entry of list(resource.properties.Schema)) {
    const attribute = record(entry);
    const name = text(attribute.Name) ?? '';
    const type = text(attribute.AttributeDataType) ?? 'String';
    if (type !== 'String' && type !== 'Number' && type !== 'Boolean' && type !== 'DateTime')
      throw unsupported(resource, `Schema.${name}.AttributeDataType`, type);
    if (flag(attribute.DeveloperOnlyAttribute, false))
      throw unsupported(resource, `Schema.${name}.DeveloperOnlyAttribute`, true);
    const limits = record(attribute.StringAttributeConstraints);
    rules.set(STANDARD_ATTRIBUTES.has(name) ? name : `custom:${name}`, {
      type,
      mutable: flag(attribute.Mutable, true),
      required: flag(attribute.Required, false),
      minLength: wholeNumber(limits.MinLength),
      maxLength: wholeNumber(limits.MaxLength),
    });
  }
  return rules;
}

/** OpenID Connect's standard claims, as far as Cognito keeps them, and the two marks of verification. */
export const STANDARD_ATTRIBUTES: ReadonlySet<string> = new Set(
  `address birthdate email email_verified family_name gender given_name locale middle_name name nickname phone_number
  phone_number_verified picture preferred_username profile updated_at website zoneinfo`.split(/\s+/),
);

function isAdminOnly(properties: Readonly<Record<string, unknown>>): boolean {
  const mechanisms = list(record(properties.AccountRecoverySetting).RecoveryMechanisms);
  return mechanisms.length > 0 && mechanisms.every((mechanism) => record(mechanism).Name === 'admin_only');
}

function readTriggers(resource: Resource): PoolSettings['preToken'] {
  const triggers = record(resource.properties.LambdaConfig);
  const other = Object.keys(triggers).find(
    (name) => name !== 'PreTokenGenerationConfig' && name !== 'PreTokenGeneration',
  );
  if (other) throw unsupported(resource, `LambdaConfig.${other}`, triggers[other]);
  const config = record(triggers.PreTokenGenerationConfig);
  const functionArn = text(config.LambdaArn) ?? text(triggers.PreTokenGeneration);
  if (!functionArn) return undefined;
  const named = text(config.LambdaVersion) ?? 'V1_0';
  const version = TRIGGER_VERSIONS.find((one) => one === named);
  if (!version) throw unsupported(resource, 'LambdaConfig.PreTokenGenerationConfig.LambdaVersion', named);
  return { functionArn, version };
}
