import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { figuresOf } from '../../../cli/evidence/figures.ts';
import type { AuditRecord } from '../../../functions/audit/record.ts';
import { clinicExport } from '../../fixtures/clinic-export.ts';

const { directory, records } = await clinicExport();
let files: ReadonlyMap<string, Buffer>;

beforeAll(() => {
  const names = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
  const paths = names.map(({ parentPath, name }) => join(parentPath, name));
  files = new Map(paths.map((path) => [relative(directory, path), readFileSync(path)]));
});

test('figures are counted from a sealed export, as the records themselves have it', async () => {
  const figures = new Map(
    (await figuresOf(written(files))).map(({ id, outcome, seen }) => [id, { outcome, seen }]),
  );
  const counted = (of: (record: AuditRecord) => boolean) => records.filter(of).length;

  expect(figures.get('records-sound')).toMatchObject({ outcome: 'holds' });
  expect(figures.get('records-sound')?.seen).toContain(`${records.length} records in`);
  const refused = counted(({ outcome }) => outcome === 'refused');
  expect(refused).toBeGreaterThan(0);
  expect(figures.get('refusals')).toEqual({ outcome: 'holds', seen: `${refused} refusals` });
  const signedOff = counted(
    ({ operation, outcome }) => operation === 'recertification.sign-off' && outcome === 'allowed',
  );
  expect(figures.get('recertifications')?.seen).toBe(
    signedOff > 0 ? `${signedOff} sign-offs` : 'none in the export: no sign-offs',
  );
  const opened = counted(({ operation, outcome }) => operation === 'emergency.open' && outcome === 'allowed');
  expect(figures.get('break-glass-reviewed')?.seen).toMatch(
    new RegExp(`^${opened} opened, \\d+ reviewed in time`),
  );
  expect(figures.get('reads')?.outcome).toBe('holds');
});

test('nothing is counted from an export in which one record was changed', async () => {
  const changed = new Map(files);
  const [path = '', sealed = Buffer.alloc(0)] = [...files].find(([name]) => name.endsWith('.jsonl.gz')) ?? [];
  const lines = gunzipSync(sealed).toString().replace('"allowed"', '"refused"');
  changed.set(path, gzipSync(lines));
  for (const { outcome, seen } of await figuresOf(written(changed)))
    expect([outcome, seen]).toEqual([
      'fails',
      expect.stringContaining('the export does not verify: altered'),
    ]);
});

test('without an export every figure says that it was not counted', async () => {
  for (const { outcome, seen } of await figuresOf(undefined))
    expect([outcome, seen]).toEqual([
      'none',
      'not counted: no export of the trail was given (--audit-export)',
    ]);
});

function written(of: ReadonlyMap<string, Buffer>): string {
  const directory = mkdtempSync(join(tmpdir(), 'export-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const [path, bytes] of of) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), bytes);
  }
  return directory;
}
