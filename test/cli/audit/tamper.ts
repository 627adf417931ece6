import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { canonical } from '../../../cli/audit/canonical.ts';
import type { Finding } from '../../../cli/audit/findings.ts';
import type { Head } from '../../../cli/audit/formats.ts';
import { leafOf, rootOf } from '../../../cli/audit/merkle.ts';
import { testKey } from '../../functions/audit/in-memory-sealing.ts';

/** Where the first finding has to be, and of which kinds it may be. */
export interface Expected {
  readonly problems: readonly Finding['problem'][];
  readonly path: string;
  readonly line?: number;
  readonly id?: string;
}

/** Whether what was found first is what was done, and where. */
export function isFoundAt(found: Finding | undefined, { problems, path, line, id }: Expected): boolean {
  return (
    found !== undefined &&
    problems.includes(found.problem) &&
    found.path === path &&
    (line === undefined || found.line === line) &&
    (id === undefined || found.id === id)
  );
}

type Random = () => number;
type Tampering = (files: Map<string, Buffer>, random: Random) => Expected | undefined;

/** Each changes an export in one way, as somebody would who has all its files and no signing key; undefined where there is nothing to change. */
export const tamperings: Readonly<Record<string, Tampering>> = {
  'one byte of a file': (files, random) => {
    const path = pick([...files.keys()], random);
    const bytes = Buffer.from(files.get(path) as Buffer);
    const place = Math.floor(random() * bytes.length);
    bytes[place] = (bytes[place] ?? 0) ^ (1 + Math.floor(random() * 255));
    files.set(path, bytes);
    return { problems: ['altered', 'forged', 'inserted', 'missing', 'reordered'], path };
  },
  'one field of a record': onLines((lines, random) => {
    const place = Math.floor(random() * lines.length);
    const record = JSON.parse(lines[place] ?? '') as { [name: string]: unknown; id: string };
    const field = pick(
      Object.keys(record).filter((name) => name !== 'kind' && name !== 'id'),
      random,
    );
    record[field] = typeof record[field] === 'number' ? Number(record[field]) + 1 : `${record[field]}x`;
    lines[place] = canonical(record);
    return { problems: ['altered'], line: place + 1, id: record.id };
  }),
  'whose record it is': onLines((lines, random) => {
    const place = Math.floor(random() * lines.length);
    const before = lines[place] ?? '';
    lines[place] = before.replace(/"id":"(.)/, (_, first) => `"id":"${first === 'a' ? 'b' : 'a'}`);
    return { problems: ['altered'], line: place + 1, id: idOf(before) };
  }),
  'a record taken out': onLines((lines, random) => {
    const place = Math.floor(random() * lines.length);
    const [gone = ''] = lines.splice(place, 1);
    return { problems: ['missing'], line: place + 1, id: idOf(gone) };
  }),
  'a record put in': onLines((lines, random) => {
    const place = Math.floor(random() * (lines.length + 1));
    const forged = (lines[0] ?? '').replace(/"id":".{26}"/, '"id":"abcdefghijklmnopqrstuvwxyz"');
    lines.splice(place, 0, forged);
    return { problems: ['inserted'], line: place + 1, id: 'abcdefghijklmnopqrstuvwxyz' };
  }),
  'a record put in again': onLines((lines, random) => {
    const place = Math.floor(random() * lines.length);
    const line = lines[place] ?? '';
    lines.splice(place + 1, 0, line);
    return { problems: ['inserted'], line: place + 2, id: idOf(line) };
  }),
  'two records changed about': onLines((lines, random) => {
    if (lines.length < 2) return undefined;
    const one = Math.floor(random() * (lines.length - 1));
    const other = one + 1 + Math.floor(random() * (lines.length - one - 1));
    const [first, second] = [lines[one] ?? '', lines[other] ?? ''];
    [lines[one], lines[other]] = [second, first];
    return { problems: ['reordered'], line: one + 1, id: idOf(second) };
  }),
  'the end of a batch cut off': onLines((lines, random) => {
    const keep = Math.floor(random() * lines.length);
    const [gone = ''] = lines.splice(keep);
    return { problems: ['missing'], line: keep + 1, id: idOf(gone) };
  }),
  'the end of a file cut off': (files, random) => {
    const path = pick([...files.keys()], random);
    const bytes = files.get(path) as Buffer;
    files.set(path, bytes.subarray(0, Math.floor(random() * bytes.length)));
    return { problems: ['altered', 'missing', 'forged'], path };
  },
  'a file taken away': (files, random) => {
    const path = pick([...files.keys()], random);
    files.delete(path);
    return { problems: ['missing'], path };
  },
  'a file put beside': (files, random) => {
    const path = pick(['aside.txt', 'sealed/records/day=2030-01-31/999999999999.jsonl.gz', 'zero'], random);
    files.set(path, gzipSync('{}\n'));
    return { problems: ['inserted'], path };
  },
  'the tail of the trail cut off': (files, random) => {
    const heads = headsOf(files);
    const keep = Math.floor(random() * heads.length);
    for (const path of heads.slice(keep)) {
      files.delete(headIn(files, path).path);
      files.delete(path);
    }
    return { problems: ['missing'], path: heads[keep] ?? '' };
  },
  'two batches changed about': (files, random) => {
    const paths = headsOf(files).map((path) => headIn(files, path).path);
    const [one, other] =
      twoOf(
        paths.filter((path) => linesOf(files, path).length > 0),
        random,
      ) ?? [];
    if (one === undefined || other === undefined) return undefined;
    swap(files, one, other);
    return { problems: ['altered', 'missing', 'inserted', 'reordered'], path: one, line: 1 };
  },
  'two heads changed about': (files, random) => {
    const [one, other] = twoOf(headsOf(files), random) ?? [];
    if (one === undefined || other === undefined) return undefined;
    swap(files, one, other);
    return { problems: ['reordered'], path: one };
  },
  'a forged head over a changed record': (files, random) => {
    const path = aFullHead(files, random);
    if (path === undefined) return undefined;
    writeHead(files, path, forged(files, headIn(files, path), random));
    return { problems: ['forged'], path };
  },
  'a forged head, and the chain after it anew': (files, random) => {
    const path = aFullHead(files, random);
    if (path === undefined) return undefined;
    let before = forged(files, headIn(files, path), random);
    writeHead(files, path, before);
    for (const later of headsOf(files).filter((one) => one > path)) {
      before = { ...headIn(files, later), prev: hashOf(before) };
      writeHead(files, later, before);
    }
    remanifest(files);
    return { problems: ['forged', 'altered'], path: 'export.json' };
  },
  'another public key': (files, _random) => {
    const path = [...files.keys()].find((one) => one.startsWith('keys/')) ?? '';
    files.set(path, Buffer.from(OTHER_KEY));
    return { problems: ['forged'], path };
  },
  'a head taken out of the middle, and the numbers closed up': (files, random) => {
    const heads = headsOf(files);
    if (heads.length < 3) return undefined;
    const gone = 1 + Math.floor(random() * (heads.length - 2));
    for (let at = gone; at < heads.length - 1; at += 1)
      files.set(heads[at] ?? '', files.get(heads[at + 1] ?? '') as Buffer);
    files.delete(heads.at(-1) ?? '');
    return { problems: ['reordered'], path: heads[gone] ?? '' };
  },
};

/** A public key on the right curve that has signed nothing. */
const OTHER_KEY = testKey().pem;

/** Changes the lines of one batch, packed again as if nothing had happened. */
function onLines(change: (lines: string[], random: Random) => Omit<Expected, 'path'> | undefined): Tampering {
  return (files, random) => {
    const head = aFullHead(files, random);
    if (head === undefined) return undefined;
    const { path } = headIn(files, head);
    const lines = linesOf(files, path);
    const expected = change(lines, random);
    files.set(path, gzipSync(lines.map((line) => `${line}\n`).join('')));
    return expected && { ...expected, path };
  };
}

/** The head with the first of its records changed, hashed anew in all it says; only its signature cannot be. */
function forged(files: Map<string, Buffer>, head: Head, random: Random): Head {
  const lines = linesOf(files, head.path);
  const place = Math.floor(random() * lines.length);
  lines[place] = (lines[place] ?? '').replace('"id":"', '"id":"b').replace(/("id":".{26})./, '$1');
  files.set(head.path, gzipSync(lines.map((line) => `${line}\n`).join('')));
  const leaves = lines.map(leafOf);
  const index = createHash('sha256').update(
    lines.map((line, at) => `${idOf(line)} ${leaves[at]}\n`).join(''),
  );
  return { ...head, leaves, root: rootOf(leaves), index: index.digest('hex') };
}

/** Makes the manifest fit the files, and the statement fit the manifest. */
function remanifest(files: Map<string, Buffer>): void {
  const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex');
  const paths = [...files.keys()].filter((path) => !/^(export\.json|manifest\.jsonl)$/.test(path)).sort();
  const manifest = paths
    .map((path) => {
      const bytes = files.get(path) as Buffer;
      return `${canonical({ path, bytes: bytes.length, sha256: sha256(bytes) })}\n`;
    })
    .join('');
  files.set('manifest.jsonl', Buffer.from(manifest));
  const statement = JSON.parse(String(files.get('export.json')));
  const last = headIn(files, headsOf(files).at(-1) ?? '');
  const changed = { ...statement, manifest: sha256(manifest), lastHeadHash: hashOf(last) };
  files.set('export.json', Buffer.from(JSON.stringify(changed)));
}

function hashOf({ ids: _ids, leaves: _leaves, signature: _signature, ...claims }: Head): string {
  return createHash('sha256').update(canonical(claims)).digest('hex');
}

function headsOf(files: Map<string, Buffer>): string[] {
  return [...files.keys()].filter((path) => path.startsWith('sealed/heads/')).sort();
}

function headIn(files: Map<string, Buffer>, path: string): Head {
  return JSON.parse(String(files.get(path))) as Head;
}

function writeHead(files: Map<string, Buffer>, path: string, head: Head): void {
  files.set(path, Buffer.from(JSON.stringify(head)));
}

function linesOf(files: Map<string, Buffer>, path: string): string[] {
  return gunzipSync(files.get(path) as Buffer)
    .toString()
    .split('\n')
    .slice(0, -1);
}

/** The path of a head that has records. */
function aFullHead(files: Map<string, Buffer>, random: Random): string | undefined {
  const full = headsOf(files).filter((path) => headIn(files, path).count > 0);
  return full.length > 0 ? pick(full, random) : undefined;
}

function swap(files: Map<string, Buffer>, one: string, other: string): void {
  const [first, second] = [files.get(one) as Buffer, files.get(other) as Buffer];
  files.set(one, second).set(other, first);
}

/** Two of them in their order. */
function twoOf(from: readonly string[], random: Random): readonly [string, string] | undefined {
  if (from.length < 2) return undefined;
  const one = Math.floor(random() * (from.length - 1));
  const other = one + 1 + Math.floor(random() * (from.length - one - 1));
  return [from[one] ?? '', from[other] ?? ''];
}

function pick<T>(from: readonly T[], random: Random): T {
  return from[Math.floor(random() * from.length)] as T;
}

function idOf(line: string): string {
  return /"id":"(.{26})"/.exec(line)?.[1] ?? '';
}
