import { Daily } from '../daily.ts';
import { everyMinute } from '../every-minute.ts';
import type { Ground } from './ground.ts';

/** How long what is said is kept, what keeps it longer, and how it is destroyed. */
export function retentionDoors(ground: Ground) {
  const { scope, door, audit } = ground;
  const { attachments, conversations, people, sessions, keys, parked } = ground.data;

  const raiseHeads = door('RaiseHeads', 'page');
  conversations.onEntries(raiseHeads, parked);

  const shredConversation = door('ShredConversation', 'page');
  sessions.letAdmit(shredConversation);
  people.letApprove(shredConversation);
  conversations.letMarkShredded(shredConversation);
  keys.letShred(shredConversation);
  attachments.letShred(shredConversation);
  audit.signingKey.letSign(shredConversation);

  const destroyKeys = door('DestroyKeys', 'chore');
  keys.letDestroy(destroyKeys);
  keys.letSeal(destroyKeys); // a title lives on under a newer key
  conversations.letRetitle(destroyKeys);
  conversations.letCheckBeforeDestroying(destroyKeys);
  conversations.letJudgeAge(destroyKeys);
  new Daily(scope, 'DestroyKeysDaily', { door: destroyKeys, hour: 3, parked });

  const changeRetention = door('ChangeRetention', 'page');
  sessions.letAdmit(changeRetention);
  people.letApprove(changeRetention);
  conversations.letSetRetention(changeRetention);

  const keepHolds = door('KeepHolds', 'page');
  sessions.letAdmit(keepHolds);
  conversations.letHold(keepHolds);
  people.letReadMany(keepHolds);
  people.letApprove(keepHolds);

  return { shredConversation, changeRetention, keepHolds };
}

/** Walks through what is stored when its days change, and says anew when each of it ends. */
export function restampDoor(ground: Ground): void {
  const { door } = ground;
  const { conversations } = ground.data;

  const restamp = door('Restamp', 'sweep');
  conversations.letRestamp(restamp);
  everyMinute(restamp);
}
