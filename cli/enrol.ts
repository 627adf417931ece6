import type { PoolAddress } from './deployment.ts';
import { codeAt } from './totp.ts';
import { type PoolAnswer, UserPool } from './user-pool.ts';

export interface Enrolment {
  readonly password: string;
  /** Base32, as an authenticator app takes it. */
  readonly totpSecret: string;
}

/**
 * Goes through a person's first sign-in for them: proves the temporary password, chooses the new one, and sets TOTP up.
 */
export async function enrol(
  deployment: PoolAddress,
  username: string,
  temporaryPassword: string,
  password: string,
): Promise<Enrolment> {
  const pool = new UserPool(deployment);
  try {
    const proved = await pool.provePassword(username, temporaryPassword);
    expectChallenge(proved, 'NEW_PASSWORD_REQUIRED', username);
    const chosen = await pool.respond(username, proved, { NEW_PASSWORD: password });
    expectChallenge(chosen, 'MFA_SETUP', username);

    const { secret: totpSecret, session } = await pool.associate(chosen);
    const verified = await pool.verify(session, codeAt(totpSecret, pool.now()));
    const { AuthenticationResult } = await pool.respond(username, verified, {});
    if (!AuthenticationResult) throw new Error(`the first sign-in of ${username} ended without tokens`);
    return { password, totpSecret };
  } finally {
    pool.close();
  }
}

function expectChallenge({ ChallengeName }: PoolAnswer, wanted: string, username: string): void {
  if (ChallengeName === wanted) return;
  throw new Error(
    `the pool asks ${username} for ${ChallengeName ?? 'nothing more'} where it should ask for ${wanted}`,
  );
}
