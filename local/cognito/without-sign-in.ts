import { randomUUID } from 'node:crypto';
import { AwsError } from '../front-door/service.ts';
import { setAttributes } from './attributes.ts';
import type { ClientSettings } from './client-settings.ts';
import { attributeList, optionalText, requiredText } from './input.ts';
import { checkUserPassword, keepPermanent } from './passwords.ts';
import { type Cognito, clientOf, foldName, type Input, type Outcome, type Pool } from './pools.ts';
import { checkSecretHash } from './secret-hash.ts';
import type { User } from './state.ts';

/** SignUp: refused where administrators alone create users; elsewhere a user who must still be confirmed. */
export function signUp(cognito: Cognito, input: Input): Outcome {
  const { pool, client, username } = named(cognito, input);
  if (!pool.settings.selfSignUp)
    throw new AwsError('NotAuthorizedException', 'SignUp is not permitted for this user pool');
  if (pool.state.users.has(username)) throw new AwsError('UsernameExistsException', 'User already exists');
  const attributes = attributeList(input, 'UserAttributes');
  if (!attributes.every(([name]) => client.mayWrite(name)))
    throw new AwsError('NotAuthorizedException', 'A client attempted to write unauthorized attribute');
  const password = requiredText(input, 'Password');
  checkUserPassword(pool, password);
  const now = cognito.clock.now();
  const user: User = {
    ...{ username, sub: randomUUID(), createdAt: now, modifiedAt: now, enabled: true },
    ...{
      attributes: {},
      history: [],
      groups: [],
      password: { salt: '', verifier: '' },
      status: 'UNCONFIRMED',
    },
  };
  setAttributes(pool, user, attributes, 'create');
  keepPermanent(cognito, pool, user, password);
  user.status = 'UNCONFIRMED';
  pool.state.users.set(username, user);
  cognito.file.save();
  return { body: { UserConfirmed: false, UserSub: user.sub }, sub: user.sub };
}

/**
 * ResendConfirmationCode: for who is not confirmed yet, to whom no message can be sent from here. Who is nobody is
 * answered as if one had been sent, where the client hides who exists (developer guide, "Managing error responses").
 */
export function resendConfirmationCode(cognito: Cognito, input: Input): Outcome {
  const { pool, client, username } = named(cognito, input);
  const user = pool.state.users.get(username);
  if (!user && client.hidesUnknownUsers)
    return {
      body: {
        CodeDeliveryDetails: { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: 'a***@e***' },
      },
    };
  if (!user) throw unknownUser();
  if (user.status !== 'UNCONFIRMED')
    throw new AwsError('InvalidParameterException', 'User is already confirmed.');
  throw undelivered();
}

/** ForgotPassword: refused where the pool's recovery is the administrator's alone; and no message can be sent from here. */
export function forgotPassword(cognito: Cognito, input: Input): Outcome {
  const { pool, client, username } = named(cognito, input);
  if (pool.settings.recovery === 'admin_only')
    throw new AwsError('NotAuthorizedException', 'Contact administrator to reset password.');
  if (!client.hidesUnknownUsers && !pool.state.users.has(username)) throw unknownUser();
  throw undelivered();
}

/** ConfirmForgotPassword: no code was ever sent from here, so none is right; unknown users are answered alike. */
export function confirmForgotPassword(cognito: Cognito, input: Input): Outcome {
  const { pool, client, username } = named(cognito, input);
  requiredText(input, 'ConfirmationCode');
  checkUserPassword(pool, requiredText(input, 'Password'));
  if (!client.hidesUnknownUsers && !pool.state.users.has(username)) throw unknownUser();
  throw new AwsError('ExpiredCodeException', 'Invalid code provided, please request a code again.');
}

function named(cognito: Cognito, input: Input): { pool: Pool; client: ClientSettings; username: string } {
  const { pool, client } = clientOf(cognito, input);
  const username = requiredText(input, 'Username');
  checkSecretHash(pool, client, username, optionalText(input, 'SecretHash'));
  return { pool, client, username: foldName(pool, username) };
}

function unknownUser(): AwsError {
  return new AwsError('UserNotFoundException', 'Username/client id combination not found.');
}

function undelivered(): AwsError {
  return new AwsError(
    'CodeDeliveryFailureException',
    'no message can be sent from here: set the password as administrator',
  );
}
