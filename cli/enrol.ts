import {
  AssociateSoftwareTokenCommand,
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
  type RespondToAuthChallengeCommandOutput,
  VerifySoftwareTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import {
  createPasswordHash,
  createSrpSession,
  signSrpSession,
  wrapAuthChallenge,
  wrapInitiateAuth,
} from 'cognito-srp-helper';
import type { Deployment } from './deployment.ts';
import { codeAt } from './totp.ts';

export interface Enrolment {
  readonly password: string;
  /** Base32, as an authenticator app takes it. */
  readonly totpSecret: string;
}

/**
 * Goes through a person's first sign-in for them: proves the temporary password by SRP, chooses the new one, and sets
 * TOTP up. Times come from the pool's own answers, whose clock a local run may have turned.
 */
export async function enrol(
  deployment: Deployment,
  username: string,
  temporaryPassword: string,
  password: string,
): Promise<Enrolment> {
  const { region, endpoint } = deployment;
  // What follows is served unsigned: no credentials are looked for.
  const client = new CognitoIdentityProviderClient({ region, ...(endpoint && { endpoint }) });
  const clock = watchClock(client);
  const respond = responder(client, deployment, username);
  try {
    const proved = await provePassword(client, deployment, { username, password: temporaryPassword, clock });
    expectChallenge(proved, 'NEW_PASSWORD_REQUIRED', username);
    const chosen = await respond('NEW_PASSWORD_REQUIRED', proved.Session, { NEW_PASSWORD: password });
    expectChallenge(chosen, 'MFA_SETUP', username);

    const { SecretCode: totpSecret = '', Session } = await client.send(
      new AssociateSoftwareTokenCommand({ Session: chosen.Session }),
    );
    const verified = await client.send(
      new VerifySoftwareTokenCommand({ Session, UserCode: codeAt(totpSecret, clock.now()) }),
    );
    const { AuthenticationResult } = await respond('MFA_SETUP', verified.Session, {});
    if (!AuthenticationResult) throw new Error(`the first sign-in of ${username} ended without tokens`);
    return { password, totpSecret };
  } finally {
    client.destroy();
  }
}

interface PoolClock {
  /** Milliseconds since the epoch, as the pool's last answer told it. */
  readonly now: () => number;
}

/** Learns the pool's time from the `Date` of each answer. */
function watchClock(client: CognitoIdentityProviderClient): PoolClock {
  let offset = 0;
  client.middlewareStack.add(
    (next) => async (given) => {
      const answer = await next(given);
      const date = Date.parse(headersOf(answer.response).date ?? '');
      if (!Number.isNaN(date)) offset = date - Date.now();
      return answer;
    },
    { step: 'deserialize', priority: 'low', name: 'watchClock' },
  );
  return { now: () => Date.now() + offset };
}

function headersOf(response: unknown): Readonly<Record<string, string>> {
  return (response as { headers?: Record<string, string> } | undefined)?.headers ?? {};
}

async function provePassword(
  client: CognitoIdentityProviderClient,
  { userPoolId, userPoolClientId }: Deployment,
  {
    username,
    password,
    clock,
  }: { readonly username: string; readonly password: string; readonly clock: PoolClock },
): Promise<RespondToAuthChallengeCommandOutput> {
  const session = createSrpSession(username, password, userPoolId, false);
  const asked = await client.send(
    new InitiateAuthCommand(
      wrapInitiateAuth(session, {
        ClientId: userPoolClientId,
        AuthFlow: 'USER_SRP_AUTH',
        AuthParameters: { USERNAME: username },
      }),
    ),
  );
  const userId = asked.ChallengeParameters?.USER_ID_FOR_SRP ?? username;
  const signed = signSrpSession(
    {
      ...session,
      password: createPasswordHash(userId, password, userPoolId),
      isHashed: true,
      timestamp: timestampOf(clock.now()),
    },
    asked,
  );
  return client.send(
    new RespondToAuthChallengeCommand(
      wrapAuthChallenge(signed, {
        ClientId: userPoolClientId,
        ChallengeName: 'PASSWORD_VERIFIER',
        ChallengeResponses: { USERNAME: userId },
      }),
    ),
  );
}

function responder(
  client: CognitoIdentityProviderClient,
  { userPoolClientId }: Deployment,
  username: string,
) {
  return (
    ChallengeName: 'NEW_PASSWORD_REQUIRED' | 'MFA_SETUP',
    Session: string | undefined,
    answers: Readonly<Record<string, string>>,
  ) =>
    client.send(
      new RespondToAuthChallengeCommand({
        ClientId: userPoolClientId,
        ChallengeName,
        Session,
        ChallengeResponses: { USERNAME: username, ...answers },
      }),
    );
}

function expectChallenge(
  answer: RespondToAuthChallengeCommandOutput,
  wanted: string,
  username: string,
): void {
  const { ChallengeName } = answer;
  if (ChallengeName === wanted) return;
  throw new Error(
    `the pool asks ${username} for ${ChallengeName ?? 'nothing more'} where it should ask for ${wanted}`,
  );
}

/** `Tue Nov 3 04:05:06 UTC 2026`: the one form that Cognito takes, day of the month unpadded. */
function timestampOf(at: number): string {
  const [weekday, day, month, year, time] = new Date(at).toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${Number(day)} ${time} UTC ${year}`;
}
