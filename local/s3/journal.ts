import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod';

/**
 * Records by id that outlive a run: one line for each that was put or removed, in one file that only its owner may read
 * (mode 0600), written before this returns. A line that a crash cut is left out.
 */
export class Journal<T> {
  private readonly file: string;
  private readonly records: Map<string, T>;
  private descriptor: number | undefined;
  private lines = 0;

  constructor(file: string, schema: z.ZodType<T>) {
    this.file = file;
    this.records = read(file, schema);
    this.compact();
  }

  /** In the order in which they were first put. */
  values(): IterableIterator<T> {
    return this.records.values();
  }

  put(id: string, record: T): void {
    this.records.set(id, record);
    this.append({ id, record });
  }

  remove(id: string): void {
    if (this.records.delete(id)) this.append({ id });
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private append(line: { readonly id: string; readonly record?: T }): void {
    if (this.descriptor === undefined) return; // closed: what happens now happens to nobody
    writeSync(this.descriptor, `${JSON.stringify(line)}\n`);
    this.lines += 1;
    if (this.lines > 1000 + 4 * this.records.size) this.compact();
  }

  /** Writes anew what is still there. */
  private compact(): void {
    this.close();
    const lines = [...this.records].map(([id, record]) => `${JSON.stringify({ id, record })}\n`);
    mkdirSync(dirname(this.file), { recursive: true });
    const next = `${this.file}.${process.pid}`;
    writeFileSync(next, lines.join(''), { mode: 0o600 });
    renameSync(next, this.file);
    this.descriptor = openSync(this.file, 'a', 0o600);
    this.lines = lines.length;
  }
}

function read<T>(file: string, schema: z.ZodType<T>): Map<string, T> {
  const Line = z.object({ id: z.string(), record: schema.optional() });
  const records = new Map<string, T>();
  for (const line of completeLines(file)) {
    const read = Line.safeParse(parsed(line));
    if (!read.success) {
      throw new Error(
        `${file} does not hold what was kept there; restore it, or start again without kept data`,
      );
    }
    const { id, record } = read.data;
    if (record === undefined) records.delete(id);
    else records.set(id, record);
  }
  return records;
}

function completeLines(file: string): string[] {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return content
    .slice(0, content.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '');
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
