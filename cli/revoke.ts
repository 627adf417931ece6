import { endSessions } from '../functions/domain/revoke-session.ts';
import type { RevocationReceipt } from '../protocol/requests.ts';
import type { RevokingDeployment } from './deployment.ts';
import { Failure } from './failure.ts';
import { roomsAbout } from './moving.ts';

/**
 * Ends somebody's sign-ins with the operator's own credentials, by the code that serves `POST /admin/revocations`.
 * `named`: a person's id, or the user name they sign in with.
 *
 * @throws Failure where there is no such person
 */
export async function revoke(
  deployment: RevokingDeployment,
  named: string,
  session: string | undefined,
  lost: (error: unknown) => void,
): Promise<RevocationReceipt> {
  const { rooms, profile } = await roomsAbout(deployment, named, lost);
  const receipt = await endSessions(rooms, 'operator', { profile, session }, rooms.now());
  if (receipt === 'too-many-ended') {
    throw new Failure(
      'finding',
      'fifty single sessions of this person were ended within a day: leave --session out to end all of them',
    );
  }
  return receipt;
}
