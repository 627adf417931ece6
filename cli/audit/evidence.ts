import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An export, wherever it lies. Paths have forward slashes and begin without one. */
export interface Evidence {
  /** A whole file; undefined where there is none. */
  file(path: string): Promise<Buffer | undefined>;
  /** A file in pieces; none where it is not there. */
  pieces(path: string): AsyncIterable<Buffer> | Iterable<Buffer>;
  /** The paths of all files, in the order of their names, folder by folder. */
  paths(): AsyncIterable<string> | Iterable<string>;
}

export function directory(root: string): Evidence {
  return {
    file: (path) => unlessMissing(readFile(join(root, path))),
    pieces: (path) => createReadStream(join(root, path)),
    paths: () => walk(root, ''),
  };
}

async function* walk(root: string, folder: string): AsyncGenerator<string> {
  const found = await readdir(join(root, folder), { withFileTypes: true });
  const entries = found.map((entry) => ({
    entry,
    name: entry.isDirectory() ? `${entry.name}/` : entry.name,
  }));
  entries.sort(({ name: one }, { name: other }) => (one < other ? -1 : 1));
  for (const { entry, name } of entries) {
    if (entry.isDirectory()) yield* walk(root, `${folder}${name}`);
    else yield `${folder}${name}`;
  }
}

async function unlessMissing(reading: Promise<Buffer>): Promise<Buffer | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR'))
      return undefined;
    throw error;
  }
}
