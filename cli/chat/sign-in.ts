import { setTimeout as wait } from 'node:timers/promises';
import type { AuthenticationResultType } from '@aws-sdk/client-cognito-identity-provider';
import type { ClinicPerson } from '../clinic.ts';
import { Failure } from '../failure.ts';
import { codeAt, STEP_SECONDS } from '../totp.ts';
import type { PoolAnswer, UserPool } from '../user-pool.ts';
import type { Screen } from './screen.ts';

/** Somebody who signs in; what is not known of them is asked for. */
export type Whom = Pick<ClinicPerson, 'username'> & Partial<Pick<ClinicPerson, 'password' | 'totpSecret'>>;

interface Desk {
  readonly pool: UserPool;
  readonly screen: Screen;
  /** Ends a wait for the next code. */
  readonly signal: AbortSignal;
}

/** Three wrong codes in a row are no slip of the finger. */
const MOST_CODES = 3;

/**
 * Answers what the pool asks until there are tokens. A first sign-in leads through a password and an authenticator of
 * the person's own.
 *
 * @throws Failure with Cognito's own sentence where it refuses
 */
export async function signIn(desk: Desk, whom: Whom): Promise<AuthenticationResultType> {
  const { pool, screen } = desk;
  const { username } = whom;
  const password = whom.password ?? (await screen.ask('password'));
  let answer = await refusable(username, () => pool.provePassword(username, password));
  while (!answer.AuthenticationResult) {
    const asked = answer;
    if (asked.ChallengeName === 'NEW_PASSWORD_REQUIRED') {
      const chosen = await choosePassword(screen);
      answer = await refusable(username, () => pool.respond(username, asked, { NEW_PASSWORD: chosen }));
    } else if (asked.ChallengeName === 'MFA_SETUP') {
      answer = await setUpCodes(desk, username, asked);
    } else if (asked.ChallengeName === 'SOFTWARE_TOKEN_MFA') {
      answer = await giveCode(desk, whom, (code) =>
        pool.respond(username, asked, { SOFTWARE_TOKEN_MFA_CODE: code }),
      );
    } else {
      throw new Failure(
        'finding',
        `${username} is asked for ${asked.ChallengeName}, which this command cannot do`,
      );
    }
  }
  return answer.AuthenticationResult;
}

async function choosePassword(screen: Screen): Promise<string> {
  let why =
    'this is the first sign-in: choose a password of at least 14 characters with upper and lower case, a digit and a symbol';
  for (;;) {
    const chosen = await screen.ask('new password', why);
    if ((await screen.ask('new password again')) === chosen) return chosen;
    why = 'the two differ: once more';
  }
}

async function setUpCodes(desk: Desk, username: string, asked: PoolAnswer): Promise<PoolAnswer> {
  const { pool, screen } = desk;
  const { secret, session } = await refusable(username, () => pool.associate(asked));
  const uri = `otpauth://totp/Wardline:${encodeURIComponent(username)}?secret=${secret}&issuer=Wardline`;
  screen.tell({ event: 'enrolment', secret, uri });
  const verified = await giveCode(desk, { username }, (code) => pool.verify(session, code));
  return refusable(username, () => pool.respond(username, verified, {}));
}

/** A computed code is tried again once, when the next half minute has one; a typed one as often as people mistype. */
async function giveCode(
  desk: Desk,
  { username, totpSecret }: Whom,
  respond: (code: string) => Promise<PoolAnswer>,
): Promise<PoolAnswer> {
  let why: string | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const code = totpSecret ? codeAt(totpSecret, desk.pool.now()) : await desk.screen.ask('code', why);
    try {
      return await respond(code.replaceAll(' ', ''));
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      const wasUsed = name === 'ExpiredCodeException';
      const wasMistyped =
        !totpSecret && /^(CodeMismatch|EnableSoftwareTokenMFA|InvalidParameter)Exception$/.test(name);
      const mayRepeat = totpSecret
        ? wasUsed && attempt === 1
        : (wasUsed || wasMistyped) && attempt < MOST_CODES;
      if (!mayRepeat) throw refused(username, error);
      if (totpSecret) await nextCode(desk);
      else
        why = wasUsed ? 'that code was used already: wait for the next one' : 'that is not the code of now';
    }
  }
}

/** Waits for the half minute that has a code of its own. */
async function nextCode({ pool, screen, signal }: Desk): Promise<void> {
  const seconds = () => Math.ceil((STEP_SECONDS * 1000 - (pool.now() % (STEP_SECONDS * 1000))) / 1000);
  screen.tell({ event: 'code-used', seconds: seconds() });
  for (let left = seconds(); left > 0; left -= 1) {
    screen.tell({ event: 'countdown', seconds: left });
    await wait(1000, undefined, { signal });
  }
  screen.tell({ event: 'countdown', seconds: 0 });
}

async function refusable<T>(username: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw refused(username, error);
  }
}

/** Cognito's sentences hold nothing secret. What is none of its answers stays what it is. */
function refused(username: string, error: unknown): unknown {
  const { $metadata } = (error ?? {}) as { readonly $metadata?: { readonly httpStatusCode?: number } };
  if (!(error instanceof Error) || $metadata?.httpStatusCode === undefined) return error;
  return new Failure('finding', `${username} cannot sign in: ${error.message}`, { cause: error });
}
