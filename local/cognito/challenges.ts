import { AwsError } from '../front-door/service.ts';
import { optionalText, parameter, requiredText, textMap } from './input.ts';
import { askForMfa, checkSoftwareToken } from './mfa.ts';
import { beginSrp, givePassword, verifyPassword } from './password-proof.ts';
import { chooseNewPassword } from './passwords.ts';
import { type Cognito, clientOf, foldName, type Input, type Outcome, type Pool, poolOf } from './pools.ts';
import { holderOf, renew } from './refresh.ts';
import { checkSecretHash } from './secret-hash.ts';
import type { Session } from './sessions.ts';
import { signIn } from './sign-in.ts';
import type { User } from './state.ts';

/** InitiateAuth: USER_SRP_AUTH, and the flows beside it where the client lists them. */
export async function initiateAuth(cognito: Cognito, input: Input): Promise<Outcome> {
  const flow = requiredText(input, 'AuthFlow');
  const { pool, client } = clientOf(cognito, input);
  const parameters = textMap(input, 'AuthParameters');
  const name = flow === 'REFRESH_TOKEN' ? 'REFRESH_TOKEN_AUTH' : flow;
  if (name.startsWith('ADMIN_')) throw invalid('Initiate Auth method not supported.');
  if (!client.flows.has(name)) throw invalid(`${name} flow not enabled for this client`);
  if (name === 'CUSTOM_AUTH')
    throw invalid('Custom auth lambda trigger is not configured for the user pool.');
  const secretHash = parameters.get('SECRET_HASH');
  if (name === 'REFRESH_TOKEN_AUTH') {
    const token = parameter(parameters, 'REFRESH_TOKEN');
    checkSecretHash(pool, client, holderOf(pool, token)?.username ?? '', secretHash);
    return renew(cognito, pool, client, token, input.ClientMetadata);
  }
  checkSecretHash(pool, client, parameter(parameters, 'USERNAME'), secretHash);
  const username = foldName(pool, parameter(parameters, 'USERNAME'));
  const isSrp = name === 'USER_SRP_AUTH' || (name === 'USER_AUTH' && prefers(parameters, 'PASSWORD_SRP'));
  if (name === 'USER_AUTH' && !isSrp && !prefers(parameters, 'PASSWORD'))
    throw invalid('USER_AUTH is served here with the PREFERRED_CHALLENGE PASSWORD or PASSWORD_SRP alone');
  if (isSrp) return beginSrp(cognito, pool, client, username, parameter(parameters, 'SRP_A'));
  return givePassword(cognito, pool, client, username, parameter(parameters, 'PASSWORD'));
}

/** AdminInitiateAuth: the password itself, for clients that list ADMIN_USER_PASSWORD_AUTH; its older name is the same. */
export async function adminInitiateAuth(cognito: Cognito, input: Input): Promise<Outcome> {
  const flow = requiredText(input, 'AuthFlow');
  const pool = poolOf(cognito, input);
  const client = pool.clients.get(requiredText(input, 'ClientId'));
  if (!client)
    throw new AwsError('ResourceNotFoundException', `User pool client ${input.ClientId} does not exist.`);
  if (flow !== 'ADMIN_USER_PASSWORD_AUTH' && flow !== 'ADMIN_NO_SRP_AUTH')
    throw invalid(`${flow} of AdminInitiateAuth is not supported here`);
  if (!client.flows.has('ADMIN_USER_PASSWORD_AUTH')) throw invalid('Auth flow not enabled for this client');
  const parameters = textMap(input, 'AuthParameters');
  const username = parameter(parameters, 'USERNAME');
  checkSecretHash(pool, client, username, parameters.get('SECRET_HASH'));
  return givePassword(cognito, pool, client, foldName(pool, username), parameter(parameters, 'PASSWORD'));
}

function prefers(parameters: ReadonlyMap<string, string>, challenge: string): boolean {
  return parameters.get('PREFERRED_CHALLENGE') === challenge;
}

/** RespondToAuthChallenge: each answer leads to the next challenge, or to tokens. */
export async function respondToAuthChallenge(cognito: Cognito, input: Input): Promise<Outcome> {
  const challenge = requiredText(input, 'ChallengeName');
  const { pool, client } = clientOf(cognito, input);
  const answers = textMap(input, 'ChallengeResponses');
  checkSecretHash(pool, client, parameter(answers, 'USERNAME'), answers.get('SECRET_HASH'));
  const username = foldName(pool, parameter(answers, 'USERNAME'));
  if (challenge === 'PASSWORD_VERIFIER') return verifyPassword(cognito, pool, client, answers);
  if (
    challenge !== 'NEW_PASSWORD_REQUIRED' &&
    challenge !== 'MFA_SETUP' &&
    challenge !== 'SOFTWARE_TOKEN_MFA'
  )
    throw invalid(`${challenge} is not a challenge of this client`);
  const token = optionalText(input, 'Session') ?? '';
  const session = cognito.sessions.read(token);
  if (session.clientId !== client.id || session.username !== username || session.awaits !== challenge)
    throw notAuthorized('Invalid session for the user.');
  const user = activeUser(pool, session);
  let next = session;
  if (challenge === 'NEW_PASSWORD_REQUIRED') {
    chooseNewPassword(cognito, pool, client, user, answers);
    next = { ...session, newPassword: true };
  }
  if (challenge === 'SOFTWARE_TOKEN_MFA') checkSoftwareToken(cognito, pool, user, answers);
  if (challenge === 'MFA_SETUP' && !session.tokenVerified)
    throw new AwsError(
      'SoftwareTokenMFANotFoundException',
      'User has not verified a software token in this session',
    );
  cognito.sessions.use(token);
  cognito.file.save();
  if (challenge === 'NEW_PASSWORD_REQUIRED' && pool.settings.mfaRequired)
    return askForMfa(cognito, client, user, next);
  const reason = next.newPassword ? 'NewPasswordChallenge' : 'Authentication';
  return {
    body: await signIn(cognito, pool, client, user, { reason, clientMetadata: input.ClientMetadata }),
    sub: user.sub,
  };
}

function activeUser(pool: Pool, session: Session): User {
  const user = pool.state.users.get(session.username);
  if (!user) throw notAuthorized('Invalid session for the user.');
  if (!user.enabled) throw notAuthorized('User is disabled.');
  return user;
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}

function notAuthorized(message: string): AwsError {
  return new AwsError('NotAuthorizedException', message);
}
