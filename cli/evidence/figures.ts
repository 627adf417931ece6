import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { directory } from '../audit/evidence.ts';
import { inWords } from '../audit/findings.ts';
import type { SignOff } from '../audit/sign-off.ts';
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
const REVIEWS = 'reviews-signed';

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
 * What the records of an export say, and the reviews that were signed beside it. Nothing is counted from an export that does not
 * verify by itself, or from a review whose report was changed since.
 *
 * @throws TrailUnreadable where there is no export
 */
export async function figuresOf(auditExport?: string, reviews?: string): Promise<readonly Figure[]> {
  const recorded =
    auditExport === undefined
      ? figuresLeftOut('no export of the trail was given (--audit-export)')
      : await figuresIn(auditExport);
  return recorded.map((figure) => (figure.id === REVIEWS ? { ...figure, ...reviewsIn(reviews) } : figure));
}

async function figuresIn(auditExport: string): Promise<readonly Figure[]> {
  const { findings, figures } = await verifyExport(directory(auditExport));
  const [first] = findings;
  if (first) {
    const seen = `the export does not verify: ${inWords(first)}`;
    return figuresLeftOut('').map((figure) => ({ ...figure, outcome: 'fails', seen }));
  }
  const sound: Outcome = {
    outcome: figures.tampering > 0 ? 'fails' : 'holds',
    seen: `${figures.records} records in ${figures.heads} signed batches, from ${figures.from ?? '-'} to ${figures.to ?? '-'}; ${figures.tampering} signs of a record changed in the table itself`,
  };
  const trail = await Trail.open(auditExport);
  try {
    const made: Figure[] = [];
    for (const figure of figuresLeftOut('')) {
      const counting = counted[figure.id];
      made.push({ ...figure, ...(counting ? await counting.count(trail) : sound) });
    }
    return made;
  } finally {
    trail.close();
  }
}

/** Sign-offs (`wardline audit sign-off`) that stand beside the very bytes that they name. */
function reviewsIn(reviews: string | undefined): Outcome {
  if (reviews === undefined)
    return { outcome: 'none', seen: 'not counted: no reviews were given (--reviews)' };
  const signed = readdirSync(reviews, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.sign-off-\d+\.json$/.test(file))
    .sort()
    .map((file) => ({ file, ...(JSON.parse(readFileSync(join(reviews, file), 'utf8')) as SignOff) }));
  const changed = signed.find(
    ({ file, sha256 }) => hashOf(join(reviews, file.replace(/\.sign-off-\d+\.json$/, ''))) !== sha256,
  );
  if (changed) return { outcome: 'fails', seen: `${changed.file} signs other bytes than those beside it` };
  const newest = signed
    .map(({ at }) => at)
    .sort()
    .at(-1);
  return found(signed.length, 'reviews signed', newest === undefined ? '' : `the last at ${newest}`);
}

function hashOf(file: string): string {
  return existsSync(file) ? createHash('sha256').update(readFileSync(file)).digest('hex') : 'nothing';
}

const soundSays = 'The export verifies by itself: nothing was altered, left out, inserted or moved';

/** All figures, each left out for the one reason. */
export function figuresLeftOut(reason: string): readonly Figure[] {
  const all = [
    [SOUND, soundSays],
    [REVIEWS, 'Activity reviews that were signed off'],
    ...Object.entries(counted).map(([id, { says }]) => [id, says]),
  ];
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
  if (count === 0) return { outcome: 'none', seen: `none: no ${what}` };
  return { outcome: 'holds', seen: [`${count} ${what}`, more].filter((part) => part !== '').join(', ') };
}

function sum(rows: readonly Row[], column: string): number {
  return rows.reduce((total, row) => total + Number(row[column] ?? 0), 0);
}
