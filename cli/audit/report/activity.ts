import type { Row } from '../trail.ts';
import {
  byHour,
  denied,
  household,
  justJoined,
  officeChanges,
  outside,
  silentReaders,
  tampering,
  topReaders,
} from './activity-tables.ts';
import { type Asked, type Findings, rowsOf } from './asked.ts';
import { counted } from './wording.ts';

/** Refusals within an hour from which on somebody is to be asked. */
const MANY_REFUSALS = 10;

/** The review of activity that 45 CFR 164.308(a)(1)(ii)(D) asks for; whoever reads it signs it. */
export async function activity(asked: Asked): Promise<Findings> {
  const opens = String(asked.hours.opens);
  const closes = String(asked.hours.closes);
  const [readers, hours, afterHours, refused, joined, silent, changes] = [
    await rowsOf(asked, 'activity-readers'),
    await rowsOf(asked, 'activity-hours'),
    await rowsOf(asked, 'activity-after-hours', { opens, closes }),
    await rowsOf(asked, 'activity-refused'),
    await rowsOf(asked, 'activity-just-joined'),
    await rowsOf(asked, 'activity-silent-readers'),
    await rowsOf(asked, 'activity-changes'),
  ];
  const tampered = await rowsOf(asked, 'activity-tampering');
  const relatives = await householdLooks(asked);
  const probing = refused.first.filter((row) => Number(row.most_in_an_hour) >= MANY_REFUSALS);
  const snooping = joined.first.filter((row) => Number(row.conversations) >= 3);
  return {
    title: 'Activity review',
    question: 'Did anybody do in these days what must be looked into?',
    answers: [
      ...(tampered.total === 0
        ? []
        : [
            `${counted(tampered.total, 'record was', 'records were')} changed or taken away in the table itself: see the first table.`,
          ]),
      ...looked(snooping, 'joined, read and left several conversations without a word', asked),
      ...looked(probing, `was refused ${MANY_REFUSALS} times or more within an hour`, asked),
      ...looked(relatives, 'read of a patient of their own household', asked),
      ...(snooping.length + probing.length + relatives.length + tampered.total === 0
        ? ['Nothing stands out by the rules of this review: the tables show what it looked at.']
        : []),
      `${counted(afterHours.total, 'person', 'people')} read outside ${opens} to ${closes} o’clock or on a weekend; offices made ${counted(changes.total, 'change', 'changes')} or asked for them.`,
    ],
    sections: [
      tampering(tampered),
      justJoined(joined, asked),
      household(relatives, asked.households.size > 0),
      denied(refused, asked),
      outside(afterHours, asked, opens, closes),
      byHour(hours),
      topReaders(readers, asked),
      silentReaders(silent),
      officeChanges(changes),
    ],
    limits: [
      'What is unusual is a question, not a finding: shifts and duties explain much of it.',
      'Failed sign-ins are known to Cognito alone; they stand in CloudTrail, which the export holds beside the trail.',
    ],
    signed: true,
  };
}

function looked(rows: readonly Row[], what: string, { names }: Asked): string[] {
  if (rows.length === 0) return [];
  const people = [...new Set(rows.map(({ person }) => String(person)))];
  const shown = people.slice(0, 3).map((person) => names.shortly(person));
  const more = people.length > shown.length ? ` and ${people.length - shown.length} more` : '';
  return [`To look into: ${shown.join(', ')}${more} ${what}.`];
}

/** Reads of those who share a household with a patient who is, or was, in the conversation. */
async function householdLooks({ trail, households, from, to, names }: Asked): Promise<Row[]> {
  if (households.size === 0) return [];
  const patients = new Map<string, string[]>();
  for await (const row of trail.each('breach-members', { before: '9999', since: '' })) {
    const person = String(row.person);
    if (!names.has(person, 'patient') || !households.has(person)) continue;
    patients.set(String(row.conversation), [...(patients.get(String(row.conversation)) ?? []), person]);
  }
  const found: Row[] = [];
  for await (const row of trail.each('activity-pairs', { from, to })) {
    const home = households.get(String(row.person));
    const patient = patients
      .get(String(row.conversation))
      ?.find((one) => one !== row.person && households.get(one) === home);
    if (home !== undefined && patient) found.push({ ...row, patient });
  }
  return found;
}
