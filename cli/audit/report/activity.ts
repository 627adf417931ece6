import type { Row } from '../trail.ts';
import { type Asked, type Findings, rowsOf } from './asked.ts';
import { allOf, type Rows, type Section } from './model.ts';
import { counted } from './wording.ts';

const TOP = 15;
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
  const relatives = await householdLooks(asked);
  const probing = refused.first.filter((row) => Number(row.most_in_an_hour) >= MANY_REFUSALS);
  const snooping = joined.first.filter((row) => Number(row.conversations) >= 3);
  return {
    title: 'Activity review',
    question: 'Did anybody do in these days what must be looked into?',
    answers: [
      ...looked(snooping, 'joined, read and left several conversations without a word', asked),
      ...looked(probing, `was refused ${MANY_REFUSALS} times or more within an hour`, asked),
      ...looked(relatives, 'read of a patient of their own household', asked),
      ...(snooping.length + probing.length + relatives.length === 0
        ? ['Nothing stands out by the rules of this review: the tables show what it looked at.']
        : []),
      `${counted(afterHours.total, 'person', 'people')} read outside ${opens} to ${closes} o’clock or on a weekend; offices made ${counted(changes.total, 'change', 'changes')} or asked for them.`,
    ],
    sections: [
      justJoined(joined),
      household(relatives, asked.households.size > 0),
      denied(refused),
      outside(afterHours, opens, closes),
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
  for await (const row of trail.each('breach-members', { before: '9999' })) {
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

function justJoined(rows: Rows): Section {
  return {
    slug: 'just-joined',
    heading: 'Read what they had just joined, and left',
    says: [
      'Who was added to conversations, read them within the hour, wrote nothing there and was gone within a day.',
    ],
    chart: bars('Conversations joined, read and left', 'conversations', rows.first, 'conversations'),
    columns: [
      { of: 'person', label: 'Who', kind: 'person' },
      { of: 'conversations', label: 'Conversations', kind: 'count' },
      { of: 'first_at', label: 'First (UTC)', kind: 'time' },
      { of: 'last_at', label: 'Last (UTC)', kind: 'time' },
    ],
    rows,
    empty: 'Nobody did.',
  };
}

function household(rows: readonly Row[], isGiven: boolean): Section {
  return {
    slug: 'household',
    heading: 'Looked at somebody of their own household',
    says: [
      'Who lives together is no part of the trail: it comes from a list that whoever asks gives with --households.',
    ],
    columns: [
      { of: 'person', label: 'Who', kind: 'person' },
      { of: 'patient', label: 'Patient', kind: 'person' },
      { of: 'conversation', label: 'Conversation', kind: 'id' },
      { of: 'was_read', label: 'Reads', kind: 'count' },
      { of: 'first_at', label: 'First (UTC)', kind: 'time' },
      { of: 'last_at', label: 'Last (UTC)', kind: 'time' },
    ],
    rows: allOf(rows),
    empty: isGiven ? 'Nobody did.' : 'No list of households was given, so nothing was compared.',
  };
}

function denied(rows: Rows): Section {
  const worst = rows.first.slice(0, TOP);
  return {
    slug: 'refused',
    heading: 'Refused',
    says: [
      'By person, operation and reason, with the most of it within one hour: many at once are somebody who tries.',
    ],
    chart: bars('Most refusals within an hour', 'refusals', worst, 'most_in_an_hour', 'code'),
    columns: [
      { of: 'person', label: 'Who', kind: 'person' },
      { of: 'operation', label: 'Tried', kind: 'text' },
      { of: 'code', label: 'Refused as', kind: 'text' },
      { of: 'refused', label: 'Times', kind: 'count' },
      { of: 'most_in_an_hour', label: 'Most in an hour', kind: 'count' },
      { of: 'first_at', label: 'First (UTC)', kind: 'time' },
      { of: 'last_at', label: 'Last (UTC)', kind: 'time' },
    ],
    rows,
    empty: 'Nothing was refused.',
  };
}

function outside(rows: Rows, opens: string, closes: string): Section {
  return {
    slug: 'after-hours',
    heading: `Read outside ${opens} to ${closes} o’clock`,
    says: [
      'By the clinic’s clock, weekends included. Those who read before five in the morning come first: compare them with the shifts.',
    ],
    chart: bars('Reads before five in the morning', 'reads', rows.first.slice(0, TOP), 'before_five'),
    columns: [
      { of: 'person', label: 'Who', kind: 'person' },
      { of: 'was_read', label: 'Reads', kind: 'count' },
      { of: 'before_five', label: 'Before 5', kind: 'count' },
      { of: 'conversations', label: 'Conversations', kind: 'count' },
      { of: 'days', label: 'Days', kind: 'count' },
      { of: 'first_at', label: 'First (UTC)', kind: 'time' },
      { of: 'last_at', label: 'Last (UTC)', kind: 'time' },
    ],
    rows,
    empty: 'Nobody read outside these hours.',
  };
}

function byHour(rows: Rows): Section {
  return {
    slug: 'hours',
    heading: 'Reads by the hour of the day',
    says: [],
    chart: {
      title: 'Reads by the hour of the day, by the clinic’s clock',
      unit: 'reads',
      lies: 'upright',
      series: ['on weekdays', 'on weekends'],
      bars: rows.first.map((row) => ({
        label: `${row.local_hour}:00`,
        parts: [Number(row.on_weekdays), Number(row.on_weekends)],
      })),
    },
    columns: [
      { of: 'local_hour', label: 'Hour', kind: 'count' },
      { of: 'on_weekdays', label: 'On weekdays', kind: 'count' },
      { of: 'on_weekends', label: 'On weekends', kind: 'count' },
    ],
    rows,
    empty: 'Nobody read anything.',
  };
}

function topReaders(rows: Rows, { names }: Asked): Section {
  return {
    slug: 'readers',
    heading: 'Who read most',
    says: ['Compare those of one role and department with each other.'],
    chart: {
      ...bars('Reads, those who read most', 'reads', rows.first.slice(0, TOP), 'was_read'),
      bars: rows.first.slice(0, TOP).map((row) => ({
        label: names.shortly(String(row.person)),
        parts: [Number(row.was_read)],
      })),
    },
    columns: [
      { of: 'person', label: 'Who', kind: 'person' },
      { of: 'was_read', label: 'Reads', kind: 'count' },
      { of: 'conversations', label: 'Conversations', kind: 'count' },
      { of: 'days', label: 'Days', kind: 'count' },
      { of: 'addresses', label: 'Addresses', kind: 'count' },
    ],
    rows,
    empty: 'Nobody read anything.',
  };
}

function silentReaders(rows: Rows): Section {
  return {
    slug: 'silent-readers',
    heading: 'Read again and again, and never wrote',
    says: ['One row for each person and conversation.'],
    columns: [
      { of: 'person', label: 'Who', kind: 'person' },
      { of: 'conversation', label: 'Conversation', kind: 'id' },
      { of: 'was_read', label: 'Reads', kind: 'count' },
      { of: 'days', label: 'Days', kind: 'count' },
      { of: 'first_at', label: 'First (UTC)', kind: 'time' },
      { of: 'last_at', label: 'Last (UTC)', kind: 'time' },
    ],
    rows,
    empty: 'Everybody who reads a conversation writes in it.',
  };
}

function officeChanges(rows: Rows): Section {
  return {
    slug: 'changes',
    heading: 'What offices did',
    says: [
      'Acts of administrators and privacy officers on people, rights, holds, retention, and what leaves the clinic.',
    ],
    columns: [
      { of: 'moment', label: 'When (UTC)', kind: 'time' },
      { of: 'person', label: 'Who', kind: 'person' },
      { of: 'operation', label: 'Did', kind: 'text' },
      { of: 'object', label: 'To whom or what', kind: 'id' },
      { of: 'outcome', label: 'Allowed?', kind: 'text' },
      { of: 'code', label: 'Refused as', kind: 'text' },
      { of: 'id', label: 'Record', kind: 'id' },
    ],
    rows,
    empty: 'Offices did nothing.',
  };
}

function bars(
  title: string,
  unit: string,
  rows: readonly Row[],
  of: string,
  also?: string,
): NonNullable<Section['chart']> {
  return {
    ...{ title, unit, lies: 'across', series: [unit] },
    bars: rows.slice(0, TOP).map((row) => ({
      label: `${String(row.person).slice(0, 10)}…${also ? ` ${row[also]}` : ''}`,
      parts: [Number(row[of])],
    })),
  };
}
