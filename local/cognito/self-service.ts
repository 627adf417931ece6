import { AwsError } from '../front-door/service.ts';
import { type Bearer, bearerOf, signOutEverywhere } from './access.ts';
import { attributesOf, checkMayUpdate, setAttributes } from './attributes.ts';
import { attributeList, requiredText } from './input.ts';
import { mfaOf } from './mfa.ts';
import { checkUserPassword, keepPermanent } from './passwords.ts';
import type { Cognito, Input, Outcome } from './pools.ts';
import { list, record } from './properties.ts';
import { isPassword } from './srp.ts';

/** GetUser: the bearer themselves, with the attributes that their client may read. */
export async function getUser(cognito: Cognito, input: Input): Promise<Outcome> {
  const { client, user } = await bearerOf(cognito, requiredText(input, 'AccessToken'));
  const readable = attributesOf(user).filter(({ Name }) => Name === 'sub' || client.mayRead(Name));
  return { body: { Username: user.username, UserAttributes: readable, ...mfaOf(user) }, sub: user.sub };
}

/** GlobalSignOut: the bearer ends all of their own sign-ins. */
export function globalSignOut(cognito: Cognito, input: Input): Promise<Outcome> {
  return changed(cognito, input, ({ pool, user }) => signOutEverywhere(cognito, pool, user));
}

/** UpdateUserAttributes: what the client may write and the pool lets change. No address is verified from here. */
export async function updateUserAttributes(cognito: Cognito, input: Input): Promise<Outcome> {
  const attributes = attributeList(input, 'UserAttributes');
  const { sub } = await changed(cognito, input, ({ pool, client, user }) => {
    checkMayWrite(
      client,
      attributes.map(([name]) => name),
    );
    setAttributes(pool, user, attributes, 'update');
  });
  return { body: { CodeDeliveryDetailsList: [] }, ...(sub && { sub }) };
}

/** DeleteUserAttributes, by the same rules. */
export function deleteUserAttributes(cognito: Cognito, input: Input): Promise<Outcome> {
  const names = list(input.UserAttributeNames).map(String);
  return changed(cognito, input, ({ pool, client, user }) => {
    checkMayWrite(client, names);
    for (const name of names) checkMayUpdate(pool, name);
    user.attributes = Object.fromEntries(
      Object.entries(user.attributes).filter(([name]) => !names.includes(name)),
    );
  });
}

/** ChangePassword: the bearer proves the old one. Wrong ones count towards the lock of sign-ins. */
export function changePassword(cognito: Cognito, input: Input): Promise<Outcome> {
  const previous = requiredText(input, 'PreviousPassword');
  const proposed = requiredText(input, 'ProposedPassword');
  return changed(cognito, input, ({ pool, user }) => {
    const key = `${pool.settings.id}/${user.username}`;
    if (cognito.attempts.isLocked(key))
      throw new AwsError('LimitExceededException', 'Attempt limit exceeded, please try after some time.');
    if (!isPassword(pool.settings.id, user.username, previous, user.password)) {
      cognito.attempts.fail(key);
      throw new AwsError('NotAuthorizedException', 'Incorrect username or password.');
    }
    checkUserPassword(pool, proposed);
    keepPermanent(cognito, pool, user, proposed);
  });
}

/** SetUserMFAPreference, for the one factor that there is; where the pool asks everybody for a code, nobody turns it off. */
export function setUserMfaPreference(cognito: Cognito, input: Input): Promise<Outcome> {
  const { Enabled: isEnabled = true } = record(input.SoftwareTokenMfaSettings);
  return changed(cognito, input, ({ pool, user }) => {
    if (isEnabled && !user.softwareToken)
      throw new AwsError('InvalidParameterException', 'User has not set up software token mfa');
    if (isEnabled) return;
    if (pool.settings.mfaRequired)
      throw new AwsError(
        'InvalidParameterException',
        'MFA is required for this user pool and cannot be turned off',
      );
    user.softwareToken = undefined;
  });
}

/** DeleteUser: the bearer deletes their own account. */
export function deleteUser(cognito: Cognito, input: Input): Promise<Outcome> {
  return changed(cognito, input, ({ pool, user }) => {
    signOutEverywhere(cognito, pool, user);
    pool.state.users.delete(user.username);
  });
}

/** An operation of people's own accounts that is not served here; who may not call it is told that first, as AWS does. */
export async function unserved(cognito: Cognito, input: Input): Promise<Outcome> {
  await bearerOf(cognito, requiredText(input, 'AccessToken'));
  throw new AwsError('UnknownOperationException', 'This is not an operation that is served here');
}

async function changed(cognito: Cognito, input: Input, apply: (bearer: Bearer) => void): Promise<Outcome> {
  const bearer = await bearerOf(cognito, requiredText(input, 'AccessToken'));
  apply(bearer);
  bearer.user.modifiedAt = cognito.clock.now();
  cognito.file.save();
  return { body: {}, sub: bearer.user.sub };
}

function checkMayWrite({ mayWrite }: Bearer['client'], names: readonly string[]): void {
  if (!names.every(mayWrite))
    throw new AwsError('NotAuthorizedException', 'A client attempted to write unauthorized attribute');
}
