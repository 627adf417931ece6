import type { Row } from '../trail.ts';
import { ANY, type Asked, type Findings, rowsOf } from './asked.ts';
import type { Chart, Column, Section } from './model.ts';
import { allOf } from './model.ts';
import { count, counted, duration } from './wording.ts';

/** Who saw this patient's, person's or conversation's messages, when, for what, and was it allowed. */
export async function accesses(asked: Asked): Promise<Findings> {
  const { patient, person, conversation } = asked;
  const about = { person: person ?? ANY, conversation: conversation ?? ANY, patient: patient ?? ANY };
  const people = await rowsOf(asked, 'access-people', about);
  const days = await rowsOf(asked, 'access-days', about);
  const list = await rowsOf(asked, 'accesses', about);
  const members = await rowsOf(asked, 'access-members', about);
  const sessions = person
    ? await rowsOf(asked, 'sign-ins', { person })
    : await rowsOf(asked, 'access-sessions', { people: await whoIsIn(people, asked) });
  return {
    title: patient ? 'Accesses to one patient’s messages' : person ? 'Accesses by one person' : 'Accesses',
    question: `Who saw ${patient ? 'this patient’s messages' : person ? 'what, as this person,' : 'messages'}, when, why, and was it allowed?`,
    answers: await answersOf(asked, about),
    sections: [
      bySomebody(people),
      byDay(days),
      {
        slug: 'list',
        heading: 'Every access',
        says: [
          'One row for each record and conversation. A record can be shown by itself, without the others, with "wardline audit prove".',
        ],
        columns: listColumns,
        rows: list,
        empty: 'Nothing was accessed, and nothing was tried.',
      },
      ...(person ? [] : [membersOf(members)]),
      person ? signIns(sessions) : signInLengths(sessions),
    ],
    limits: [
      'A message that was pushed to an open device leaves no record of a read. Being a member is the bound of it: at most these may have seen it.',
      'A sign-in is counted from its first record to its last; a person may have been gone before it ended.',
    ],
  };
}

/** Those whose sign-ins matter here, as the query takes them. */
async function whoIsIn(people: Section['rows'], { patient, conversation }: Asked): Promise<string> {
  if (patient === undefined && conversation === undefined) return ANY;
  const ids: string[] = [];
  for await (const { person } of people.each()) ids.push(String(person));
  return ids.join(',') || '-';
}

const listColumns: readonly Column[] = [
  { of: 'moment', label: 'When (UTC)', kind: 'time' },
  { of: 'person', label: 'Who', kind: 'person' },
  { of: 'operation', label: 'Did', kind: 'text' },
  { of: 'conversation', label: 'Conversation', kind: 'id' },
  { of: 'purpose', label: 'For', kind: 'text' },
  { of: 'rule', label: 'By the rule', kind: 'text' },
  { of: 'answer', label: 'Allowed?', kind: 'text' },
  { of: 'source_ip', label: 'From', kind: 'text' },
  { of: 'id', label: 'Record', kind: 'id' },
];

async function answersOf(asked: Asked, about: Record<string, string>): Promise<string[]> {
  const totals = { people: 0, others: 0, reads: 0, writes: 0, refused: 0, refusedPeople: 0, emergencies: 0 };
  for await (const row of asked.trail.each('access-people', { from: asked.from, to: asked.to, ...about })) {
    if (row.person === asked.patient) continue;
    const { was_read, was_written, refused, emergencies } = numbers(row);
    if (was_read + was_written > 0) totals.people += 1;
    else totals.others += 1;
    totals.reads += was_read;
    totals.writes += was_written;
    totals.refused += refused;
    totals.refusedPeople += refused > 0 ? 1 : 0;
    totals.emergencies += emergencies;
  }
  const members = new Set<unknown>();
  for await (const row of asked.trail.each('access-members', { from: asked.from, to: asked.to, ...about }))
    if (row.person !== asked.patient) members.add(row.person);
  const who = asked.patient ? 'besides the patient' : 'in all';
  return [
    asked.person
      ? `This person read ${counted(totals.reads, 'time', 'times')} and wrote ${counted(totals.writes, 'time', 'times')}.`
      : `${counted(totals.people, 'person', 'people')} ${who} read or wrote: ${counted(totals.reads, 'read', 'reads')} and ${counted(totals.writes, 'message or file', 'messages and files')}, by record.${totals.others > 0 ? ` ${counted(totals.others, 'other person', 'other people')} changed something about a conversation, or tried to.` : ''}`,
    totals.refused === 0
      ? 'Nobody was refused.'
      : `${counted(totals.refused, 'request was', 'requests were')} refused${asked.person ? '' : `, of ${counted(totals.refusedPeople, 'person', 'people')}`}: they saw nothing by it.`,
    totals.emergencies === 0
      ? 'Nothing was opened for an emergency.'
      : `${counted(totals.emergencies, 'access was', 'accesses were')} for an emergency, past membership.`,
    ...(asked.person
      ? []
      : [
          `At most ${counted(members.size, 'person', 'people')} ${who} could see messages as they came: those who were members meanwhile.`,
        ]),
  ];
}

function bySomebody(rows: Section['rows']): Section {
  return {
    slug: 'people',
    heading: 'By person',
    says: [
      'Reads are histories, catching up, synchronising and downloads; each counts once for each conversation.',
    ],
    columns: [
      { of: 'person', label: 'Who', kind: 'person' },
      { of: 'conversations', label: 'Conversations', kind: 'count' },
      { of: 'was_read', label: 'Reads', kind: 'count' },
      { of: 'was_written', label: 'Written', kind: 'count' },
      { of: 'other', label: 'Other', kind: 'count' },
      { of: 'emergencies', label: 'Emergency', kind: 'count' },
      { of: 'refused', label: 'Refused', kind: 'count' },
      { of: 'first_at', label: 'First (UTC)', kind: 'time' },
      { of: 'last_at', label: 'Last (UTC)', kind: 'time' },
    ],
    rows,
    empty: 'Nobody accessed anything.',
  };
}

/** By day, or by month where that is more than a line holds. */
function byDay(rows: Section['rows']): Section {
  const isLong = rows.total > 62;
  const buckets = new Map<string, { was_read: number; was_written: number; refused: number }>();
  for (const row of rows.first) {
    const bucket = String(row.day).slice(0, isLong ? 7 : 10);
    const { was_read, was_written, refused } = numbers(row);
    const before = buckets.get(bucket) ?? { was_read: 0, was_written: 0, refused: 0 };
    buckets.set(bucket, {
      was_read: before.was_read + was_read,
      was_written: before.was_written + was_written,
      refused: before.refused + refused,
    });
  }
  for (const day of daysBetween(rows)) {
    const bucket = day.slice(0, isLong ? 7 : 10);
    if (!buckets.has(bucket)) buckets.set(bucket, { was_read: 0, was_written: 0, refused: 0 });
  }
  const lines = [...buckets]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([when, counts]) => ({ when, ...counts }));
  const chart: Chart = {
    title: `Accesses by ${isLong ? 'month' : 'day'}`,
    unit: 'accesses',
    lies: 'upright',
    series: ['reads', 'written', 'refused'],
    bars: lines.map(({ when, was_read, was_written, refused }) => ({
      label: isLong ? when : when.slice(5),
      parts: [was_read, was_written, refused],
    })),
  };
  return {
    slug: 'over-time',
    heading: isLong ? 'By month' : 'By day',
    says: [],
    chart,
    columns: [
      { of: 'when', label: isLong ? 'Month' : 'Day', kind: 'text' },
      { of: 'was_read', label: 'Reads', kind: 'count' },
      { of: 'was_written', label: 'Written', kind: 'count' },
      { of: 'refused', label: 'Refused', kind: 'count' },
    ],
    rows: allOf(lines),
    empty: 'There is no day with an access.',
  };
}

/** Also those on which nothing happened: a chart that leaves them out would lie. */
function daysBetween({ first }: Section['rows']): string[] {
  const [from, to] = [first[0]?.day, first.at(-1)?.day].map((day) => Date.parse(`${day}T00:00:00Z`));
  const days: string[] = [];
  for (let day = from ?? 0; day <= (to ?? -1); day += 86_400_000)
    days.push(new Date(day).toISOString().slice(0, 10));
  return days;
}

function membersOf(rows: Section['rows']): Section {
  return {
    slug: 'members',
    heading: 'Who was a member meanwhile: at most these',
    says: [
      'Messages are pushed to the open devices of members, and no record says which of them looked. Whoever is not here could see none as it came.',
    ],
    columns: [
      { of: 'conversation', label: 'Conversation', kind: 'id' },
      { of: 'person', label: 'Member', kind: 'person' },
      { of: 'since', label: 'Since (UTC)', kind: 'time' },
      { of: 'until', label: 'Until (UTC)', kind: 'time' },
    ],
    rows,
    empty: 'Nobody was a member.',
  };
}

function signInLengths(rows: Section['rows']): Section {
  return {
    slug: 'sign-ins',
    heading: 'How long people were signed in',
    says: ['Of everybody in the first table, in the days asked for, whatever they looked at.'],
    columns: [
      { of: 'person', label: 'Who', kind: 'person' },
      { of: 'sign_ins', label: 'Sign-ins', kind: 'count' },
      { of: 'seconds', label: 'In all', kind: 'seconds' },
      { of: 'longest_seconds', label: 'Longest', kind: 'seconds' },
      { of: 'first_at', label: 'First (UTC)', kind: 'time' },
      { of: 'last_at', label: 'Last (UTC)', kind: 'time' },
    ],
    rows,
    empty: 'Nobody signed in.',
  };
}

function signIns(rows: Section['rows']): Section {
  const longest = Math.max(0, ...rows.first.map(({ seconds }) => Number(seconds)));
  return {
    slug: 'sign-ins',
    heading: 'Sign-ins of this person',
    says: [`The longest of those shown took ${duration(longest)}. There were ${count(rows.total)}.`],
    columns: [
      { of: 'began', label: 'Began (UTC)', kind: 'time' },
      { of: 'ended', label: 'Ended (UTC)', kind: 'time' },
      { of: 'seconds', label: 'Length', kind: 'seconds' },
      { of: 'records', label: 'Records', kind: 'count' },
      { of: 'source_ip', label: 'From', kind: 'text' },
      { of: 'session', label: 'Sign-in', kind: 'text' },
    ],
    rows,
    empty: 'This person did not sign in.',
  };
}

function numbers(row: Row) {
  const { was_read, was_written, refused, emergencies } = row;
  return {
    was_read: Number(was_read),
    was_written: Number(was_written),
    refused: Number(refused),
    emergencies: Number(emergencies),
  };
}
