import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { readCsv } from '../../../cli/audit/export-files.ts';
import { kinds } from '../../../cli/audit/report/model.ts';
import { reportFrom, sixYearsBefore } from '../../../cli/audit/report-command.ts';
import { Trail } from '../../../cli/audit/trail.ts';
import { browserContext } from '../../fixtures/browser.ts';
import { clinicExport } from '../../fixtures/clinic-export.ts';

const { directory, clinic, records } = await clinicExport();
const hours = { opens: 7, closes: 19 };
let trail: Trail;

beforeAll(async () => {
  trail = await Trail.open(directory);
});
afterAll(() => trail.close());

test('who saw a patient’s messages is every record about their conversations, and no other', async () => {
  const [patient] = clinic.cast.patient;
  const id = patient?.person ?? '';
  const joined = (operation: string) => /^(conversation\.create|member\.add)$/.test(operation);
  const theirs = new Set(
    records
      .filter(
        ({ people, outcome, operation }) =>
          people?.includes(id) && outcome === 'allowed' && joined(operation),
      )
      .map(({ object }) => object),
  );
  const out = scratch();
  await reportFrom(trail, 'accesses', { out, hours, format: ['csv'], patient: id });

  const expected = records.flatMap((one) =>
    [one.object, ...(one.opened ?? [])].filter((object) => theirs.has(object)).map(() => one.id),
  );
  expect(expected.length).toBeGreaterThan(100);
  expect(column(out, 'accesses-list.csv', 'Record')).toEqual(expected.sort());
});

test('the activity review names who snooped, who tried, who looked at home and who read by night', async () => {
  const { snooper, prober, relative, relation, nightReader } = clinic;
  const out = scratch();
  const households = join(out, 'households.csv');
  const strangers = clinic.cast.patient.filter((one) => one !== relation).slice(0, 2);
  const lines = [relative, relation].map((one) => `${one?.person},"a, 1"\r\n`);
  writeFileSync(
    households,
    ['person,household\r\n', ...lines, ...strangers.map((one) => `${one.person},2\n`)].join(''),
  );
  await reportFrom(trail, 'activity', { out, hours, format: ['csv', 'html'], households });

  const joined = table(out, 'activity-just-joined.csv');
  expect(joined.map((row) => [row.Who, row.Conversations])).toEqual([
    [snooper.person, String(clinic.incidents.snooped.length)],
  ]);
  expect(table(out, 'activity-refused.csv')[0]).toMatchObject({
    Who: prober.person,
    'Refused as': 'not-a-member',
  });
  const home = table(out, 'activity-household.csv');
  expect(home.map((row) => [row.Who, row.Patient])).toEqual([[relative.person, relation?.person]]);
  const byNight = table(out, 'activity-after-hours.csv').filter((row) => row.Who === nightReader.person);
  expect(Number(byNight[0]?.['Before 5'])).toBeGreaterThan(50);
  const page = readFileSync(join(out, 'activity.html'), 'utf8');
  const said = `${snooper.role}, ${snooper.department}`;
  expect(page).toContain(`To look into: ${said} (${snooper.person.slice(0, 6)}…) joined, read and left`);
});

test('each emergency is in the register with its review: in time, late, or overdue', async () => {
  const out = scratch();
  await reportFrom(trail, 'emergencies', { out, hours, format: ['csv'] });
  const found = table(out, 'emergencies-register.csv').map((row) => [row.By, row.Conversation, row.Review]);
  const expected = clinic.incidents.emergencies.map(({ person, conversation, reviewedAfterHours: after }) => [
    ...[person, conversation],
    after === undefined ? 'overdue' : after <= 72 ? 'in time' : 'late',
  ]);
  expect(expected.map(([, , review]) => review).sort()).toEqual(['in time', 'in time', 'late', 'overdue']);
  expect(found.map(([, ...rest]) => rest).sort()).toEqual(expected.map(([, ...rest]) => rest).sort());
});

test('an accounting has what must be told of one patient, and not what went to themselves', async () => {
  const told = clinic.incidents.disclosures.filter(({ purpose }) => purpose !== 'individual');
  const out = scratch();
  await reportFrom(trail, 'disclosures', { out, hours, format: ['csv'] });
  expect(table(out, 'disclosures-accounted.csv').map((row) => [row['Date (UTC)'], row.Purpose])).toEqual(
    told.map(({ at, purpose }) => [at, purpose]).sort(),
  );

  for (const { patient } of clinic.incidents.disclosures) {
    await reportFrom(trail, 'disclosures', { out, hours, format: ['csv'], patient });
    const own = told.filter((one) => one.patient === patient).map(({ at }) => at);
    expect(column(out, 'disclosures-accounted.csv', 'Date (UTC)')).toEqual(own.sort());
  }
});

test('the registers of retention and recertification have what offices did, and who was left out', async () => {
  const out = scratch();
  await reportFrom(trail, 'retention', { out, hours, format: ['csv'] });
  await reportFrom(trail, 'recertification', { out, hours, format: ['csv'] });
  const destroyed = table(out, 'retention-destroyed.csv').filter((row) => row['Destroyed (UTC)'] !== '');
  expect(destroyed.map((row) => [row.Conversation, row['Destroyed (UTC)']])).toEqual(
    clinic.administration.shredded.map(({ conversation, at }) => [conversation, at]),
  );
  const holds = table(out, 'retention-holds.csv').map((row) => [
    row.Hold,
    row['Released (UTC)']?.slice(0, 10),
  ]);
  expect(holds).toEqual(clinic.administration.holds.map(({ hold, released = '' }) => [hold, released]));

  const certified = new Set(clinic.administration.signedOff.map(({ person }) => person));
  const { clinician, staff, administrator, auditor, bot, ...others } = clinic.cast;
  const workers = [clinician, staff, administrator, auditor, bot, others['privacy-officer']].flat();
  expect(column(out, 'recertification-left-out.csv', 'Who')).toEqual(
    workers
      .map(({ person }) => person)
      .filter((person) => !certified.has(person))
      .sort(),
  );
});

test('every report is the same bytes again, and from the same files in another order', async () => {
  const [once, again, shuffled] = [scratch(), scratch(), scratch()];
  const other = join(scratch(), 'export');
  copyBackwards(directory, other);
  const copy = await Trail.open(other);
  onTestFinished(() => copy.close());
  for (const kind of kinds) {
    await reportFrom(trail, kind, { out: once, hours, format: ['html', 'csv', 'pdf'] });
    await reportFrom(trail, kind, { out: again, hours, format: ['pdf', 'csv', 'html'] });
    await reportFrom(copy, kind, { out: shuffled, hours, format: ['html', 'csv', 'pdf'] });
  }
  const files = readdirSync(once).sort();
  expect(files.length).toBeGreaterThan(30);
  for (const same of [again, shuffled]) {
    expect(readdirSync(same).sort()).toEqual(files);
    for (const file of files)
      expect(readFileSync(join(same, file)).equals(readFileSync(join(once, file))), file).toBe(true);
  }
});

test('a page has no scripts, asks for nothing, complains of nothing and is no wider than its window', async () => {
  const out = scratch();
  const names = join(out, 'names.csv');
  writeFileSync(names, `id,name\r\n${clinic.snooper.person},"Éva ""Doc"" <b>Long-Surname</b>, MD"\r\n`);
  for (const kind of kinds) await reportFrom(trail, kind, { out, hours, format: ['html'], names });
  const context = await browserContext();
  const complaints: string[] = [];
  for (const width of [1_280, 390]) {
    const page = await context.newPage();
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => request.url().startsWith('file:') || complaints.push(request.url()));
    await page.setViewportSize({ width, height: 900 });
    for (const kind of kinds) {
      await page.goto(`file://${join(out, `${kind}.html`)}`);
      const seen = await page.evaluate<Readonly<Record<string, number>>>(SEEN);
      expect({ kind, ...seen }).toEqual({ kind, wide: 0, headings: 1, scripts: 0, unnamed: 0, bold: 0 });
    }
  }
  expect(complaints).toEqual([]);
});

test('a PDF is tagged, says its language and title, and knows no time but that of the newest record', async () => {
  const out = scratch();
  await reportFrom(trail, 'activity', { out, hours, format: ['pdf'] });
  const pdf = readFileSync(join(out, 'activity.pdf')).toString('latin1');
  expect(pdf.startsWith('%PDF-1.7')).toBe(true);
  for (const part of [
    '/StructTreeRoot',
    '/Lang (en-US)',
    '/DisplayDocTitle true',
    '/S /TH',
    '/S /H1',
    '/S /Figure',
  ])
    expect(pdf).toContain(part);
  const newest = records.at(-1)?.at.replace(/[-T:]/g, '').slice(0, 14) ?? '';
  expect([...pdf.matchAll(/\(D:(\d{14})Z\)/g)].map(([, when]) => when)).toEqual([newest]);
});

test('an accounting of a leap day begins on the last of February six years before', () => {
  expect(sixYearsBefore('2024-02-29')).toBe('2018-02-28');
  expect(sixYearsBefore('2025-07-04')).toBe('2019-07-04');
});

/** What a page shows of itself, as the browser finds it. */
const SEEN = `({
  wide: document.documentElement.scrollWidth - window.innerWidth,
  headings: document.querySelectorAll('h1').length,
  scripts: document.scripts.length,
  unnamed: document.querySelectorAll('.wide table:not(:has(caption)), svg:not([aria-labelledby])').length,
  bold: document.querySelectorAll('td b').length,
})`;

function copyBackwards(from: string, to: string): void {
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('.'));
  for (const file of files.sort().reverse()) {
    mkdirSync(join(to, file, '..'), { recursive: true });
    cpSync(join(from, file), join(to, file));
  }
}

function table(out: string, file: string): readonly Readonly<Record<string, string>>[] {
  return readCsv(join(out, file));
}

function column(out: string, file: string, name: string): string[] {
  return table(out, file)
    .map((row) => row[name] ?? '')
    .sort();
}

function scratch(): string {
  const made = mkdtempSync(join(tmpdir(), 'report-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
