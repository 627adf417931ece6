import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** One file of `queries/`: what it answers, what it is asked with, and its SQL as Athena and DuckDB both read it. */
export interface QueryFile {
  readonly name: string;
  /** The comment at its head, as sentences. */
  readonly answers: string;
  /** Names of its `?`, in their order. */
  readonly parameters: readonly string[];
  /** Of a view: its columns with their types. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly sql: string;
}

const folder = path.join(import.meta.dirname, 'queries');

/** Every query, by its name. */
export function queryFiles(): readonly QueryFile[] {
  return filesIn(folder);
}

/** The views that queries read, in the order in which they build on each other. */
export function viewFiles(): readonly QueryFile[] {
  return filesIn(path.join(folder, 'views'));
}

/** The one view that no file can carry for both engines: the records as rows. */
export function trailOn(engine: 'duckdb' | 'athena'): QueryFile {
  return read(path.join(folder, 'engines', `${engine}.sql`));
}

function filesIn(directory: string): readonly QueryFile[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => read(path.join(directory, name)));
}

function read(file: string): QueryFile {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const head = lines.filter((line) => line.startsWith('-- ')).map((line) => line.slice(3));
  const stated = (what: string) =>
    head
      .find((line) => line.startsWith(`${what}: `))
      ?.slice(what.length + 2)
      .split(', ') ?? [];
  return {
    name: path.basename(file, '.sql').replace(/^\d-/, ''),
    answers: head.filter((line) => !/^(parameters|columns): /.test(line)).join(' '),
    parameters: stated('parameters'),
    columns: stated('columns').map((column) => {
      const [name = '', type = ''] = column.split(' ');
      return { name, type };
    }),
    sql: lines.filter((line) => !line.startsWith('-- ')).join('\n'),
  };
}
