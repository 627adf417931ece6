import { directory } from '../audit/evidence.ts';
import { inWords } from '../audit/findings.ts';
import { type Row, Trail } from '../audit/trail.ts';
import { verifyExport } from '../audit/verify.ts';

/** A number that the sealed audit trail gives, or why it does not. */
export interface Figure {
  /** Permanent, kebab-case. */
  readonly id: string;
  readonly says: string;
  readonly outcome: 'holds' | 'fails' | 'none';
  /** The number with what it counts, or the reason why there is none. */
  readonly seen: string;
}

type Outcome = Pick<Figure, 'outcome' | 'seen'>;

/** Seconds within which each emergency access is to be reviewed. */
const REVIEW_WITHIN = 72 * 3_600;

const SOUND = 'records-sound';

const allDays = { from: '0001-01-01', to: '9999-12-31' };

const counted: Readonly<
  Record<string, { readonly says: string; readonly count: (trail: Trail) => Promise<Outcome> }>
> = {
  reads: {
    says: 'Times that somebody was shown a conversation',
    count: async (trail) => {
      const readers = await trail.rows('activity-readers', allDays);
      return found(sum(readers, 'was_read'), 'reads of conversations', `by ${readers.length} people`);
    },
  },
  refusals: {
    says: 'Times that somebody was refused something',
    count: async (trail) => found(sum(await trail.rows('activity-refused', allDays), 'refused'), 'refusals'),
  },
  'reviews-signed': {
    says: 'Activity reviews that were signed off',
    count: async () => ({
      outcome: 'none',
      seen: 'not counted: an activity review is signed on its own pages (wardline audit report activity), which the trail does not hold',
    }),
  },
  'break-glass-reviewed': {
    says: 'Emergency accesses that were reviewed within 72 hours',
    count: emergencies,
  },
  revocations: {
    says: 'Times that an office ended somebody’s sign-ins or shut them out; each gives a signed receipt with its time',
    count: async (trail) => {
      const ended = (await trail.rows('activity-changes', allDays)).filter(
        ({ operation, outcome }) =>
          outcome === 'allowed' && (operation === 'session.revoke' || operation === 'person.disable'),
      );
      const last = ended.at(-1)?.moment;
      return found(ended.length, 'times', last === undefined ? '' : `the last at ${last}`);
    },
  },
  recertifications: {
    says: 'People whose access was signed off in a quarter’s review',
    count: async (trail) => found(await trail.count('recertification', allDays), 'sign-offs'),
  },
  disclosures: {
    says: 'Accesses that an accounting of disclosures must tell',
    count: async (trail) => ({
      outcome: 'holds',
      seen: `${await trail.count('disclosures', { ...allDays, patient: '%' })} of ${trail.span.records} records, each with its purpose`,
    }),
  },
};

/**
 * What the records of an export say. Nothing is counted from an export that does not verify by itself.
 *
 * @throws TrailUnreadable where there is no export
 */
export async function figuresOf(auditExport: string | undefined): Promise<readonly Figure[]> {
  if (auditExport === undefined) return figuresLeftOut('no export of the trail was given (--audit-export)');
  const { findings, figures } = await verifyExport(directory(auditExport));
  const [first] = findings;
  if (first) {
    const seen = `the export does not verify: ${inWords(first)}`;
    return figuresLeftOut('').map((figure) => ({ ...figure, outcome: 'fails', seen }));
  }
  const trail = await Trail.open(auditExport);
  try {
    const made: Figure[] = [
      {
        ...{ id: SOUND, says: soundSays, outcome: figures.tampering > 0 ? 'fails' : 'holds' },
        seen: `${figures.records} records in ${figures.heads} signed batches, from ${figures.from ?? '-'} to ${figures.to ?? '-'}; ${figures.tampering} signs of a record changed in the table itself`,
      },
    ];
    for (const [id, { says, count }] of Object.entries(counted))
      made.push({ id, says, ...(await count(trail)) });
    return made;
  } finally {
    trail.close();
  }
}

const soundSays = 'The export verifies by itself: nothing was altered, left out, inserted or moved';

/** All figures, each left out for the one reason. */
export function figuresLeftOut(reason: string): readonly Figure[] {
  const all = [[SOUND, soundSays], ...Object.entries(counted).map(([id, { says }]) => [id, says])];
  return all.map(([id = '', says = '']) => ({ id, says, outcome: 'none', seen: `not counted: ${reason}` }));
}

/** Fails where an access waited longer than it may, reviewed or not. */
async function emergencies(trail: Trail): Promise<Outcome> {
  const opened = await trail.rows('emergencies', allDays);
  if (opened.length === 0) return { outcome: 'none', seen: 'nobody opened anything for an emergency' };
  const newest = Date.parse(trail.span.last);
  const waited = ({ seconds_to_review: review, moment }: Row) =>
    review === null ? (newest - Date.parse(String(moment))) / 1_000 : Number(review);
  const late = opened.filter((row) => waited(row) > REVIEW_WITHIN).length;
  const inTime = opened.filter(
    (row) => row.seconds_to_review !== null && waited(row) <= REVIEW_WITHIN,
  ).length;
  const seen = `${opened.length} opened, ${inTime} reviewed in time, ${late} late or overdue, ${opened.length - inTime - late} with time left`;
  return { outcome: late > 0 ? 'fails' : 'holds', seen };
}

/** A count is evidence where there is something to count; none at all shows nothing. */
function found(count: number, what: string, more = ''): Outcome {
  if (count === 0) return { outcome: 'none', seen: `none in the export: no ${what}` };
  return { outcome: 'holds', seen: [`${count} ${what}`, more].filter((part) => part !== '').join(', ') };
}

function sum(rows: readonly Row[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column] ?? 0), 0);
}
