import { type Asked, type Findings, rowsOf } from './asked.ts';
import { allOf } from './model.ts';
import { counted } from './wording.ts';

/** Who may still do what, looked at each quarter: 45 CFR 164.308(a)(4)(ii)(C), 164.308(a)(3)(ii)(C). */
export async function recertification(asked: Asked): Promise<Findings> {
  const quarters = await rowsOf(asked, 'recertification-quarters');
  const list = await rowsOf(asked, 'recertification');
  const certified = new Set<unknown>();
  for await (const row of list.each()) certified.add(row.certified);
  const workers = [...asked.trail.people.values()].filter(
    ({ roles, status }) => status !== 'disabled' && roles.some((role) => working.includes(role)),
  );
  const missing = workers
    .filter(({ person }) => !certified.has(person))
    .map(({ person, since = null }) => ({ person, since }))
    .sort((one, other) => (one.person < other.person ? -1 : 1));
  return {
    title: 'Access recertification',
    question: 'Was everybody’s access looked at, by whom, and who was left out?',
    answers: [
      quarters.total === 0
        ? 'No quarter’s access was recertified in these days.'
        : `${counted(quarters.total, 'quarter was', 'quarters were')} recertified: ${quarters.first.map((row) => `${row.quarter} with ${counted(Number(row.signed_off), 'person', 'people')}`).join(', ')}.`,
      missing.length === 0
        ? 'Everybody who works here was signed off at least once.'
        : `${counted(missing.length, 'person who works here was', 'people who work here were')} never signed off in these days.`,
    ],
    sections: [
      {
        slug: 'quarters',
        heading: 'By quarter',
        says: ['By the day of the act: a list that was signed after its quarter stands in the next one.'],
        chart: {
          title: 'People signed off, by quarter',
          unit: 'people',
          lies: 'across',
          series: ['people'],
          bars: quarters.first.map((row) => ({
            label: String(row.quarter),
            parts: [Number(row.signed_off)],
          })),
        },
        columns: [
          { of: 'quarter', label: 'Quarter', kind: 'text' },
          { of: 'opened_at', label: 'Opened (UTC)', kind: 'time' },
          { of: 'signed_off', label: 'Signed off', kind: 'count' },
          { of: 'signers', label: 'Signers', kind: 'count' },
          { of: 'last_at', label: 'Last (UTC)', kind: 'time' },
        ],
        rows: quarters,
        empty: 'No list was opened.',
      },
      {
        slug: 'left-out',
        heading: 'Never signed off',
        says: ['Everybody who works here today and was signed off on none of these days.'],
        columns: [
          { of: 'person', label: 'Who', kind: 'person' },
          { of: 'since', label: 'Here since (UTC)', kind: 'time' },
        ],
        rows: allOf(missing),
        empty: 'Nobody was left out.',
      },
      {
        slug: 'list',
        heading: 'Every sign-off',
        says: [],
        columns: [
          { of: 'moment', label: 'When (UTC)', kind: 'time' },
          { of: 'certified', label: 'Whose access', kind: 'person' },
          { of: 'signer', label: 'Signed by', kind: 'person' },
          { of: 'disabled_that_day', label: 'Disabled that day', kind: 'count' },
          { of: 'id', label: 'Record', kind: 'id' },
        ],
        rows: list,
        empty: 'Nobody was signed off.',
      },
    ],
    limits: [
      'Whether somebody keeps their access or was removed stands in the quarter’s list, which the application shows; the trail says that they were signed off.',
    ],
  };
}

const working = ['clinician', 'staff', 'administrator', 'privacy-officer', 'auditor', 'bot'];
