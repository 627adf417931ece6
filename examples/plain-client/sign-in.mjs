import { createHmac } from 'node:crypto';
import {
  AssociateSoftwareTokenCommand,
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

/** PROTOCOL.md, "Signing in": answers every challenge until there are tokens. A first sign-in gives the new TOTP secret too. */
export async function signIn(deployment, { username, password, newPassword, totpSecret }) {
  const { client, now } = open(deployment);
  const ClientId = deployment.userPoolClientId;
  const respond = (ChallengeName, Session, answers) => {
    const ChallengeResponses = { USERNAME: username, ...answers };
    return client.send(
      new RespondToAuthChallengeCommand({ ClientId, ChallengeName, Session, ChallengeResponses }),
    );
  };

  let secret = totpSecret;
  let answer = await provePassword(client, deployment, username, password, now);
  while (!answer.AuthenticationResult) {
    const { ChallengeName, Session } = answer;
    if (ChallengeName === 'NEW_PASSWORD_REQUIRED') {
      answer = await respond(ChallengeName, Session, { NEW_PASSWORD: newPassword });
    } else if (ChallengeName === 'MFA_SETUP') {
      const token = await client.send(new AssociateSoftwareTokenCommand({ Session }));
      secret = token.SecretCode;
      const UserCode = totp(secret, now());
      const verified = await client.send(
        new VerifySoftwareTokenCommand({ Session: token.Session, UserCode }),
      );
      answer = await respond(ChallengeName, verified.Session, {});
    } else if (ChallengeName === 'SOFTWARE_TOKEN_MFA') {
      answer = await withCode(
        (code) => respond(ChallengeName, Session, { SOFTWARE_TOKEN_MFA_CODE: code }),
        secret,
        now(),
      );
    } else {
      throw new Error(`this client has no answer to the challenge ${ChallengeName}`);
    }
  }
  return { ...tokensOf(answer), totpSecret: secret };
}

/** PROTOCOL.md, "Renewing": new tokens, and a new refresh token that replaces the one given. */
export async function renewTokens(deployment, refreshToken) {
  const { client } = open(deployment);
  const ClientId = deployment.userPoolClientId;
  return tokensOf(
    await client.send(new GetTokensFromRefreshTokenCommand({ ClientId, RefreshToken: refreshToken })),
  );
}

function tokensOf({ AuthenticationResult: { AccessToken, RefreshToken, ExpiresIn } }) {
  return { accessToken: AccessToken, refreshToken: RefreshToken, expiresInSeconds: ExpiresIn };
}

/** A client of the pool, and the pool's own time: a phone's clock may be wrong, and codes depend on it. */
function open({ region, endpoint }) {
  const client = new CognitoIdentityProviderClient({ region, ...(endpoint && { endpoint }) });
  let offset = 0;
  const watch = (next) => async (given) => {
    const answer = await next(given);
    offset = Date.parse(answer.response.headers.date) - Date.now() || 0;
    return answer;
  };
  client.middlewareStack.add(watch, { step: 'deserialize', priority: 'low' });
  return { client, now: () => Date.now() + offset };
}

async function provePassword(client, { userPoolId, userPoolClientId: ClientId }, username, password, now) {
  const session = createSrpSession(username, password, userPoolId, false);
  const asked = await client.send(
    new InitiateAuthCommand(
      wrapInitiateAuth(session, {
        ClientId,
        AuthFlow: 'USER_SRP_AUTH',
        AuthParameters: { USERNAME: username },
      }),
    ),
  );
  const userId = asked.ChallengeParameters.USER_ID_FOR_SRP;
  const hash = createPasswordHash(userId, password, userPoolId);
  const signed = signSrpSession(
    { ...session, password: hash, isHashed: true, timestamp: timestamp(now()) },
    asked,
  );
  return client.send(
    new RespondToAuthChallengeCommand(
      wrapAuthChallenge(signed, {
        ClientId,
        ChallengeName: 'PASSWORD_VERIFIER',
        ChallengeResponses: { USERNAME: userId },
      }),
    ),
  );
}

/** A code is good once: after another sign-in within 30 s the next one is taken already. */
async function withCode(respond, secret, at) {
  try {
    return await respond(totp(secret, at));
  } catch (error) {
    if (error.name !== 'ExpiredCodeException') throw error;
    return respond(totp(secret, at + 30_000));
  }
}

/** RFC 6238 with SHA-1, six digits and steps of 30 s; the secret in base32 (RFC 4648). */
function totp(secret, at) {
  const bits = [...secret].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  );
  const key = Buffer.from(
    bits
      .join('')
      .match(/.{8}/g)
      .map((byte) => Number.parseInt(byte, 2)),
  );
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

/** `Tue Nov 3 04:05:06 UTC 2026` */
function timestamp(at) {
  const [weekday, day, month, year, time] = new Date(at).toUTCString().replace(',', '').split(' ');
  return `${weekday} ${month} ${Number(day)} ${time} UTC ${year}`;
}
