import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { directory as directoryOf } from '../../cli/audit/evidence.ts';
import { verifyExport } from '../../cli/audit/verify.ts';
import { AuditRecord } from '../../functions/audit/record.ts';
import { writeExport } from './write-export.ts';
import { ClinicYear } from './year.ts';

const small = { people: 30, seed: 7, from: '2025-01-01', days: 20 };

test('every record of the synthetic clinic is one that the trail takes, in the order of time and of its log', () => {
  const records = recordsOf(small);
  expect(records.length).toBeGreaterThan(5_000);
  for (const record of records) expect(AuditRecord.parse(record)).toEqual(record);
  expect(records.map(({ at }) => at)).toEqual(records.map(({ at }) => at).toSorted());

  const last = new Map<string, { readonly seq: number; readonly hash: string }>();
  for (const record of records) {
    if (record.kind !== 'entry') continue;
    const before = last.get(record.object);
    expect([record.seq, record.prev]).toEqual([(before?.seq ?? 0) + 1, before?.hash ?? '0'.repeat(64)]);
    last.set(record.object, record);
  }
});

test('the same seed is the same clinic, another seed another one', () => {
  expect(recordsOf(small)).toEqual(recordsOf(small));
  expect(recordsOf({ ...small, seed: 8 })).not.toEqual(recordsOf(small));
});

test('its export is sealed and signed as a real one is, and sound', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'clinic-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const written = await writeExport(new ClinicYear({ ...small, days: 5 }), directory);
  const verdict = await verifyExport(directoryOf(directory), { trusted: [], tell: () => {} });
  expect(verdict.findings).toEqual([]);
  expect(verdict.figures.records).toBe(written.records);
});

function recordsOf(options: typeof small): AuditRecord[] {
  return [...new ClinicYear(options).records()].flatMap(({ records }) => [...records]);
}
