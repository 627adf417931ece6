import type { Row } from '../trail.ts';

export const kinds = [
  'accesses',
  'disclosures',
  'activity',
  'emergencies',
  'retention',
  'recertification',
] as const;
export type Kind = (typeof kinds)[number];

/** What stands in a column: people are shown with their roles, times in UTC, lengths in hours and minutes. */
export type ColumnKind = 'text' | 'id' | 'person' | 'time' | 'count' | 'seconds';

export interface Column {
  /** The name of the value in a row. */
  readonly of: string;
  readonly label: string;
  readonly kind: ColumnKind;
}

/** Bars over some of what the table behind it says. */
export interface Chart {
  readonly title: string;
  /** What is counted, e.g. `reads`. */
  readonly unit: string;
  /** Parts that each bar is made of, in their order. */
  readonly series: readonly string[];
  readonly bars: readonly { readonly label: string; readonly parts: readonly number[] }[];
  /** `across`: one line a bar, for names. `upright`: for times. */
  readonly lies: 'across' | 'upright';
}

/** Rows that may be more than anybody reads: the first ones, how many there are, and all of them once more. */
export interface Rows {
  readonly first: readonly Row[];
  readonly total: number;
  each(): AsyncIterable<Row> | Iterable<Row>;
}

export interface Section {
  /** Part of the name of its CSV file. */
  readonly slug: string;
  readonly heading: string;
  /** What the table says, how it was found, and what it does not know. */
  readonly says: readonly string[];
  readonly chart?: Chart | undefined;
  readonly columns: readonly Column[];
  readonly rows: Rows;
  /** Stands in the place of a table without rows. */
  readonly empty: string;
}

export interface Report {
  /** The name of its files. */
  readonly name: string;
  readonly title: string;
  readonly question: string;
  /** The answer in sentences: what stands on top of the first page. */
  readonly answers: readonly string[];
  readonly facts: readonly (readonly [label: string, value: string])[];
  readonly sections: readonly Section[];
  /** What no report from this trail can know. */
  readonly limits: readonly string[];
  /** Who reviews it signs; see `audit sign-off`. */
  readonly signed: boolean;
  /** When the newest record was made: the only time that a file of the report carries. ISO 8601. */
  readonly asOf: string;
  readonly exportHash: string;
  readonly deployment: string;
  readonly range: string;
}

/** Rows that are all here. */
export function allOf(rows: readonly Row[]): Rows {
  return { first: rows, total: rows.length, each: () => rows };
}
