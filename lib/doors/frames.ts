import { letOpenInEmergency } from './emergencies.ts';
import type { Ground } from './ground.ts';

/** What a member says and asks over a socket. */
export function frameDoors(ground: Ground) {
  const { door } = ground;
  const { conversations, people, sessions, keys } = ground.data;

  const sendMessage = door('SendMessage', 'message');
  sessions.letAdmit(sendMessage);
  sessions.letFindSockets(sendMessage);
  conversations.letAppend(sendMessage);
  conversations.letJudgeAge(sendMessage);
  people.letReadMany(sendMessage); // whom a clinical photograph shows
  keys.letSeal(sendMessage);

  const catchUp = door('CatchUp', 'page');
  sessions.letAdmit(catchUp);
  conversations.letRead(catchUp);
  conversations.letJudgeAge(catchUp);
  keys.letOpen(catchUp);
  letOpenInEmergency(ground, catchUp, 'AsPersonCatchUp');

  const sync = door('Sync', 'message'); // a reconnect waits for it, and it opens hundreds of bodies
  sessions.letAdmit(sync);
  people.letList(sync);
  conversations.letCompare(sync);
  conversations.letJudgeAge(sync);
  keys.letOpen(sync);

  const markRead = door('MarkRead', 'page');
  sessions.letAdmit(markRead);
  conversations.letRead(markRead);
  people.letMark(markRead);

  const unknownFrame = door('UnknownFrame', 'gate');
  sessions.letAdmit(unknownFrame);

  return { sendMessage, catchUp, sync, markRead, unknownFrame };
}
