import { everyMinute } from '../every-minute.ts';
import { letOpenInEmergency } from './emergencies.ts';
import type { Ground } from './ground.ts';

/** Conversations over HTTP: beginning, listing and reading them, and who belongs to them, for how long. */
export function conversationDoors(ground: Ground) {
  const { door } = ground;
  const { conversations, people, sessions, keys } = ground.data;

  const createConversation = door('CreateConversation', 'page');
  sessions.letAdmit(createConversation);
  conversations.letBegin(createConversation);
  people.letJoin(createConversation);
  keys.letSeal(createConversation);

  const listConversations = door('ListConversations', 'page');
  sessions.letAdmit(listConversations);
  people.letList(listConversations);
  conversations.letCompare(listConversations);
  conversations.letJudgeAge(listConversations);
  keys.letOpen(listConversations);

  const readMessages = door('ReadMessages', 'page');
  sessions.letAdmit(readMessages);
  conversations.letRead(readMessages);
  conversations.letJudgeAge(readMessages);
  keys.letOpen(readMessages);
  letOpenInEmergency(ground, readMessages, 'AsPersonRead');

  const changeMembers = door('ChangeMembers', 'page');
  sessions.letAdmit(changeMembers);
  sessions.letFindSockets(changeMembers);
  conversations.letChangeMembers(changeMembers);
  conversations.letJudgeAge(changeMembers);
  people.letJoin(changeMembers);
  people.letLeave(changeMembers);

  const endGrants = door('EndGrants', 'sweep');
  conversations.letEndMemberships(endGrants);
  conversations.letJudgeAge(endGrants);
  people.letLeave(endGrants);
  sessions.letForgetSocket(endGrants);
  sessions.letFindSockets(endGrants);
  everyMinute(endGrants);

  return { createConversation, listConversations, readMessages, changeMembers, endGrants };
}
