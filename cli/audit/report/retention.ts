import { type Asked, type Findings, rowsOf } from './asked.ts';
import { allOf } from './model.ts';
import { count, counted } from './wording.ts';

const DAY_MS = 86_400_000;

/** What is kept, what is held, and what was destroyed by whom: 45 CFR 164.316(b)(2)(i), 164.310(d)(2)(i). */
export async function retention(asked: Asked): Promise<Findings> {
  const { to, retentionDays: days } = asked;
  const until =
    days === undefined ? '' : new Date(Date.parse(`${to}T00:00:00Z`) - days * DAY_MS).toISOString();
  const [destroyed, holds, acts, expired] = [
    await rowsOf(asked, 'retention-destroyed'),
    await rowsOf(asked, 'retention-holds'),
    await rowsOf(asked, 'retention-acts'),
    days === undefined ? allOf([]) : await rowsOf(asked, 'retention-expired', { day: until.slice(0, 10) }),
  ];
  const done = destroyed.first.filter(({ destroyed_at }) => destroyed_at !== null).length;
  const standing = holds.first.filter(({ released_at }) => released_at === null).length;
  const past = expired.first.reduce((sum, row) => sum + Number(row.messages), 0);
  return {
    title: 'Retention, holds and destruction',
    question:
      'What is kept for how long, what must not be deleted, and what was destroyed, by which two people?',
    answers: [
      `${counted(done, 'conversation was', 'conversations were')} destroyed by two people; ${counted(destroyed.total - done, 'request waits or lapsed', 'requests wait or lapsed')} without a second one.`,
      `${counted(holds.total, 'hold was', 'holds were')} placed until then, ${counted(standing, 'stands', 'stand')}.`,
      days === undefined
        ? 'The export does not say how many days messages are kept: give --retention-days to count what is past them.'
        : `Messages are kept ${count(days)} days unless their kind has days of its own: ${counted(past, 'message that the trail knows is', 'messages that the trail knows are')} older at the end of these days, and returned by no read unless a hold keeps them.`,
    ],
    sections: [
      {
        slug: 'destroyed',
        heading: 'Conversations destroyed, or asked to be',
        says: [
          'Destruction takes two people within a day. Its certificate, signed by KMS, says from when nothing opens what was there.',
        ],
        columns: [
          { of: 'conversation', label: 'Conversation', kind: 'id' },
          { of: 'asked_at', label: 'Asked (UTC)', kind: 'time' },
          { of: 'asked_by', label: 'Asked by', kind: 'person' },
          { of: 'destroyed_at', label: 'Destroyed (UTC)', kind: 'time' },
          { of: 'second_person', label: 'Second person', kind: 'person' },
        ],
        rows: destroyed,
        empty: 'Nothing was destroyed in these days, and nobody asked for it.',
      },
      {
        slug: 'holds',
        heading: 'Holds',
        says: [
          'Every hold until the last of these days, also those placed before. Its release takes two people.',
        ],
        columns: [
          { of: 'hold', label: 'Hold', kind: 'id' },
          { of: 'placed_at', label: 'Placed (UTC)', kind: 'time' },
          { of: 'placed_by', label: 'By', kind: 'person' },
          { of: 'release_asked_at', label: 'Release asked (UTC)', kind: 'time' },
          { of: 'released_at', label: 'Released (UTC)', kind: 'time' },
          { of: 'people_for_release', label: 'People for it', kind: 'count' },
        ],
        rows: holds,
        empty: 'There was no hold.',
      },
      {
        slug: 'expired',
        heading: 'Messages past their retention',
        says: ['By the month in which they were sent.'],
        chart: {
          title: 'Messages past their retention, by month',
          unit: 'messages',
          lies: 'upright',
          series: ['messages'],
          bars: expired.first.map((row) => ({ label: String(row.one_month), parts: [Number(row.messages)] })),
        },
        columns: [
          { of: 'one_month', label: 'Month', kind: 'text' },
          { of: 'messages', label: 'Messages', kind: 'count' },
          { of: 'conversations', label: 'Conversations', kind: 'count' },
        ],
        rows: expired,
        empty: 'No message in this trail is past its retention.',
      },
      {
        slug: 'acts',
        heading: 'Every act on what is kept',
        says: [],
        columns: [
          { of: 'moment', label: 'When (UTC)', kind: 'time' },
          { of: 'person', label: 'Who', kind: 'person' },
          { of: 'operation', label: 'Did', kind: 'text' },
          { of: 'object', label: 'To what', kind: 'id' },
          { of: 'outcome', label: 'Allowed?', kind: 'text' },
          { of: 'code', label: 'Refused as', kind: 'text' },
          { of: 'id', label: 'Record', kind: 'id' },
        ],
        rows: acts,
        empty: 'Nobody changed anything about what is kept.',
      },
    ],
    limits: [
      'The reason of a hold stands in no record; the application shows it. A change of days that became fewer is in force from its second person’s record on.',
      'Deletion of what has expired is carried out by DynamoDB’s time to live and leaves no record of ours.',
    ],
  };
}
