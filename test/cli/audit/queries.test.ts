import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { queryFiles, viewFiles } from '../../../cli/audit/query-files.ts';
import { Trail } from '../../../cli/audit/trail.ts';
import { SealedRecord } from '../../../functions/audit/record.ts';
import { clinicExport } from '../../fixtures/clinic-export.ts';

const { directory, clinic, records } = await clinicExport();
let trail: Trail;

beforeAll(async () => {
  trail = await Trail.open(directory);
});
afterAll(() => trail.close());

const patient = clinic.cast.patient[0]?.person ?? '';
const given = {
  ...{ from: '2025-01-05', to: '2025-02-05', patient, person: '%', conversation: '%', people: patient },
  ...{
    since: '',
    session: '%',
    opens: '7',
    closes: '19',
    day: '2025-02-01',
    before: '2025-02-01T00:00:00.000Z',
  },
};

test('every query says what it answers, and has a ? only in a condition, which is where Athena takes them', () => {
  expect(queryFiles().length).toBeGreaterThan(20);
  for (const { name, answers, parameters, sql } of queryFiles()) {
    expect(answers, name).toMatch(/[a-z\d)]\.$/);
    expect(sql.split('?').length - 1, name).toBe(parameters.length);
    const elsewhere = sql
      .split(/\b(?=SELECT|FROM|WHERE|GROUP BY|ORDER BY)\b/)
      .filter((part) => part.includes('?'));
    expect(
      elsewhere.every((part) => part.startsWith('WHERE')),
      name,
    ).toBe(true);
    expect(sql, name).not.toMatch(/(?<!epoch_second|bigint\)) \/ |;|::|\bFILTER\b|\bQUALIFY\b|\bEXCEPT\b/);
  }
});

test.each(queryFiles().map(({ name }) => name))('%s is answered, twice the same', async (name) => {
  const once = await trail.rows(name, given);
  expect(await trail.rows(name, given)).toEqual(once);
});

test('the views have the columns that are told to Athena', async () => {
  for (const { name, columns } of viewFiles()) expect(await trail.columnsOf(name), name).toEqual(columns);
});

test('a record touches the conversation that it is about, and each that it opened', async () => {
  const expected = records.flatMap(({ id, operation, object, opened = [] }) => {
    const isAbout = /^(message|member|emergency\.open|attachment\.upload|conversation\.(?!list))/.test(
      operation,
    );
    return [...(isAbout ? [object] : []), ...opened].map((conversation) => `${id} ${conversation}`);
  });
  const whole = { ...given, from: '2025-01-01', to: '2026-01-01', patient: '%' };
  const touched = await trail.rows('accesses', whole);
  expect(touched.map(({ id, conversation }) => `${id} ${conversation}`).sort()).toEqual(expected.sort());
});

test('memberships are what changes of membership make them, from the first one to the last', async () => {
  const standing = new Map<string, string>();
  const expected: string[] = [];
  for (const { at, operation, object, outcome, people = [] } of records) {
    if (outcome === 'refused') continue;
    for (const person of people) {
      const key = `${object} ${person}`;
      const since = standing.get(key);
      if (/^(conversation\.create|member\.add)$/.test(operation) && !since) standing.set(key, at);
      if (operation === 'member.remove' && since) {
        expected.push(`${key} ${since} ${at}`);
        standing.delete(key);
      }
    }
  }
  for (const [key, since] of standing) expected.push(`${key} ${since} null`);
  const whole = { ...given, from: '2025-01-01', to: '2026-01-01', patient: '%' };
  const rows = await trail.rows('access-members', whole);
  const found = rows.map(
    ({ conversation, person, since, until }) => `${conversation} ${person} ${since} ${until}`,
  );
  expect(found.sort()).toEqual(expected.sort());
});

test('a record that was sealed twice counts once, and one that was taken out of the table is told', async () => {
  const twice = mkdtempSync(join(tmpdir(), 'twice-'));
  onTestFinished(() => rmSync(twice, { recursive: true, force: true }));
  const few = records.slice(0, 20);
  const [{ id = '', person = '' } = {}] = records.slice(20);
  const at = '2025-01-01T20:00:00.000Z';
  const told = SealedRecord.parse({
    kind: 'tampering',
    id,
    at,
    change: 'removed',
    record: few[0]?.id,
    person,
  });
  const batch = gzipSync([...few, told].map((record) => `${JSON.stringify(record)}\n`).join(''));
  for (const day of ['2025-01-01', '2025-01-02']) {
    mkdirSync(join(twice, `sealed/records/day=${day}`), { recursive: true });
    writeFileSync(join(twice, `sealed/records/day=${day}/00000000000${day.at(-1)}.jsonl.gz`), batch);
  }
  const opened = await Trail.open(twice);
  onTestFinished(() => opened.close());
  expect(opened.span.records).toBe(21);
  const [change, ...more] = await opened.rows('activity-tampering', given);
  expect([change, more]).toEqual([undefined, []]); // before the days asked for
  const tampered = await opened.rows('activity-tampering', { ...given, from: '2025-01-01' });
  expect(tampered).toEqual([{ moment: at, change: 'removed', record: few[0]?.id, person, id }]);
  const [day] = await opened.rows('access-days', {
    ...given,
    from: '2025-01-01',
    to: '2025-01-31',
    patient: '%',
  });
  expect(day?.day).toBe(few[0]?.at.slice(0, 10));
});
