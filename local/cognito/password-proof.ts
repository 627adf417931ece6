import { AwsError } from '../front-door/service.ts';
import type { ClientSettings } from './client-settings.ts';
import { parameter } from './input.ts';
import { askForMfa } from './mfa.ts';
import type { Cognito, Outcome, Pool } from './pools.ts';
import type { Session } from './sessions.ts';
import { signIn } from './sign-in.ts';
import { beginExchange, fakeVerifier, isPassword, parseTimestamp, provesPassword } from './srp.ts';
import type { User } from './state.ts';

/** Answers USER_SRP_AUTH: the salt, and a public value that the password must be proved against. */
export function beginSrp(
  cognito: Cognito,
  pool: Pool,
  client: ClientSettings,
  username: string,
  clientPublic: string,
): Outcome {
  const user = pool.state.users.get(username);
  if (!user && !client.hidesUnknownUsers) throw new AwsError('UserNotFoundException', 'User does not exist.');
  // Made for everybody, so that a user who exists does not answer sooner.
  const fake = fakeVerifier(pool.state.fakeSeed, username);
  const kept = user ? { ...user.password, userId: user.username } : fake;
  const exchange = beginExchange(clientPublic, kept.verifier);
  if (!exchange) throw invalid('SRP_A is not a public value of the group');
  const { userId } = kept;
  const block = cognito.sessions.openExchange(
    {
      ...exchange,
      poolId: pool.settings.id,
      clientId: client.id,
      username,
      userId,
      exists: user !== undefined,
    },
    client.challengeMs,
  );
  return {
    body: {
      ChallengeName: 'PASSWORD_VERIFIER',
      ChallengeParameters: {
        SALT: kept.salt,
        SECRET_BLOCK: block,
        SRP_B: exchange.serverPublic,
        USERNAME: userId,
        USER_ID_FOR_SRP: userId,
      },
    },
    sub: user?.sub,
  };
}

/** Checks the PASSWORD_VERIFIER answer, and leads on to the next challenge or to tokens. */
export async function verifyPassword(
  cognito: Cognito,
  pool: Pool,
  client: ClientSettings,
  answers: ReadonlyMap<string, string>,
): Promise<Outcome> {
  const secretBlock = parameter(answers, 'PASSWORD_CLAIM_SECRET_BLOCK');
  const signature = parameter(answers, 'PASSWORD_CLAIM_SIGNATURE');
  const timestamp = parameter(answers, 'TIMESTAMP');
  const at = parseTimestamp(timestamp);
  if (at === undefined) throw invalid('TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.');
  const exchange = cognito.sessions.takeExchange(secretBlock);
  if (!exchange || exchange.clientId !== client.id) throw notAuthorized(WRONG);
  const claim = { userId: exchange.userId, secretBlock, timestamp, signature };
  // Worked out for everybody, so that a user who exists is not refused later.
  const isProved = provesPassword(pool.settings.id, exchange, claim);
  const isTimely = Math.abs(cognito.clock.now() - at) <= TIMESTAMP_WINDOW_MS;
  return passwordGiven(
    cognito,
    pool,
    client,
    exchange.username,
    // A password changed since the exchange began proves nothing any more.
    (user) => isProved && isTimely && exchange.exists && user.password.verifier === exchange.verifier,
  );
}

/** USER_PASSWORD_AUTH: the password itself, for clients that list the flow. */
export async function givePassword(
  cognito: Cognito,
  pool: Pool,
  client: ClientSettings,
  username: string,
  password: string,
): Promise<Outcome> {
  if (!client.hidesUnknownUsers && !pool.state.users.has(username))
    throw new AwsError('UserNotFoundException', 'User does not exist.');
  return passwordGiven(cognito, pool, client, username, (user) =>
    isPassword(pool.settings.id, username, password, user.password),
  );
}

/** How far a client's TIMESTAMP may be from the pool's clock. */
const TIMESTAMP_WINDOW_MS = 5 * 60_000;

const WRONG = 'Incorrect username or password.';

async function passwordGiven(
  cognito: Cognito,
  pool: Pool,
  client: ClientSettings,
  username: string,
  isRight: (user: User) => boolean,
): Promise<Outcome> {
  const key = `${pool.settings.id}/${username}`;
  if (cognito.attempts.isLocked(key)) throw notAuthorized('Password attempts exceeded');
  const user = pool.state.users.get(username);
  if (!user || !isRight(user)) {
    cognito.attempts.fail(key);
    throw notAuthorized(WRONG);
  }
  cognito.attempts.succeed(key);
  if (!user.enabled) throw notAuthorized('User is disabled.');
  if (user.status === 'UNCONFIRMED')
    throw new AwsError('UserNotConfirmedException', 'User is not confirmed.');
  const session: Session = {
    poolId: pool.settings.id,
    clientId: client.id,
    username,
    awaits: 'NEW_PASSWORD_REQUIRED',
    newPassword: false,
    tokenVerified: false,
  };
  if (user.status === 'FORCE_CHANGE_PASSWORD') {
    if (user.temporaryUntil !== undefined && user.temporaryUntil <= cognito.clock.now())
      throw notAuthorized('Temporary password has expired and must be reset by an administrator.');
    return askForNewPassword(cognito, pool, client, user, session);
  }
  if (pool.settings.mfaRequired) return askForMfa(cognito, client, user, session);
  return { body: await signIn(cognito, pool, client, user, { reason: 'Authentication' }), sub: user.sub };
}

function askForNewPassword(
  cognito: Cognito,
  pool: Pool,
  client: ClientSettings,
  user: User,
  session: Session,
): Outcome {
  const missing = [...pool.settings.schema]
    .filter(([name, rule]) => rule.required && user.attributes[name] === undefined)
    .map(([name]) => `userAttributes.${name}`);
  return {
    body: {
      ChallengeName: 'NEW_PASSWORD_REQUIRED',
      Session: cognito.sessions.open(session, client.challengeMs),
      ChallengeParameters: {
        USER_ID_FOR_SRP: user.username,
        requiredAttributes: JSON.stringify(missing),
        userAttributes: JSON.stringify(user.attributes),
      },
    },
    sub: user.sub,
  };
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}

function notAuthorized(message: string): AwsError {
  return new AwsError('NotAuthorizedException', message);
}
