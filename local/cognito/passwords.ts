import { AwsError } from '../front-door/service.ts';
import { setAttributes } from './attributes.ts';
import type { ClientSettings } from './client-settings.ts';
import { parameter } from './input.ts';
import { policyBreach } from './password-policy.ts';
import type { Cognito, Pool } from './pools.ts';
import { isPassword, makeVerifier } from './srp.ts';
import type { User } from './state.ts';

/** The NEW_PASSWORD_REQUIRED answer: a password of the user's own, and the attributes the pool still misses. */
export function chooseNewPassword(
  cognito: Cognito,
  pool: Pool,
  client: ClientSettings,
  user: User,
  answers: ReadonlyMap<string, string>,
): void {
  const password = parameter(answers, 'NEW_PASSWORD');
  const attributes = [...answers]
    .filter(([name]) => name.startsWith('userAttributes.'))
    .map(([name, value]) => [name.slice('userAttributes.'.length), value] as const);
  if (attributes.some(([name]) => !client.mayWrite(name)))
    throw new AwsError('NotAuthorizedException', 'A client attempted to write unauthorized attribute');
  const missing = [...pool.settings.schema].find(
    ([name, rule]) =>
      rule.required && user.attributes[name] === undefined && !attributes.some(([given]) => given === name),
  );
  if (missing)
    throw new AwsError('InvalidParameterException', `Invalid attributes given, ${missing[0]} is missing`);
  checkUserPassword(pool, password);
  const draft = { attributes: user.attributes };
  setAttributes(pool, draft, attributes, 'update');
  keepPermanent(cognito, pool, user, password);
  user.attributes = draft.attributes;
}

/** Refuses what the policy refuses, in the words of operations that people call themselves. */
export function checkUserPassword(pool: Pool, password: string): void {
  const breach = policyBreach(pool.settings.policy, password);
  if (breach)
    throw new AwsError('InvalidPasswordException', `Password does not conform to policy: ${breach}`);
}

/** AdminCreateUser and AdminSetUserPassword: refuses what the policy refuses, in the words of those operations. */
export function checkAdminPassword(pool: Pool, password: string): void {
  const breach = policyBreach(pool.settings.policy, password);
  if (breach)
    throw new AwsError(
      'InvalidPasswordException',
      `Password did not conform with password policy: ${breach}`,
    );
}

export function keepPermanent(cognito: Cognito, pool: Pool, user: User, password: string): void {
  const { id, policy } = pool.settings;
  if (user.history.slice(0, policy.historySize).some((old) => isPassword(id, user.username, password, old)))
    throw new AwsError('PasswordHistoryPolicyViolationException', 'Password has previously been used');
  user.password = makeVerifier(id, user.username, password);
  user.history = [user.password, ...user.history].slice(0, policy.historySize);
  user.status = 'CONFIRMED';
  user.temporaryUntil = undefined;
  user.modifiedAt = cognito.clock.now();
}

export function keepTemporary(cognito: Cognito, pool: Pool, user: User, password: string): void {
  const now = cognito.clock.now();
  user.password = makeVerifier(pool.settings.id, user.username, password);
  user.status = 'FORCE_CHANGE_PASSWORD';
  user.temporaryUntil = now + pool.settings.policy.temporaryPasswordValidityDays * DAY_MS;
  user.modifiedAt = now;
}

const DAY_MS = 24 * 3_600_000;
