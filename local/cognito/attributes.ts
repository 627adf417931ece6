import { AwsError } from '../front-door/service.ts';
import { type AttributeRule, STANDARD_ATTRIBUTES } from './pool-settings.ts';
import type { Pool } from './pools.ts';
import type { User } from './state.ts';

/**
 * Sets attributes that conform to the pool's schema, all of them or none. One that is not mutable can be given when
 * the user is created and never again.
 */
export function setAttributes(
  pool: Pool,
  user: Pick<User, 'attributes'>,
  attributes: readonly (readonly [string, string])[],
  when: 'create' | 'update',
): void {
  for (const [name, value] of attributes) {
    const rule = ruleOf(pool, name);
    if (when === 'update') checkMayUpdate(pool, name);
    const breach = valueBreach(rule, value);
    if (breach) throw invalid(`Attributes did not conform to the schema: ${name}: ${breach}\n`);
  }
  user.attributes = { ...user.attributes, ...Object.fromEntries(attributes) };
}

/** Refuses an attribute that is given once and never again. */
export function checkMayUpdate(pool: Pool, name: string): void {
  if (!ruleOf(pool, name).mutable || name === 'sub')
    throw invalid(`user.${name}: Attribute cannot be updated.\n`);
}

/** A person's attributes as the API lists them. */
export function attributesOf(user: User): readonly { readonly Name: string; readonly Value: string }[] {
  return Object.entries({ ...user.attributes, sub: user.sub }).map(([Name, Value]) => ({ Name, Value }));
}

function ruleOf(pool: Pool, name: string): AttributeRule {
  const rule = pool.settings.schema.get(name) ?? (STANDARD_ATTRIBUTES.has(name) ? STANDARD : undefined);
  if (name === 'sub') return { ...STANDARD, mutable: false };
  if (!rule)
    throw invalid(
      `Attributes did not conform to the schema: Type for attribute {${name}} could not be determined`,
    );
  return rule;
}

const STANDARD: AttributeRule = { type: 'String', mutable: true, required: false, maxLength: 2048 };

function valueBreach(rule: AttributeRule, value: string): string | undefined {
  if (rule.maxLength !== undefined && value.length > rule.maxLength)
    return `String must be no longer than ${rule.maxLength} characters`;
  if (rule.minLength !== undefined && value.length < rule.minLength)
    return `String must be no shorter than ${rule.minLength} characters`;
  if (rule.type === 'Number' && !/^-?\d+(\.\d+)?$/.test(value)) return 'Attribute is not a number';
  if (rule.type === 'Boolean' && value !== 'true' && value !== 'false') return 'Attribute is not a boolean';
  return undefined;
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
