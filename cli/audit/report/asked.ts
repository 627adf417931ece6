import type { Row, Trail } from '../trail.ts';
import { MOST_ROWS } from './html.ts';
import type { Kind, Report, Rows, Section } from './model.ts';
import type { Names } from './people.ts';
import { count, time } from './wording.ts';

/** What a report is asked for: days are YYYY-MM-DD, UTC, both inclusive. */
export interface Asked {
  readonly trail: Trail;
  readonly names: Names;
  readonly from: string;
  readonly to: string;
  readonly patient?: string | undefined;
  readonly person?: string | undefined;
  readonly conversation?: string | undefined;
  /** Local hours between which the clinic works. */
  readonly hours: { readonly opens: number; readonly closes: number };
  /** Days that messages are kept, where somebody says so. */
  readonly retentionDays: number | undefined;
  /** People who live together, by their household, from a list of the reader's own. */
  readonly households: ReadonlyMap<string, string>;
}

/** What each kind of report says for itself; the rest is the same for all. */
export interface Findings {
  readonly title: string;
  readonly question: string;
  readonly answers: readonly string[];
  readonly sections: readonly Section[];
  readonly limits: readonly string[];
  readonly signed?: boolean;
}

/** Everything, where nobody in particular is meant: what queries take for it. */
export const ANY = '%';

/** The answer of a query, the first rows of it and all of it. */
export async function rowsOf(
  asked: Asked,
  query: string,
  given: Readonly<Record<string, string>> = {},
): Promise<Rows> {
  const values = { from: asked.from, to: asked.to, ...given };
  const first: Row[] = [];
  for await (const row of asked.trail.each(query, values)) {
    if (first.length === MOST_ROWS) break;
    first.push(row);
  }
  const isAll = first.length < MOST_ROWS;
  return {
    first,
    total: isAll ? first.length : await asked.trail.count(query, values),
    each: () => (isAll ? first : asked.trail.each(query, values)),
  };
}

/** A report from what was found. */
export function reportOf(kind: Kind, asked: Asked, findings: Findings): Report {
  const { trail, from, to } = asked;
  const { span, settings, timeZone, hash } = trail;
  const deployment = settings.deployment ?? 'deployment not named in the export';
  return {
    name: kind,
    ...findings,
    answers: [...(from < span.first.slice(0, 10) ? [beforeIt(asked)] : []), ...findings.answers],
    facts: [
      ['Deployment', [deployment, settings.region].filter((part) => part).join(', ')],
      ['Days asked for (UTC)', `${from} to ${to}`],
      ...subjectOf(asked),
      ['Trail', `${count(span.records)} records, from ${time(span.first)} to ${time(span.last)} UTC`],
      ['Export (SHA-256)', hash],
      ['Clock for hours of the day', timeZone],
    ],
    limits: [...findings.limits, ...everyLimit],
    signed: findings.signed ?? false,
    asOf: span.last,
    exportHash: hash,
    deployment,
    range: `${from} to ${to}`,
  };
}

function beforeIt({ trail, from }: Asked): string {
  return `The trail begins on ${trail.span.first.slice(0, 10)}: of the days from ${from} until then this report knows nothing.`;
}

function subjectOf({ patient, person, conversation, names }: Asked): [string, string][] {
  const about = (label: string, id: string | undefined, said = ''): [string, string][] =>
    id === undefined ? [] : [[label, [said, id].filter((part) => part).join(' ')]];
  return [
    ...about('Patient', patient, patient && names.nameOf(patient)),
    ...about('Person', person, person && (names.nameOf(person) || names.roleOf(person))),
    ...about('Conversation', conversation),
  ];
}

const everyLimit = [
  'It is as sound as the export: "wardline audit verify" says whether a record was altered, taken away, put in or moved.',
  'Roles and departments are those of the day of the export, not of the day of the act.',
  'What AWS itself did, or somebody with a role in AWS past this application, stands in CloudTrail, which the export holds beside it.',
];
