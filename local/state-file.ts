import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { z } from 'zod';

/**
 * One JSON document that outlives a run, readable by its owner alone (mode 0600). A crash leaves the old document or the
 * new one, never a part.
 */
export class StateFile<T> {
  private readonly file: string;
  private readonly schema: z.ZodType<T>;

  constructor(file: string, schema: z.ZodType<T>) {
    this.file = file;
    this.schema = schema;
  }

  /** Undefined where nothing was written yet; throws, by name, for a file that holds something else. */
  read(): T | undefined {
    let content: string;
    try {
      content = readFileSync(this.file, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
    const state = this.schema.safeParse(parsed(content));
    if (!state.success) {
      throw new Error(
        `${this.file} does not hold what was kept there; restore it, or start again without kept data`,
      );
    }
    return state.data;
  }

  write(state: T): void {
    mkdirSync(dirname(this.file), { recursive: true });
    const next = `${this.file}.${process.pid}`;
    writeFileSync(next, JSON.stringify(state), { mode: 0o600 });
    renameSync(next, this.file);
  }
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
