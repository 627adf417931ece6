import { ANY, type Asked, type Findings, rowsOf } from './asked.ts';
import { counted } from './wording.ts';

const ACCOUNTED = 'accounted for';

/** The accounting of disclosures that a patient may ask for: 45 CFR 164.528. */
export async function disclosures(asked: Asked): Promise<Findings> {
  const patient = asked.patient ?? ANY;
  const list = await rowsOf(asked, 'disclosures', { patient });
  const purposes = await rowsOf(asked, 'disclosure-purposes', { patient });
  const leftOut = purposes.first.filter(({ left_out_by }) => left_out_by !== null);
  const records = leftOut.reduce((sum, row) => sum + Number(row.records), 0);
  const whose = asked.patient ? 'of this patient' : 'of any patient';
  return {
    title: 'Accounting of disclosures',
    question: `What was disclosed ${whose}, to whom, and for what, that 45 CFR 164.528 asks to be told?`,
    answers: [
      list.total === 0
        ? `Nothing ${whose} was disclosed in these days for a purpose that must be accounted for, as far as this trail knows.`
        : `${counted(list.total, 'disclosure', 'disclosures')} ${whose} must be accounted for.`,
      `${counted(records, 'other access is', 'other accesses are')} left out by their purpose: the second table says which rule lets each.`,
      'What left the organisation by other ways than this application (paper, telephone, other systems) must be added by hand.',
    ],
    sections: [
      {
        slug: 'accounted',
        heading: 'Disclosures to be accounted for',
        says: [
          'Each with its date, what was disclosed and its purpose, as 164.528(b)(2) asks. The recipient’s name and address are no part of the trail: fill them in from the request.',
        ],
        columns: [
          { of: 'moment', label: 'Date (UTC)', kind: 'time' },
          { of: 'person', label: 'Disclosed by', kind: 'person' },
          { of: 'operation', label: 'How', kind: 'text' },
          { of: 'object', label: 'What', kind: 'id' },
          { of: 'purpose', label: 'Purpose', kind: 'text' },
          { of: 'recipient', label: 'Recipient, address', kind: 'text' },
          { of: 'id', label: 'Record', kind: 'id' },
        ],
        rows: list,
        empty: 'There is nothing to account for in these days.',
      },
      {
        slug: 'purposes',
        heading: 'Every purpose, and whether it is left out',
        says: ['A purpose that no rule is known for is accounted for: doubt goes to the patient.'],
        chart: {
          title: 'Accesses by purpose',
          unit: 'accesses',
          lies: 'across',
          series: ['accesses'],
          bars: purposes.first.map((row) => ({ label: String(row.purpose), parts: [Number(row.records)] })),
        },
        columns: [
          { of: 'purpose', label: 'Purpose', kind: 'text' },
          { of: 'said', label: 'Left out by', kind: 'text' },
          { of: 'records', label: 'Accesses', kind: 'count' },
          { of: 'people', label: 'People', kind: 'count' },
          { of: 'first_at', label: 'First (UTC)', kind: 'time' },
          { of: 'last_at', label: 'Last (UTC)', kind: 'time' },
        ],
        rows: withSaid(purposes),
        empty: 'Nothing was accessed in these days.',
      },
    ],
    limits: [
      'A patient may ask for the six years before the day of asking; an accounting is due within 60 days of it (164.528(c)(1)).',
      'Accesses by guests and machines that are members stand under the purpose that they stated.',
    ],
  };
}

function withSaid(rows: Awaited<ReturnType<typeof rowsOf>>) {
  const first = rows.first.map((row) => ({ ...row, said: row.left_out_by ?? ACCOUNTED }));
  return { first, total: rows.total, each: () => first };
}
