import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { type ExportedPerson, type ExportSettings, readPeople, readSettings } from './export-files.ts';
import { queryFiles, trailOn, viewFiles } from './query-files.ts';

export type Value = string | number | null;
export type Row = Readonly<Record<string, Value>>;

/** What the engine may take of the machine: a report runs beside other work. */
const MEMORY = '1GB';
const THREADS = '2';

const RECORDS = 'sealed/records';

export interface TrailSpan {
  readonly records: number;
  /** Times of the first and last record; empty where there is none. */
  readonly first: string;
  readonly last: string;
}

export interface OpenTrail {
  /** The clock by which hours are read; without one, the export's own, or UTC. */
  readonly timeZone?: string;
}

/** The records of an export, ready to be asked with the queries of `queries/`. Offline: nothing but its directory is read. */
export class Trail {
  readonly people: ReadonlyMap<string, ExportedPerson>;
  readonly settings: ExportSettings;
  readonly timeZone: string;
  /** SHA-256 that names the export: of its manifest, or, where it has none, of the list of its files and their hashes. */
  readonly hash: string;
  span: TrailSpan = { records: 0, first: '', last: '' };

  private constructor(
    directory: string,
    private readonly connection: DuckDBConnection,
    private readonly scratch: string,
    timeZone: string | undefined,
    files: readonly string[],
  ) {
    this.people = readPeople(directory);
    this.settings = readSettings(directory);
    this.timeZone = timeZone ?? this.settings.timeZone ?? 'UTC';
    this.hash = hashOf(directory, files);
  }

  /** @throws TrailUnreadable where there is no sealed record, or one cannot be read as one. */
  static async open(directory: string, { timeZone }: OpenTrail = {}): Promise<Trail> {
    const files = sealedFiles(directory);
    if (files.length === 0) throw new TrailUnreadable(`${directory} holds no sealed records`);
    const scratch = mkdtempSync(path.join(tmpdir(), 'wardline-audit-'));
    try {
      const database = await DuckDBInstance.create(path.join(scratch, 'trail.duckdb'), {
        memory_limit: MEMORY,
        threads: THREADS,
        temp_directory: path.join(scratch, 'spill'),
        preserve_insertion_order: 'false',
      });
      const connection = await database.connect();
      const trail = new Trail(directory, connection, scratch, timeZone, files);
      await trail.load(files.map((file) => path.join(directory, file)));
      return trail;
    } catch (error) {
      rmSync(scratch, { recursive: true, force: true });
      throw error instanceof TrailUnreadable ? error : new TrailUnreadable(firstLine(error));
    }
  }

  /** The rows that a query of `queries/` gives; its parameters by their names. */
  async rows(query: string, given: Readonly<Record<string, string>> = {}): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for await (const row of this.each(query, given)) rows.push(row);
    return rows;
  }

  /** The same, one after the other, so that a long answer needs no room. */
  async *each(query: string, given: Readonly<Record<string, string>> = {}): AsyncGenerator<Row> {
    const { sql, values } = prepared(query, given);
    const result = await this.connection.stream(sql, values);
    for await (const chunk of result.yieldRowObjects())
      for (const row of chunk) yield Object.fromEntries(Object.entries(row).map(plain));
  }

  /** Of a view, by name and type. */
  async columnsOf(view: string): Promise<readonly { readonly name: string; readonly type: string }[]> {
    const asked = await this.connection.runAndReadAll(`SELECT * FROM ${view} LIMIT 0`);
    return asked
      .columnNames()
      .map((name, place) => ({ name, type: String(asked.columnType(place)).toLowerCase() }));
  }

  /** How many rows a query gives. */
  async count(query: string, given: Readonly<Record<string, string>> = {}): Promise<number> {
    const { sql, values } = prepared(query, given);
    const counted = await this.connection.runAndReadAll(`SELECT count(*) FROM (${sql}) AS all_of_it`, values);
    return Number(counted.getRows()[0]?.[0] ?? 0);
  }

  close(): void {
    this.connection.closeSync();
    rmSync(this.scratch, { recursive: true, force: true });
  }

  /** A sealer that began again may have sealed a record twice. */
  private async countOnce(): Promise<void> {
    const repeats = await this.connection.runAndReadAll('SELECT count(*) - count(DISTINCT id) FROM trail');
    if (Number(repeats.getRows()[0]?.[0]) === 0) return;
    await this.connection.run(
      'CREATE TABLE once AS SELECT DISTINCT ON (id) * FROM trail ORDER BY id, moment',
    );
    await this.connection.run('DROP TABLE trail');
    await this.connection.run('ALTER TABLE once RENAME TO trail');
  }

  private async load(files: readonly string[]): Promise<void> {
    const { sql } = trailOn('duckdb');
    const filled = sql
      .replaceAll('{{files}}', `[${files.map(quoted).join(', ')}]`)
      .replaceAll('{{zone}}', quoted(this.timeZone));
    await this.connection.run(`CREATE TABLE trail AS ${filled}`);
    await this.countOnce();
    for (const { name, sql: view } of viewFiles())
      await this.connection.run(`CREATE TABLE ${name} AS ${view}`);
    const [span] = await this.rows('span', { to: '9999-12-31' });
    this.span = {
      records: Number(span?.records ?? 0),
      first: String(span?.first_at ?? ''),
      last: String(span?.last_at ?? ''),
    };
  }
}

/** What was given is no export, or not a readable one. */
export class TrailUnreadable extends Error {
  override readonly name = 'TrailUnreadable';
}

/** Paths below the export's directory, in an order of their own. */
function sealedFiles(directory: string): readonly string[] {
  const below = path.join(directory, RECORDS);
  if (!existsSync(below)) return [];
  return readdirSync(below, { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join(RECORDS, file.split(path.sep).join('/')))
    .filter((file) => /\/day=[\d-]+\/[^/]+\.jsonl\.gz$/.test(file))
    .sort();
}

/** The SQL of a query with its values in the order of its `?`. */
function prepared(query: string, given: Readonly<Record<string, string>>) {
  const file = queryFiles().find(({ name }) => name === query);
  if (!file) throw new Error(`there is no query ${query}`);
  const values = file.parameters.map((name) => {
    const value = given[name];
    if (value === undefined) throw new Error(`the query ${query} asks for ${name}`);
    return value;
  });
  return { sql: file.sql, values };
}

function plain([name, value]: [string, DuckDBValue]): [string, Value] {
  if (value === null || typeof value === 'string' || typeof value === 'number') return [name, value];
  if (typeof value === 'bigint') return [name, Number(value)];
  throw new Error(`the column ${name} is neither text nor number`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function hashOf(directory: string, files: readonly string[]): string {
  const manifest = path.join(directory, 'export.json');
  if (existsSync(manifest)) return sha256(readFileSync(manifest));
  const others = ['people.jsonl', 'settings.json'].filter((file) => existsSync(path.join(directory, file)));
  const lines = [...files, ...others].map(
    (file) => `${sha256(readFileSync(path.join(directory, file)))}  ${file}\n`,
  );
  return sha256(lines.join(''));
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
