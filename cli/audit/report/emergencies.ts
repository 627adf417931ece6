import { type Asked, type Findings, rowsOf } from './asked.ts';
import { allOf } from './model.ts';
import { counted } from './wording.ts';

/** Seconds within which each emergency access is to be reviewed. */
const REVIEW_WITHIN = 72 * 3600;

/** The register of accesses for an emergency: 45 CFR 164.312(a)(2)(ii). */
export async function emergencies(asked: Asked): Promise<Findings> {
  const opened = await rowsOf(asked, 'emergencies');
  const last = Date.parse(asked.trail.span.last);
  const rows = opened.first.map((row) => {
    const waited = (last - Date.parse(String(row.moment))) / 1000;
    const review = row.seconds_to_review === null ? null : Number(row.seconds_to_review);
    return { ...row, review: reviewOf(review, waited) };
  });
  const of = (what: string) => rows.filter(({ review }) => review === what).length;
  const reviews = ['in time', 'late', 'overdue', 'awaited'].map((review) => ({ review, count: of(review) }));
  return {
    title: 'Emergency access register',
    question:
      'Who opened what without being a member, in an emergency, what did they read, and who looked at it afterwards?',
    answers: [
      rows.length === 0
        ? 'Nobody opened anything for an emergency in these days.'
        : `${counted(rows.length, 'access was', 'accesses were')} opened for an emergency.`,
      ...(rows.length === 0
        ? []
        : [
            `Within 72 hours ${counted(of('in time'), 'was', 'were')} reviewed; ${counted(of('late'), 'was reviewed late', 'were reviewed late')}; ${counted(of('overdue'), 'is', 'are')} overdue; ${counted(of('awaited'), 'still has', 'still have')} time.`,
          ]),
    ],
    sections: [
      {
        slug: 'reviews',
        heading: 'Reviews',
        says: ['An access that nobody reviewed within 72 hours is overdue from then on.'],
        chart: {
          title: 'Emergency accesses by their review',
          unit: 'accesses',
          lies: 'across',
          series: ['accesses'],
          bars: reviews.map(({ review, count }) => ({ label: review, parts: [count] })),
        },
        columns: [
          { of: 'review', label: 'Review', kind: 'text' },
          { of: 'count', label: 'Accesses', kind: 'count' },
        ],
        rows: allOf(rows.length === 0 ? [] : reviews),
        empty: 'There was nothing to review.',
      },
      {
        slug: 'register',
        heading: 'Register',
        says: [
          'What was read is counted in the sign-in that opened it, and only where it was read for the emergency.',
        ],
        columns: [
          { of: 'moment', label: 'Opened (UTC)', kind: 'time' },
          { of: 'person', label: 'By', kind: 'person' },
          { of: 'conversation', label: 'Conversation', kind: 'id' },
          { of: 'was_read', label: 'Reads', kind: 'count' },
          { of: 'last_read_at', label: 'Last read (UTC)', kind: 'time' },
          { of: 'review', label: 'Review', kind: 'text' },
          { of: 'reviewed_at', label: 'Reviewed (UTC)', kind: 'time' },
          { of: 'seconds_to_review', label: 'After', kind: 'seconds' },
          { of: 'reviewer', label: 'By', kind: 'person' },
        ],
        rows: { ...allOf(rows), total: rows.length },
        empty: 'Nobody opened anything for an emergency.',
      },
    ],
    limits: [
      'The reason that was typed is sealed with the conversation; whoever reviews reads it in the application.',
      'Only the first review of each access is shown.',
    ],
  };
}

function reviewOf(seconds: number | null, waited: number): string {
  if (seconds !== null) return seconds <= REVIEW_WITHIN ? 'in time' : 'late';
  return waited > REVIEW_WITHIN ? 'overdue' : 'awaited';
}
