import { env } from '../../functions/wiring/env-names.ts';
import { everyMinute } from '../every-minute.ts';
import type { Ground } from './ground.ts';

/** Who connects, from which device, and until when. */
export function sessionDoors(ground: Ground) {
  const { door, settings } = ground;
  const { sessions, signIn } = ground.data;

  const authorize = door('Authorize', 'gate');
  sessions.letRead(authorize);
  signIn.letVerify(authorize);
  authorize.tell(env.allowedOrigins, settings.allowedOrigins.join(','));

  const connect = door('Connect', 'gate');

  const disconnect = door('Disconnect', 'gate');
  sessions.letForgetSocket(disconnect);

  const openSession = door('OpenSession', 'page');
  sessions.letAdmit(openSession);

  const renewSession = door('RenewSession', 'page');
  sessions.letAdmit(renewSession);
  signIn.letVerify(renewSession);

  const keepSession = door('KeepSession', 'gate');
  sessions.letAdmit(keepSession);

  const sweepSessions = door('SweepSessions', 'sweep');
  sessions.letSweep(sweepSessions);
  sessions.letRead(sweepSessions);
  sessions.letForgetSocket(sweepSessions);
  everyMinute(sweepSessions);

  return { authorize, connect, disconnect, openSession, renewSession, keepSession, sweepSessions };
}
