import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scanByClamAv, withClamAv } from '../../../local/guardduty/clamav.ts';
import { scanBySignature } from '../../../local/guardduty/signature-scanner.ts';
import type { Source } from '../../../local/guardduty/verdict.ts';
import { eicar, zip } from './archives.ts';

const isInstalled = spawnSync('clamscan', ['--version']).status === 0;
const suite = isInstalled ? 'ClamAV' : 'ClamAV (skipped: there is no clamscan on the PATH)';

describe.skipIf(!isInstalled)(suite, () => {
  const known = Buffer.from('a sentence that only this database knows');
  let folder: string;
  let database: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'clamav-database-'));
    database = join(folder, 'own.ndb');
    writeFileSync(database, `Own.Known:0:*:${known.toString('hex')}\n`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('finds what its database knows, in archives too, and leaves closed what has a password', async () => {
    const scan = (bytes: Buffer) => scanByClamAv({ command: 'clamscan', database }, sourceOf(bytes));
    const bytes = Buffer.concat([Buffer.alloc(10_000, 'x'), known]);
    const verdicts = await Promise.all([
      scan(bytes),
      scan(zip({ name: 'inside', bytes })),
      scan(zip({ name: 'closed', bytes, isEncrypted: true })),
      scan(Buffer.from('nothing to see')),
      scanByClamAv({ command: 'clamscan', database: join(folder, 'none') }, sourceOf(bytes)),
    ]);
    expect(verdicts.map(({ status }) => status)).toEqual([
      ...['THREATS_FOUND', 'THREATS_FOUND', 'UNSUPPORTED', 'NO_THREATS_FOUND', 'FAILED'],
    ]);
    expect(verdicts[0]?.threats).toEqual(['Own.Known.UNOFFICIAL']);
  });

  test('does not outvote a signature that is found without it', async () => {
    const both = withClamAv({ command: 'clamscan', database }, scanBySignature);
    expect((await both(sourceOf(eicar))).status).toBe('THREATS_FOUND');
    expect((await both(sourceOf(known))).threats).toEqual(['Own.Known.UNOFFICIAL']);
  });
});

function sourceOf(bytes: Buffer): Source {
  return { size: bytes.length, read: async (start, end) => [bytes.subarray(start, end + 1)] as never };
}
