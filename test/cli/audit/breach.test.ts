import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { byState } from '../../../cli/audit/breach/breach-report.ts';
import { dutiesOf } from '../../../cli/audit/breach/dates.ts';
import { type Compromised, exposureOf, ORGANISATION } from '../../../cli/audit/breach/exposure.ts';
import { assess, beginningOf, compromisedIn, endOf } from '../../../cli/audit/breach-command.ts';
import { readCsv } from '../../../cli/audit/export-files.ts';
import { Trail } from '../../../cli/audit/trail.ts';
import { AuditRecord } from '../../../functions/audit/record.ts';
import { clinicExport } from '../../fixtures/clinic-export.ts';

describe('in a clinic whose truth is known', async () => {
  const { directory, clinic, records } = await clinicExport();
  let trail: Trail;

  beforeAll(async () => {
    trail = await Trail.open(directory);
  });
  afterAll(() => trail.close());

  const window = { from: '2025-01-10T00:00:00.000Z', before: '2025-01-20T12:00:00.000Z' };
  const patients = new Set(clinic.cast.patient.map(({ person }) => person));

  test('a person’s patients are those of the conversations that they read, and at most of those they were in', async () => {
    for (const { person } of [
      clinic.snooper,
      clinic.nightReader,
      clinic.cast.clinician[0] ?? clinic.snooper,
    ]) {
      const found = await exposureOf(trail, { kind: 'person', id: person }, window);
      const opened = new Set(
        records
          .filter((one) => one.person === person && one.at >= window.from && one.at < window.before)
          .filter(({ outcome, operation }) => outcome === 'allowed' && reads.has(operation))
          .flatMap(({ object, opened: others = [] }) => [object, ...others]),
      );
      const could = new Set([...conversationsOf(person, window), ...opened]);
      const byRecord = found.affected.filter((one) => one.opened > 0).map((one) => one.person);
      expect(byRecord).toEqual(patientsIn(opened));
      expect(found.affected.map((one) => one.person)).toEqual(patientsIn(could));
    }
  });

  test('one sign-in opened what it read, and could open what its person could', async () => {
    const { session, person } = records.find(
      (one) => one.person === clinic.snooper.person && one.operation === 'sync' && one.at > window.from,
    ) ?? { session: '', person: '' };
    const one = await exposureOf(trail, { kind: 'session', id: session }, window);
    const all = await exposureOf(trail, { kind: 'person', id: person }, window);
    expect(one.people).toEqual([person]);
    expect(one.affected.map((each) => each.person)).toEqual(all.affected.map((each) => each.person));
    expect(one.opened.length).toBeLessThan(all.opened.length);
    expect(one.opened.length).toBeGreaterThan(0);
  });

  test('every key is every patient who was ever in a conversation, and one conversation’s key its own', async () => {
    const all = await exposureOf(trail, { kind: 'key', id: ORGANISATION }, window);
    expect(all.affected.map(({ person }) => person)).toEqual(
      patientsIn(new Set(joins(window.before).map(([object]) => object))),
    );
    expect(all.opened).toEqual([]);
    const { conversation = '' } = clinic.incidents.snooped[0] ?? {};
    const one = await exposureOf(trail, { kind: 'key', id: conversation }, window);
    expect(one.affected.map(({ person }) => person)).toEqual(patientsIn(new Set([conversation])));
  });

  test('a letter goes to each of them, with what 164.404(c) asks for and nothing of theirs', async () => {
    const out = scratch();
    const given = { out, from: window.from, to: window.before, discovered: '2025-03-01' };
    await assess(trail, { kind: 'person', id: clinic.snooper.person }, given);
    const told = readCsv(join(out, 'breach-patients.csv')).map((row) => row.Patient);
    expect(readdirSync(join(out, 'letters')).sort()).toEqual(
      told.flatMap((person) => [`${person}.pdf`, `${person}.txt`]).sort(),
    );
    expect(told.length).toBeGreaterThan(5);
    const letter = readFileSync(join(out, 'letters', `${told[0]}.txt`), 'utf8');
    for (const part of [
      'What happened',
      'What information was involved',
      'What you can do',
      'What we are doing',
      'Whom to ask',
      'toll-free',
      'discovered this on 2025-03-01',
      '2025-04-30',
    ])
      expect(letter).toContain(part);
    const again = scratch();
    await assess(trail, { kind: 'person', id: clinic.snooper.person }, { ...given, out: again });
    for (const file of readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.includes('.'),
    ))
      expect(readFileSync(join(again, file)).equals(readFileSync(join(out, file))), file).toBe(true);
  });

  function joins(before: string): [string, string][] {
    return records
      .filter(
        ({ at, outcome, operation }) =>
          at < before && outcome === 'allowed' && /^(conversation\.create|member\.add)$/.test(operation),
      )
      .flatMap(({ object, people = [] }) => people.map((person): [string, string] => [object, person]));
  }

  function conversationsOf(person: string, { from, before }: typeof window): string[] {
    const within = joins(before).filter(([, one]) => one === person);
    const gone = new Set(
      records
        .filter((one) => one.operation === 'member.remove' && one.people?.includes(person) && one.at <= from)
        .map(({ object }) => object),
    );
    return within.map(([object]) => object).filter((object) => !gone.has(object));
  }

  function patientsIn(conversations: ReadonlySet<string>): string[] {
    const found = joins(window.before).filter(
      ([object, person]) => conversations.has(object) && patients.has(person),
    );
    return [...new Set(found.map(([, person]) => person))].sort();
  }
});

const reads = new Set([
  'conversation.read',
  'conversation.catch-up',
  'sync',
  'attachment.download',
  'export.download',
]);

describe('at the edges of a window', () => {
  const [clinician, owner] = ['c', 'w'].map(id);
  const [early, late, gone, former] = ['e', 'l', 'g', 'f'].map(id);
  const conversations = ['2', '3', '4', '5'].map(id);
  const [joinedBefore = '', joinedAt = '', leftAt = '', leftAfter = ''] = conversations;
  const window = { from: '2024-03-01T00:00:00.000Z', before: '2024-03-02T00:00:00.000Z' };

  test('who joins at its end or was removed at its beginning is not in it; a millisecond inside is', async () => {
    const trail = await opened([
      created('2024-02-01T00:00:00.000Z', joinedBefore, [owner, early]),
      created('2024-02-01T00:00:00.000Z', joinedAt, [owner, late]),
      created('2024-02-01T00:00:00.000Z', leftAt, [owner, clinician, gone]),
      created('2024-02-01T00:00:00.000Z', leftAfter, [owner, clinician, former]),
      changed('2024-02-29T23:59:59.999Z', leftAt, 'member.remove', [gone]),
      changed('2024-03-01T00:00:00.000Z', leftAt, 'member.remove', [clinician]),
      changed('2024-03-01T00:00:00.001Z', leftAfter, 'member.remove', [clinician]),
      changed('2024-03-01T23:59:59.999Z', joinedBefore, 'member.add', [clinician]),
      changed('2024-03-02T00:00:00.000Z', joinedAt, 'member.add', [clinician]),
      read('2024-02-29T23:59:59.999Z', leftAt),
      read('2024-03-02T00:00:00.000Z', joinedAt),
      read('2024-03-01T00:00:00.000Z', leftAfter),
    ]);
    const found = await exposureOf(trail, { kind: 'person', id: clinician ?? '' }, window);
    expect(found.affected).toEqual([
      { person: early, opened: 0, openable: 1 },
      { person: former, opened: 1, openable: 1 },
    ]);
  });

  test('a month’s key has those who were members in that month', async () => {
    const trail = await opened([
      created('2024-01-31T23:59:59.999Z', joinedBefore, [owner, early, gone, late]),
      changed('2024-02-01T00:00:00.000Z', joinedBefore, 'member.remove', [gone]),
      changed('2024-02-29T23:59:59.999Z', joinedBefore, 'member.remove', [early]),
      changed('2024-03-01T00:00:00.000Z', joinedBefore, 'member.add', [former]),
    ]);
    const key: Compromised = { kind: 'key', id: joinedBefore, month: '2024-02' };
    const { affected } = await exposureOf(trail, key, { ...window, before: '2024-06-01T00:00:00.000Z' });
    expect(affected.map(({ person }) => person)).toEqual([early, late].sort());
  });

  async function opened(records: readonly AuditRecord[]): Promise<Trail> {
    const directory = scratch();
    for (const record of records) AuditRecord.parse(record);
    const place = join(directory, 'sealed', 'records', 'day=2024-02-01');
    mkdirSync(place, { recursive: true });
    const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
    writeFileSync(join(place, '000000000001.jsonl.gz'), gzipSync(lines));
    const people = [early, late, gone, former].map((person) => ({ person, roles: ['patient'] }));
    const workers = [clinician, owner].map((person) => ({ person, roles: ['clinician'] }));
    writeFileSync(
      join(directory, 'people.jsonl'),
      [...people, ...workers].map((one) => `${JSON.stringify(one)}\n`).join(''),
    );
    const trail = await Trail.open(directory);
    onTestFinished(() => trail.close());
    return trail;
  }

  let made = 0;
  const base = (at: string) => ({
    kind: 'decision' as const,
    id: numbered(++made),
    at,
    session: '-',
    sourceIp: '-',
    requestId: 'r',
    outcome: 'allowed' as const,
    purpose: 'treatment',
    rule: 'known-people',
  });
  const created = (at: string, object: string, people: (string | undefined)[]): AuditRecord => ({
    ...base(at),
    person: owner ?? '',
    operation: 'conversation.create',
    object,
    people: people.map(String),
  });
  const changed = (
    at: string,
    object: string,
    operation: string,
    people: (string | undefined)[],
  ): AuditRecord => ({ ...base(at), person: owner ?? '', operation, object, people: people.map(String) });
  const read = (at: string, object: string): AuditRecord => ({
    ...base(at),
    person: clinician ?? '',
    operation: 'conversation.read',
    object,
  });
});

describe('what is owed', () => {
  const by = (discovered: string, people: number, states: [string, number][] = []) =>
    dutiesOf(discovered, people, new Map(states)).map((one) => one.by);

  test.each([
    ['2025-01-15', 499, ['2025-03-16', 'not owed', '2026-03-01', '2025-03-16', '2031-03-16']],
    ['2025-01-15', 500, ['2025-03-16', 'not owed', '2025-03-16', '2025-03-16', '2031-03-16']],
    ['2023-12-31', 1, ['2024-02-29', 'not owed', '2024-02-29', '2024-02-29', '2030-03-01']], // 60 days, then a leap day
    ['2023-12-31', 499, ['2024-02-29', 'not owed', '2024-02-29', '2024-02-29', '2030-03-01']],
    ['2024-01-01', 499, ['2024-03-01', 'not owed', '2025-03-01', '2024-03-01', '2030-03-01']],
    ['2024-12-31', 1, ['2025-03-01', 'not owed', '2025-03-01', '2025-03-01', '2031-03-01']],
    ['2025-06-01', 0, ['not owed', 'not owed', 'not owed', '2025-07-31', '2031-07-31']],
  ])('discovered on %s, %i people', (discovered, people, days) => {
    expect(by(discovered, people)).toEqual(days);
  });

  test('media are told in a State with more than 500 residents, and not with 500', () => {
    expect(
      by('2025-01-15', 1_001, [
        ['Ohio', 501],
        ['Utah', 500],
      ])[1],
    ).toBe('2025-03-16');
    expect(
      dutiesOf(
        '2025-01-15',
        1_001,
        new Map([
          ['Ohio', 501],
          ['Utah', 500],
        ]),
      )[1]?.duty,
    ).toBe('Tell prominent media of Ohio');
    expect(
      by('2025-01-15', 1_000, [
        ['Ohio', 500],
        ['Utah', 500],
      ])[1],
    ).toBe('not owed');
  });

  test('people are counted by State, and those whose State is not known by themselves', () => {
    const affected = Array.from({ length: 1_003 }, (_, place) => ({
      person: `p${place}`,
      opened: place % 2,
      openable: 1,
    }));
    const exposure = {
      people: [],
      affected,
      opened: [],
      openable: new Set<string>(),
      addresses: [],
      ended: [],
      messages: 0,
    };
    const residence = new Map(
      affected.slice(0, 1_001).map(({ person }, place) => [person, place < 501 ? 'OH' : 'UT']),
    );
    expect(byState({ exposure, residence })).toEqual([
      { state: 'OH', at_most: 501, by_record: 250, media: 'yes' },
      { state: 'UT', at_most: 500, by_record: 250, media: 'no' },
      { state: 'not known', at_most: 2, by_record: 1, media: 'no' },
    ]);
  });
});

test('a window of days holds its last day, and what is compromised is one thing', () => {
  expect([beginningOf('2024-02-28'), endOf('2024-02-28')]).toEqual([
    '2024-02-28T00:00:00.000Z',
    '2024-02-29T00:00:00.000Z',
  ]);
  expect(endOf('2024-12-31')).toBe('2025-01-01T00:00:00.000Z');
  expect(endOf('2024-12-31T10:00Z')).toBe('2024-12-31T10:00:00.000Z');
  expect(() => endOf('2024-12-31T10:00+02:00')).toThrow('a time in UTC');
  expect(() => endOf('2025-02-29')).toThrow('a day is written');
  expect(compromisedIn({})).toBeUndefined();
  expect(compromisedIn({ role: 'bot', person: id('a') })).toBeUndefined();
  expect(compromisedIn({ key: `${id('a')}/2024-13` })).toBeUndefined();
  expect(compromisedIn({ key: `${id('a')}/2024-02` })).toEqual({
    kind: 'key',
    id: id('a'),
    month: '2024-02',
  });
});

function id(letter: string): string {
  return letter.repeat(26);
}

function numbered(number: number): string {
  return String(number)
    .replace(/[0189]/g, (digit) => 'abcd'['0189'.indexOf(digit)] ?? 'a')
    .padStart(26, 'z');
}

function scratch(): string {
  const made = mkdtempSync(join(tmpdir(), 'breach-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
