import { env } from '../../functions/wiring/env-names.ts';
import type { Door } from '../door.ts';
import { everyMinute } from '../every-minute.ts';
import { OwnAlarm } from '../own-alarm.ts';
import { PersonRole } from '../person-role.ts';
import type { Ground } from './ground.ts';

/** Access in an emergency: who breaks the glass, who reviews it, and who is told when nobody does. */
export function emergencyDoors(ground: Ground) {
  const { scope, door, audit, settings } = ground;
  const { conversations, people, sessions, keys } = ground.data;

  const openEmergency = door('OpenEmergency', 'message'); // somebody waits in an emergency
  sessions.letAdmit(openEmergency);
  sessions.letFindSockets(openEmergency);
  sessions.letSweep(openEmergency); // to find the privacy officers who are here
  conversations.letAppend(openEmergency);
  people.letReadMany(openEmergency); // whom its patients want kept out
  conversations.letJudgeAge(openEmergency);
  keys.letSeal(openEmergency);
  openEmergency.tell(env.emergencyExcludedSites, settings.emergency.excludedSites.join(','));

  const reviewEmergencies = door('ReviewEmergencies', 'page');
  sessions.letAdmit(reviewEmergencies);
  conversations.letReviewEmergencies(reviewEmergencies);
  keys.letSeal(reviewEmergencies);

  const watchEmergencies = door('WatchEmergencies', 'sweep');
  sessions.letSweep(watchEmergencies);
  sessions.letForgetSocket(watchEmergencies);
  conversations.letWatchEmergencies(watchEmergencies);
  everyMinute(watchEmergencies);
  new OwnAlarm(scope, 'UnreviewedEmergencies', {
    metricName: 'UnreviewedEmergencies',
    alarms: audit.alarms,
  });

  return { openEmergency, reviewEmergencies, watchEmergencies };
}

/** Lets `door` open a conversation in the name of one person who broke the glass; `id` is the role's, fixed for life. */
export function letOpenInEmergency({ scope, data }: Ground, door: Door, id: string): void {
  data.keys.letOpenByName(
    new PersonRole(scope, id, {
      door,
      variable: env.emergencyRoleArn,
      description: 'Opens a conversation in the name of one person who broke the glass',
    }),
  );
}
