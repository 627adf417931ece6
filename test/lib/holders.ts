import { disjoint } from './disjoint.ts';
import { doorsOfConversations } from './holders/conversations.ts';
import { doorsOfKeeping } from './holders/keeping.ts';
import { servicesOfAws } from './holders/services.ts';
import { doorsOfSessions } from './holders/sessions-and-people.ts';

/** Which role has which abilities, by the construct path of its policy. */
export const holders: Readonly<Record<string, readonly string[]>> = disjoint(
  doorsOfSessions,
  doorsOfConversations,
  doorsOfKeeping,
  servicesOfAws,
);
