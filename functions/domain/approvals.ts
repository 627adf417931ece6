import type { PersonId } from '../../protocol/ids.ts';
import { type Caller, isEnded } from './caller.ts';
import type { Decision, Operation } from './decision.ts';
import type { People } from './people.ts';
import { mayAsk, refuse } from './policy.ts';
import type { Sessions } from './session-record.ts';

/** How long an act waits for its second person, in milliseconds. */
const WAITS_MS = 24 * 60 * 60 * 1000;

/** An act that somebody asked for and that has not been carried out. */
export interface Request {
  readonly operation: Operation;
  /** What the act is about: the object of its decision. */
  readonly object: string;
  readonly requestedBy: PersonId;
  /** The sign-in that they asked under, and when they proved who they were: the request is as good as that. */
  readonly session: string;
  readonly authenticatedAt: number;
  /** Until then a second person may ask for the same; milliseconds since the epoch. */
  readonly until: number;
}

export interface Requests {
  /** Notes the request unless one for the same stands at `now`; gives the one that stands then. One conditional write. */
  ask(request: Request, now: number): Promise<Request>;
  /** Takes off the request that was carried out, so that the next act needs two people again. */
  close(request: Request): Promise<void>;
}

export interface ApprovingRooms {
  readonly requests: Requests;
  readonly people: Pick<People, 'profile'>;
  readonly sessions: Pick<Sessions, 'of'>;
  readonly now: () => number;
}

/** An act that waits for its second person until then; milliseconds since the epoch. */
export interface Awaiting {
  readonly state: 'awaiting-second-person';
  readonly requestedBy: PersonId;
  readonly until: number;
}

/** Either the act may be carried out now, asked for by one and by another; or it waits for the other. */
export type Approval =
  | Awaiting
  | {
      readonly state: 'approved';
      readonly requestedBy: PersonId;
      readonly approvedBy: PersonId;
      readonly request: Request;
    };

/**
 * Two people for one act: it is carried out when a second person, for whom the policy allows it too, asks for the same
 * within a day. The first one's right to it is looked up again at that moment, and whether the sign-in that they asked
 * under was ended since: by a revocation, a change of roles, or themselves. One that is idle or past its hours still
 * counts. `decision` is that of the caller. Whoever carries out an approved act closes its request afterwards; if the
 * function dies between, the act is carried out once more by asking again, and must bear that.
 *
 * @throws Refusal `not-allowed` where the first person may no longer ask for it, or whoever asked under their name was
 * shut out; their request is taken off
 */
export async function secondPerson(
  rooms: ApprovingRooms,
  caller: Caller,
  decision: Decision,
): Promise<Approval> {
  const { requests, people, sessions, now } = rooms;
  const { operation, object } = decision;
  const { person, session, authenticatedAt } = caller;
  const at = now();
  const mine = { operation, object, requestedBy: person, session, authenticatedAt, until: at + WAITS_MS };
  const standing = await requests.ask(mine, at);
  const { requestedBy, until } = standing;
  if (requestedBy === person) {
    const isOfNow = standing.session === session;
    if (isOfNow || !isEnded(await sessions.of(person), standing))
      return { state: 'awaiting-second-person', requestedBy, until };
    await requests.close(standing);
    return secondPerson(rooms, caller, decision); // anew, under the sign-in of now
  }

  const [first, signIns] = await Promise.all([people.profile(requestedBy), sessions.of(requestedBy)]);
  if (!first || !mayAsk(operation, first) || isEnded(signIns, standing)) {
    await requests.close(standing);
    throw refuse(decision, 'two-people', 'not-allowed');
  }
  return { state: 'approved', requestedBy, approvedBy: person, request: standing };
}
