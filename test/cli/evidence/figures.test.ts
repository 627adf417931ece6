import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { signOff } from '../../../cli/audit/sign-off.ts';
import { figuresOf } from '../../../cli/evidence/figures.ts';
import type { AuditRecord } from '../../../functions/audit/record.ts';
import { clinicExport } from '../../fixtures/clinic-export.ts';

const { directory, records } = await clinicExport();

test('figures are counted from a sealed export, as the records themselves have it', async () => {
  const figures = new Map(
    (await figuresOf(directory)).map(({ id, outcome, seen }) => [id, { outcome, seen }]),
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
    signedOff > 0 ? `${signedOff} sign-offs` : 'none: no sign-offs',
  );
  const opened = counted(({ operation, outcome }) => operation === 'emergency.open' && outcome === 'allowed');
  expect(figures.get('break-glass-reviewed')?.seen).toMatch(
    new RegExp(`^${opened} opened, \\d+ reviewed in time`),
  );
  expect(figures.get('reads')?.outcome).toBe('holds');
});

test('nothing is counted from an export in which one record was changed', async () => {
  const copy = written(new Map());
  cpSync(directory, copy, { recursive: true });
  const names = readdirSync(copy, { recursive: true, encoding: 'utf8' });
  const batch = join(copy, names.find((name) => name.endsWith('.jsonl.gz')) ?? '');
  writeFileSync(
    batch,
    gzipSync(gunzipSync(readFileSync(batch)).toString().replace('"allowed"', '"refused"')),
  );
  for (const { outcome, seen } of (await figuresOf(copy)).filter(({ id }) => id !== 'reviews-signed'))
    expect([outcome, seen]).toEqual([
      'fails',
      expect.stringContaining('the export does not verify: altered'),
    ]);
});

test('reviews count where they are of the very bytes beside them, and fail where these were changed', async () => {
  const reviews = written(new Map([['activity.html', Buffer.from('what was reviewed')]]));
  const counted = async () => (await figuresOf(undefined, reviews)).find(({ id }) => id === 'reviews-signed');
  expect(await counted()).toMatchObject({ outcome: 'none', seen: 'none: no reviews signed' });
  signOff(join(reviews, 'activity.html'), { by: 'officer-1', at: new Date('2033-01-01T00:00:00Z') });
  expect(await counted()).toMatchObject({
    outcome: 'holds',
    seen: '1 reviews signed, the last at 2033-01-01T00:00:00.000Z',
  });
  writeFileSync(join(reviews, 'activity.html'), 'something else');
  expect(await counted()).toMatchObject({ outcome: 'fails' });
});

test('without an export every figure says that it was not counted', async () => {
  for (const { outcome, seen } of await figuresOf())
    expect([outcome, seen]).toEqual([
      'none',
      expect.stringMatching(/^not counted: no (export of the trail was|reviews were) given/),
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
