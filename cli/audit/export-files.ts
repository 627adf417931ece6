import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What an export says of somebody beside the trail: no names. */
export interface ExportedPerson {
  readonly person: string;
  readonly roles: readonly string[];
  readonly status?: string;
  readonly site?: string;
  readonly department?: string;
  readonly since?: string;
}

/** What a report says of the deployment, as far as the export does. */
export interface ExportSettings {
  readonly deployment?: string;
  readonly region?: string;
  readonly retentionDays?: number;
  readonly timeZone?: string;
}

/** By id; none where the export has no `people.jsonl`. */
export function readPeople(directory: string): ReadonlyMap<string, ExportedPerson> {
  const file = path.join(directory, 'people.jsonl');
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const person = JSON.parse(line) as ExportedPerson;
      return [person.person, person];
    }),
  );
}

export function readSettings(directory: string): ExportSettings {
  const file = path.join(directory, 'settings.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ExportSettings) : {};
}

/** The rows of a CSV file (RFC 4180) by the names in its first line. */
export function readCsv(file: string): readonly Readonly<Record<string, string>>[] {
  const [head = [], ...rows] = fieldsOf(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''));
  return rows.map((row) => Object.fromEntries(head.map((name, place) => [name.trim(), row[place] ?? ''])));
}

function fieldsOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const [, quotedField, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(quotedField?.replaceAll('""', '"') ?? bare ?? '');
    if (end === ',') continue;
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  }
  return rows;
}
