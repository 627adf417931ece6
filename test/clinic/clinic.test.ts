import { expect, test } from 'vitest';
import { AuditRecord } from '../../functions/audit/record.ts';
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

function recordsOf(options: typeof small): AuditRecord[] {
  return [...new ClinicYear(options).records()].flatMap(({ records }) => [...records]);
}
