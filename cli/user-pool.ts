import {
  AssociateSoftwareTokenCommand,
  type AuthenticationResultType,
  type ChallengeNameType,
  CognitoIdentityProviderClient,
  GetTokensFromRefreshTokenCommand,
  InitiateAuthCommand,
  RespondToAuthChallengeCommand,
  VerifySoftwareTokenCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import {
  createPasswordHash,
  createSrpSession,
  signSrpSession,
  wrapAuthChallenge,
  wrapInitiateAuth,
} from 'cognito-srp-helper';
import type { PoolAddress } from './deployment.ts';
import { ServerClock } from './server-clock.ts';

/** What the pool says to a step of signing in: what it asks next, or the tokens. */
export interface PoolAnswer {
  readonly ChallengeName?: ChallengeNameType | undefined;
  readonly Session?: string | undefined;
  readonly AuthenticationResult?: AuthenticationResultType | undefined;
}

/**
 * The user pool as somebody who signs in meets it: PROTOCOL.md, "Signing in". Served unsigned, so no credentials are
 * looked for. Times come from the pool's own answers, whose clock a local run may have turned.
 */
export class UserPool {
  private readonly client: CognitoIdentityProviderClient;
  private readonly address: PoolAddress;
  private readonly clock = new ServerClock();

  constructor(address: PoolAddress) {
    this.address = address;
    const { region, endpoint } = address;
    this.client = new CognitoIdentityProviderClient({ region, ...(endpoint && { endpoint }) });
    this.clock.watch(this.client);
  }

  /** Milliseconds since the epoch, as the pool's last answer told it. */
  now(): number {
    return this.clock.now();
  }

  /** Proves a password by SRP: it never travels. */
  async provePassword(username: string, password: string): Promise<PoolAnswer> {
    const { userPoolId, userPoolClientId: ClientId } = this.address;
    const session = createSrpSession(username, password, userPoolId, false);
    const asked = await this.client.send(
      new InitiateAuthCommand(
        wrapInitiateAuth(session, {
          ClientId,
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
        timestamp: timestampOf(this.now()),
      },
      asked,
    );
    return this.client.send(
      new RespondToAuthChallengeCommand(
        wrapAuthChallenge(signed, {
          ClientId,
          ChallengeName: 'PASSWORD_VERIFIER',
          ChallengeResponses: { USERNAME: userId },
        }),
      ),
    );
  }

  /** Answers what was asked last. */
  respond(
    username: string,
    { ChallengeName, Session }: PoolAnswer,
    answers: Readonly<Record<string, string>>,
  ): Promise<PoolAnswer> {
    return this.client.send(
      new RespondToAuthChallengeCommand({
        ClientId: this.address.userPoolClientId,
        ChallengeName,
        Session,
        ChallengeResponses: { USERNAME: username, ...answers },
      }),
    );
  }

  /** Begins to set TOTP up. `secret` is base32, as an authenticator app takes it. */
  async associate({ Session }: PoolAnswer): Promise<{ secret: string; session: string | undefined }> {
    const { SecretCode: secret = '', Session: session } = await this.client.send(
      new AssociateSoftwareTokenCommand({ Session }),
    );
    return { secret, session };
  }

  /** Proves that the app shows the right codes. What comes back answers the challenge `MFA_SETUP`. */
  async verify(session: string | undefined, code: string): Promise<PoolAnswer> {
    const { Session } = await this.client.send(
      new VerifySoftwareTokenCommand({ Session: session, UserCode: code }),
    );
    return { ChallengeName: 'MFA_SETUP', Session };
  }

  /** New tokens, with a new refresh token that replaces the one given. */
  async renew(refreshToken: string): Promise<AuthenticationResultType> {
    const { AuthenticationResult = {} } = await this.client.send(
      new GetTokensFromRefreshTokenCommand({
        ClientId: this.address.userPoolClientId,
        RefreshToken: refreshToken,
      }),
    );
    return AuthenticationResult;
  }

  close(): void {
    this.client.destroy();
  }
}

/** `Tue Nov 3 04:05:06 UTC 2026`: the one form that Cognito takes, day of the month unpadded. */
function timestampOf(at: number): string {
  const [weekday, day, month, year, time] = new Date(at).toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${Number(day)} ${time} UTC ${year}`;
}
