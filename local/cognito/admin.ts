import { randomUUID } from 'node:crypto';
import { AwsError } from '../front-door/service.ts';
import { signOutEverywhere } from './access.ts';
import { attributesOf, setAttributes } from './attributes.ts';
import { attributeList, optionalText, requiredText } from './input.ts';
import { mfaOf } from './mfa.ts';
import { randomPassword } from './password-policy.ts';
import { checkAdminPassword, keepPermanent, keepTemporary } from './passwords.ts';
import { type Cognito, foldName, type Input, type Outcome, type Pool, poolOf, userBySub } from './pools.ts';
import type { User } from './state.ts';

/** AdminCreateUser: a person with a temporary password. No message is sent from here, so SUPPRESS must be asked for. */
export function adminCreateUser(cognito: Cognito, input: Input): Outcome {
  const pool = poolOf(cognito, input);
  const username = foldName(pool, requiredText(input, 'Username'));
  if (!/^[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,128}$/u.test(username))
    throw invalid(
      "1 validation error detected: Value at 'username' failed to satisfy constraint: " +
        'Member must satisfy regular expression pattern: [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+',
    );
  if (input.MessageAction === 'RESEND') {
    if (!pool.state.users.has(username)) throw new AwsError('UserNotFoundException', 'User does not exist.');
    throw new AwsError('CodeDeliveryFailureException', 'no message can be sent from here');
  }
  if (pool.state.users.has(username))
    throw new AwsError('UsernameExistsException', 'User account already exists');
  const draft = { attributes: {} };
  const attributes = attributeList(input, 'UserAttributes');
  setAttributes(pool, draft, attributes, 'create');
  if (attributes.some(([name]) => name === 'sub')) throw invalid('user.sub: Attribute cannot be updated.\n');
  if (
    input.MessageAction !== 'SUPPRESS' &&
    attributes.some(([name]) => name === 'email' || name === 'phone_number')
  )
    throw new AwsError(
      'CodeDeliveryFailureException',
      'no message can be sent from here: pass MessageAction SUPPRESS',
    );
  const password = optionalText(input, 'TemporaryPassword') ?? randomPassword(pool.settings.policy);
  checkAdminPassword(pool, password);
  const now = cognito.clock.now();
  const user: User = {
    username,
    sub: randomUUID(),
    createdAt: now,
    modifiedAt: now,
    attributes: draft.attributes,
    status: 'FORCE_CHANGE_PASSWORD',
    enabled: true,
    password: { salt: '', verifier: '' },
    history: [],
    groups: [],
  };
  keepTemporary(cognito, pool, user, password);
  pool.state.users.set(username, user);
  cognito.file.save();
  return { body: { User: { ...summary(user), Attributes: attributesOf(user) } }, sub: user.sub };
}

export function adminGetUser(cognito: Cognito, input: Input): Outcome {
  const { user } = userOf(cognito, input);
  return {
    body: {
      ...summary(user),
      UserAttributes: attributesOf(user),
      ...mfaOf(user),
    },
    sub: user.sub,
  };
}

export function adminDeleteUser(cognito: Cognito, input: Input): Outcome {
  return changeUser(cognito, input, (pool, user) => {
    signOutEverywhere(cognito, pool, user);
    pool.state.users.delete(user.username);
  });
}

/** AdminDisableUser: no sign-in and no renewal from now on, and what was issued is revoked. */
export function adminDisableUser(cognito: Cognito, input: Input): Outcome {
  return changeUser(cognito, input, (pool, user) => {
    user.enabled = false;
    signOutEverywhere(cognito, pool, user);
  });
}

export function adminEnableUser(cognito: Cognito, input: Input): Outcome {
  return changeUser(cognito, input, (_pool, user) => {
    user.enabled = true;
  });
}

export function adminSetUserPassword(cognito: Cognito, input: Input): Outcome {
  const password = requiredText(input, 'Password');
  return changeUser(cognito, input, (pool, user) => {
    checkAdminPassword(pool, password);
    if (input.Permanent === true) keepPermanent(cognito, pool, user, password);
    else keepTemporary(cognito, pool, user, password);
  });
}

export function adminUpdateUserAttributes(cognito: Cognito, input: Input): Outcome {
  return changeUser(cognito, input, (pool, user) => {
    setAttributes(pool, user, attributeList(input, 'UserAttributes'), 'update');
  });
}

export function adminUserGlobalSignOut(cognito: Cognito, input: Input): Outcome {
  return changeUser(cognito, input, (pool, user) => signOutEverywhere(cognito, pool, user));
}

/**
 * AdminResetUserPassword: refused, since it sends a code to a verified address and no message can be sent from here; a
 * person without one is refused by AWS too.
 */
export function adminResetUserPassword(cognito: Cognito, input: Input): Outcome {
  const { user } = userOf(cognito, input);
  const { email_verified: email, phone_number_verified: phone } = user.attributes;
  if (email !== 'true' && phone !== 'true')
    throw invalid(
      'Cannot reset password for the user as there is no registered/verified email or phone_number',
    );
  throw new AwsError(
    'CodeDeliveryFailureException',
    'no message can be sent from here: set the password as administrator',
  );
}

/** What AWS tells of a user wherever it names one. Times in seconds, as the JSON protocols write them. */
export function summary(user: User): Readonly<Record<string, unknown>> {
  return {
    Username: user.username,
    UserCreateDate: user.createdAt / 1000,
    UserLastModifiedDate: user.modifiedAt / 1000,
    Enabled: user.enabled,
    UserStatus: user.status,
  };
}

/** The user that an administrator's call names, by user name or by `sub` (API reference, e.g. AdminGetUser, Username). */
export function userOf(cognito: Cognito, input: Input): { pool: Pool; user: User } {
  const pool = poolOf(cognito, input);
  const named = requiredText(input, 'Username');
  const user = pool.state.users.get(foldName(pool, named)) ?? userBySub(pool, named);
  if (!user) throw new AwsError('UserNotFoundException', 'User does not exist.');
  return { pool, user };
}

/** Changes the named user, and keeps the change. */
export function changeUser(cognito: Cognito, input: Input, apply: (pool: Pool, user: User) => void): Outcome {
  const { pool, user } = userOf(cognito, input);
  apply(pool, user);
  user.modifiedAt = cognito.clock.now();
  cognito.file.save();
  return { body: {}, sub: user.sub };
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}
