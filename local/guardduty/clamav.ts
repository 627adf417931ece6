import { execFile, spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Scanner, Source, Verdict } from './verdict.ts';

/** A ClamAV of this machine: `clamdscan` where its daemon answers, else `clamscan`, which loads its database for each scan. */
export interface ClamAv {
  readonly command: 'clamdscan' | 'clamscan';
  /** A database of one's own: a file or folder. @default ClamAV's */
  readonly database?: string;
}

/** The ClamAV that is installed with a database; undefined where there is none. */
export function installedClamAv(): ClamAv | undefined {
  if (spawnSync('clamdscan', ['--ping', '1']).status === 0) return { command: 'clamdscan' };
  const { stdout } = spawnSync('clamscan', ['--version'], { encoding: 'utf8' });
  return /^ClamAV [^/]+\/\d+/.test(stdout ?? '') ? { command: 'clamscan' } : undefined; // `ClamAV 1.4.6/27500/…`: with a database
}

/** What ClamAV knows and `other` knows: a threat that either finds is one; beyond that ClamAV decides. */
export function withClamAv(clamAv: ClamAv, other: Scanner): Scanner {
  return async (source) => {
    const first = await other(source);
    return first.status === 'THREATS_FOUND' ? first : scanByClamAv(clamAv, source);
  };
}

/** One scan of a copy of the bytes, which is gone afterwards. */
export async function scanByClamAv(clamAv: ClamAv, source: Source): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'clamav-'));
  try {
    const file = join(folder, 'scanned');
    const bytes = source.size === 0 ? [] : await source.read(0, source.size - 1);
    await pipeline(Readable.from(bytes, { objectMode: false }), createWriteStream(file));
    return verdictOf(await run(clamAv, file));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run({ command, database }: ClamAv, file: string): Promise<{ code: number; stdout: string }> {
  const scanning = [
    '--alert-encrypted=yes',
    '--alert-exceeds-max=yes',
    '--max-filesize=2000M',
    '--max-scansize=2000M',
  ];
  const own =
    command === 'clamscan' ? [...scanning, ...(database ? [`--database=${database}`] : [])] : ['--fdpass'];
  return new Promise((resolve, reject) => {
    execFile(command, ['--no-summary', '--stdout', ...own, file], (error, stdout) => {
      const code = error ? error.code : 0;
      if (typeof code === 'number') resolve({ code, stdout });
      else reject(error);
    });
  });
}

/** clamscan(1), "RETURN CODES": 0 nothing found, 1 found, 2 errors. What it may not look into it calls heuristics of its own. */
function verdictOf({ code, stdout }: { code: number; stdout: string }): Verdict {
  const found = [...stdout.matchAll(/: (\S+) FOUND$/gm)].map(([, name = '']) => name);
  const threats = found.filter((name) => !/^Heuristics\.(Encrypted|Limits)/.test(name));
  if (threats.length > 0) return { status: 'THREATS_FOUND', threats };
  if (found.length > 0) return { status: 'UNSUPPORTED', threats: [] };
  return { status: code === 0 ? 'NO_THREATS_FOUND' : 'FAILED', threats: [] };
}
