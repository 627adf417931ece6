import { AwsError } from '../front-door/service.ts';
import { bearerOf } from './access.ts';
import type { ClientSettings } from './client-settings.ts';
import { optionalText, parameter, requiredText } from './input.ts';
import type { Cognito, Input, Outcome, Pool } from './pools.ts';
import type { Session } from './sessions.ts';
import type { User } from './state.ts';
import { checkCode, newSecret } from './totp.ts';

/** Asks for the code of an enrolled user; sets the others up first. Nobody passes without. */
export function askForMfa(cognito: Cognito, client: ClientSettings, user: User, session: Session): Outcome {
  const awaits = user.softwareToken ? 'SOFTWARE_TOKEN_MFA' : 'MFA_SETUP';
  return {
    body: {
      ChallengeName: awaits,
      Session: cognito.sessions.open({ ...session, awaits }, client.challengeMs),
      ChallengeParameters: {
        USER_ID_FOR_SRP: user.username,
        ...(user.softwareToken
          ? { FRIENDLY_DEVICE_NAME: user.softwareToken.deviceName ?? '' }
          : { MFAS_CAN_SETUP: '["SOFTWARE_TOKEN_MFA"]' }),
      },
    },
    sub: user.sub,
  };
}

/** Checks a sign-in's code; five wrong ones begin the same lock as wrong passwords do. */
export function checkSoftwareToken(
  cognito: Cognito,
  pool: Pool,
  user: User,
  answers: ReadonlyMap<string, string>,
): void {
  const code = parameter(answers, 'SOFTWARE_TOKEN_MFA_CODE');
  const key = `${pool.settings.id}/${user.username}/mfa`;
  if (cognito.attempts.isLocked(key))
    throw new AwsError('NotAuthorizedException', 'Password attempts exceeded');
  const checked = user.softwareToken && checkCode(user.softwareToken, code, cognito.clock.now());
  if (checked?.outcome === 'used')
    throw new AwsError('ExpiredCodeException', 'Your software token has already been used once.');
  if (checked?.outcome !== 'accepted') {
    cognito.attempts.fail(key);
    throw new AwsError('CodeMismatchException', 'Invalid code received for user');
  }
  cognito.attempts.succeed(key);
  user.softwareToken = checked.token;
}

/** AssociateSoftwareToken: a new secret, which counts for nothing until it is verified. */
export async function associateSoftwareToken(cognito: Cognito, input: Input): Promise<Outcome> {
  const { user, session, renewed } = await enrolling(cognito, input);
  user.pendingSecret = newSecret();
  cognito.file.save();
  return {
    body: { SecretCode: user.pendingSecret, ...(session && { Session: renewed(session) }) },
    sub: user.sub,
  };
}

/** VerifySoftwareToken: the first code of the new secret makes it the user's, and is used up by it. */
export async function verifySoftwareToken(cognito: Cognito, input: Input): Promise<Outcome> {
  const code = requiredText(input, 'UserCode');
  const { user, session, renewed } = await enrolling(cognito, input);
  if (!user.pendingSecret)
    throw new AwsError(
      'SoftwareTokenMFANotFoundException',
      'User has no software token waiting to be verified',
    );
  const deviceName = optionalText(input, 'FriendlyDeviceName');
  const fresh = { secret: user.pendingSecret, usedSteps: [], ...(deviceName && { deviceName }) };
  const checked = checkCode(fresh, code, cognito.clock.now());
  if (checked.outcome !== 'accepted')
    throw new AwsError('EnableSoftwareTokenMFAException', 'Code mismatch and fail enable Software Token MFA');
  user.softwareToken = checked.token;
  user.pendingSecret = undefined;
  user.modifiedAt = cognito.clock.now();
  cognito.file.save();
  return {
    body: { Status: 'SUCCESS', ...(session && { Session: renewed({ ...session, tokenVerified: true }) }) },
    sub: user.sub,
  };
}

/** What AWS tells of a user's factors, where there is one. */
export function mfaOf(user: User): Readonly<Record<string, unknown>> {
  return user.softwareToken
    ? { PreferredMfaSetting: 'SOFTWARE_TOKEN_MFA', UserMFASettingList: ['SOFTWARE_TOKEN_MFA'] }
    : {};
}

interface Enrolling {
  readonly user: User;
  /** Absent where an access token was shown instead. */
  readonly session?: Session;
  /** The next session string; the one that was shown is used up. */
  renewed(next: Session): string;
}

async function enrolling(cognito: Cognito, input: Input): Promise<Enrolling> {
  const accessToken = optionalText(input, 'AccessToken');
  if (accessToken) {
    const { user } = await bearerOf(cognito, accessToken);
    return { user, renewed: () => '' };
  }
  const token = requiredText(input, 'Session');
  const session = cognito.sessions.read(token);
  const pool = cognito.pools.get(session.poolId);
  const client = pool?.clients.get(session.clientId);
  const user = pool?.state.users.get(session.username);
  if (!client || !user || session.awaits !== 'MFA_SETUP')
    throw new AwsError('NotAuthorizedException', 'Invalid session for the user.');
  return {
    user,
    session,
    renewed: (next) => {
      cognito.sessions.use(token);
      return cognito.sessions.open(next, client.challengeMs);
    },
  };
}
