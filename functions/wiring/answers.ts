import type * as z from 'zod';
import type {
  ChangedPerson,
  CreatedPerson,
  LiveSessions,
  Person,
  Recertification,
  RecertificationPage,
  RecertifiedPerson,
  SignedOff,
} from '../../protocol/people.ts';
import type { Moved } from '../domain/change-roles.ts';
import type { Joined } from '../domain/create-person.ts';
import type { Decided } from '../domain/decision.ts';
import type { LiveSession } from '../domain/list-sessions.ts';
import type { Profile } from '../domain/people.ts';
import type { Progress, QuarterEntry, QuarterPage, SignedOff as Signed } from '../domain/recertify.ts';

/** A decided value in the words of the protocol. */
export function answered<T, U>({ decision, value }: Decided<T>, shape: (value: T) => U): Decided<U> {
  return { decision, value: shape(value) };
}

/** Somebody as administrators see them: what the pool calls them, and how often they were changed, is not for them. */
export function personAnswer(profile: Omit<Profile, 'sub' | 'version'>): z.infer<typeof Person> {
  const { person, roles, formerRoles, actsFor, site, department } = profile;
  return {
    id: person,
    status: formerRoles ? 'disabled' : 'active',
    roles: [...(formerRoles ?? roles)],
    ...(actsFor && { actsFor: [...actsFor] }),
    ...(site !== undefined && { site }),
    ...(department !== undefined && { department }),
  };
}

export function createdAnswer({ profile, temporaryPassword }: Joined): z.infer<typeof CreatedPerson> {
  return { ...personAnswer(profile), ...(temporaryPassword && { temporaryPassword }) };
}

export function changedAnswer({ profile, receipt }: Moved): z.infer<typeof ChangedPerson> {
  return { ...personAnswer(profile), ...(receipt && { receipt }) };
}

export function sessionsAnswer(given: {
  readonly person: string;
  readonly sessions: readonly LiveSession[];
}): z.infer<typeof LiveSessions> {
  const { person, sessions } = given;
  return {
    person,
    sessions: sessions.map(({ since, until, lastActiveAt, lastFrameAt, ...session }) => ({
      ...session,
      since: written(since),
      until: written(until),
      ...(lastActiveAt !== undefined && { lastActiveAt: written(lastActiveAt) }),
      ...(lastFrameAt !== undefined && { lastFrameAt: written(lastFrameAt) }),
    })),
  };
}

export function recertificationAnswer(progress: Progress): z.infer<typeof Recertification> {
  const { quarter, isFilled, openedAt, openedBy, people, waiting } = progress;
  const state = !isFilled ? 'filling' : waiting > 0 ? 'open' : 'complete';
  return { quarter, state, openedAt: written(openedAt), openedBy, people, waiting };
}

export function recertificationPage(page: QuarterPage): z.infer<typeof RecertificationPage> {
  const { progress, entries, next } = page;
  return {
    ...recertificationAnswer(progress),
    entries: entries.map(recertifiedAnswer),
    ...(next !== undefined && { next }),
  };
}

function recertifiedAnswer(entry: QuarterEntry): z.infer<typeof RecertifiedPerson> {
  const { recertifiedAt, verdict, signedBy, signedAt } = entry;
  return {
    ...personAnswer(entry),
    ...(recertifiedAt !== undefined && { lastRecertifiedAt: written(recertifiedAt) }),
    ...(verdict && { verdict }),
    ...(signedBy !== undefined && { signedBy }),
    ...(signedAt !== undefined && { signedAt: written(signedAt) }),
  };
}

export function signedOffAnswer({ entry, receipt }: Signed): z.infer<typeof SignedOff> {
  return { ...recertifiedAnswer(entry), ...(receipt && { receipt }) };
}

function written(at: number): string {
  return new Date(at).toISOString();
}
