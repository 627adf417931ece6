/** What speaks against an export. */
export type Problem = 'altered' | 'missing' | 'inserted' | 'reordered' | 'forged' | 'contradicted';

/** One thing that speaks against an export, and where. */
export interface Finding {
  readonly problem: Problem;
  /** The file, from the export's folder. */
  readonly path: string;
  /** Counted from 1. */
  readonly line?: number;
  /** The record's id, where the head or the line itself tells it. */
  readonly id?: string;
  /** A sentence for whoever has to act on it. */
  readonly what: string;
}

/** What was looked at, and what of it has to be known without speaking against anything. */
export interface Figures {
  heads: number;
  records: number;
  entries: number;
  decisions: number;
  /** Evidence that somebody changed the table of records: sealed like a record, and no alteration of the export. */
  tampering: number;
  /** Records that were sealed twice, byte for byte: the trail is written at least once. */
  repeats: number;
  conversations: number;
  /** Conversations whose chain began before the first head of the export. */
  begunBefore: number;
  files: number;
  from?: string;
  to?: string;
}

export function noFigures(): Figures {
  return {
    ...{ heads: 0, records: 0, entries: 0, decisions: 0, tampering: 0, repeats: 0 },
    ...{ conversations: 0, begunBefore: 0, files: 0 },
  };
}

/** A finding in one line of text. */
export function inWords({ problem, path, line, id, what }: Finding): string {
  const place = [path, ...(line === undefined ? [] : [`line ${line}`]), ...(id ? [`record ${id}`] : [])];
  return `${problem}: ${place.join(', ')}: ${what}`;
}
