import { createHash } from 'node:crypto';
import type { Evidence } from './evidence.ts';
import type { Finding } from './findings.ts';
import { EXPORT, MANIFEST, ManifestLine } from './formats.ts';
import { linesIn } from './lines-in.ts';

/** What the manifest says against the files, each by its path; and of the manifest itself. */
export interface Suspicions {
  /** SHA-256 of the manifest as it lies there; undefined where there is none. */
  readonly manifest: string | undefined;
  readonly files: number;
  /** The first line that is none of a manifest. */
  readonly malformed?: number;
  /** Files that are not as the manifest has them, in the order of their paths. */
  readonly found: ReadonlyMap<string, Finding>;
}

/** As many as are kept: more say nothing more. */
const MOST = 1_000;

/** Holds every file to its line in the manifest, and every line to its file; both are sorted by path. */
export async function checkManifest(evidence: Evidence, tell: (path: string) => void): Promise<Suspicions> {
  const found = new Map<string, Finding>();
  const suspect = (problem: Finding['problem'], path: string, what: string) => {
    if (found.size < MOST) found.set(path, { problem, path, what });
  };
  const inserted = (path: string) => suspect('inserted', path, 'no such file was exported');
  const walk = pathsOf(evidence);
  const hash = createHash('sha256');
  let [here, files, malformed] = [await walk.next(), 0, 0];
  let isThere = false;

  for await (const { line, bytes } of linesIn(evidence.pieces(MANIFEST), () => {})) {
    isThere = true;
    files += 1;
    hash.update(bytes);
    const named = readManifestLine(line);
    if (!named) {
      malformed ||= files;
      continue;
    }
    for (; !here.done && here.value < named.path; here = await walk.next()) inserted(here.value);
    if (here.done || here.value !== named.path) {
      suspect('missing', named.path, 'the manifest names a file that is not there');
      continue;
    }
    here = await walk.next();
    tell(named.path);
    const sha256 = await hashOfFile(evidence, named.path);
    if (sha256 !== named.sha256) suspect('altered', named.path, 'its bytes are not those that were exported');
  }
  for (; !here.done; here = await walk.next()) inserted(here.value);
  return {
    manifest: isThere ? hash.digest('hex') : undefined,
    files,
    ...(malformed > 0 && { malformed }),
    found,
  };
}

async function* pathsOf(evidence: Evidence): AsyncGenerator<string, undefined> {
  for await (const path of evidence.paths()) if (path !== EXPORT && path !== MANIFEST) yield path;
  return undefined;
}

function readManifestLine(line: string): ManifestLine | undefined {
  try {
    return ManifestLine.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

async function hashOfFile(evidence: Evidence, path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of evidence.pieces(path)) hash.update(piece);
  return hash.digest('hex');
}
