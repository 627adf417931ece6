import type {
  EmergencyAwaiting,
  EmergencyPage,
  OpenedEmergency as OpenedAnswer,
  Emergency as Shown,
} from '../../protocol/emergencies.ts';
import { type Emergency, reviewDue } from '../domain/emergency.ts';
import type { OpenedEmergency } from '../domain/review-emergencies.ts';
import { shownNote } from './frames.ts';

/** What somebody who broke the glass may read, and until when. */
export function emergencyOpened(opened: Emergency): OpenedAnswer {
  const { emergencyId, conversationId, at, until } = opened;
  return { emergencyId, conversationId, at: time(at), until: time(until) };
}

/** That an access awaits its review, for the sockets of privacy officers. */
export function emergencyAwaiting(awaiting: Emergency, overdue: boolean): EmergencyAwaiting {
  const { person } = awaiting;
  const reviewBy = time(reviewDue(awaiting));
  return { type: 'emergency.awaiting-review', ...emergencyOpened(awaiting), person, reviewBy, overdue };
}

/** An access with its reason and its review, for who reviews it. */
export function emergency({ emergency: shown, reason, note }: OpenedEmergency): Shown {
  const { review } = shown;
  return {
    ...emergencyOpened(shown),
    person: shown.person,
    ...(reason !== undefined && { reason: shownNote(reason) }),
    reviewBy: time(reviewDue(shown)),
    ...(review && {
      review: {
        by: review.by,
        at: time(review.at),
        verdict: review.verdict,
        ...(note !== undefined && { note: shownNote(note) }),
      },
    }),
  };
}

export function emergencyPage(page: {
  readonly emergencies: readonly OpenedEmergency[];
  readonly next?: string;
}): EmergencyPage {
  return { ...page, emergencies: page.emergencies.map(emergency) };
}

function time(at: number): string {
  return new Date(at).toISOString();
}
