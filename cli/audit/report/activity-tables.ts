import type { Row } from '../trail.ts';
import type { Asked } from './asked.ts';
import { allOf, type Rows, type Section } from './model.ts';

/** Bars of one chart, at most. */
const TOP = 15;

export function justJoined(rows: Rows, asked: Asked): Section {
  return {
    slug: 'just-joined',
    heading: 'Read what they had just joined, and left',
    says: [
      'Who was added to conversations, read them within the hour, wrote nothing there and was gone within a day.',
    ],
    chart: bars(asked, 'Conversations joined, read and left', 'conversations', rows.first, 'conversations'),
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

export function household(rows: readonly Row[], isGiven: boolean): Section {
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

export function denied(rows: Rows, asked: Asked): Section {
  const worst = rows.first.slice(0, TOP);
  return {
    slug: 'refused',
    heading: 'Refused',
    says: [
      'By person, operation and reason, with the most of it within one hour: many at once are somebody who tries.',
    ],
    chart: bars(asked, 'Most refusals within an hour', 'refusals', worst, 'most_in_an_hour', 'code'),
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

export function outside(rows: Rows, asked: Asked, opens: string, closes: string): Section {
  return {
    slug: 'after-hours',
    heading: `Read outside ${opens} to ${closes} o’clock`,
    says: [
      'By the clinic’s clock, weekends included. Those who read before five in the morning come first: compare them with the shifts.',
    ],
    chart: bars(asked, 'Reads before five in the morning', 'reads', rows.first.slice(0, TOP), 'before_five'),
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

export function byHour(rows: Rows): Section {
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

export function topReaders(rows: Rows, asked: Asked): Section {
  return {
    slug: 'readers',
    heading: 'Who read most',
    says: ['Compare those of one role and department with each other.'],
    chart: bars(asked, 'Reads, those who read most', 'reads', rows.first, 'was_read'),
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

export function silentReaders(rows: Rows): Section {
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

export function officeChanges(rows: Rows): Section {
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
  { names }: Asked,
  title: string,
  unit: string,
  rows: readonly Row[],
  of: string,
  also?: string,
): NonNullable<Section['chart']> {
  return {
    ...{ title, unit, lies: 'across', series: [unit] },
    bars: rows.slice(0, TOP).map((row) => ({
      label: `${names.shortly(String(row.person))}${also ? ` ${row[also]}` : ''}`,
      parts: [Number(row[of])],
    })),
  };
}

export function tampering(rows: Rows): Section {
  return {
    slug: 'tampering',
    heading: 'Records that somebody changed in the table',
    says: [
      'What is sealed stays as it was; what waited to be sealed, or stands beside it, was touched past the application.',
    ],
    columns: [
      { of: 'moment', label: 'When (UTC)', kind: 'time' },
      { of: 'change', label: 'What', kind: 'text' },
      { of: 'record', label: 'Record', kind: 'id' },
      { of: 'person', label: 'Whose', kind: 'person' },
      { of: 'id', label: 'Told by', kind: 'id' },
    ],
    rows,
    empty: 'Nobody did, as far as the table’s own stream told.',
  };
}
